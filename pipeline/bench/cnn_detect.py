"""Row `cnn_detect`: dlib's CNN face detector on 640 x 480."""

from __future__ import annotations

import statistics
from functools import partial

from pipeline.bench import peer
from pipeline.bench.material import Material
from pipeline.bench.results import Figures
from pipeline.bench.scenes import door_scene, read_picture
from pipeline.bench.timing import in_turns
from pipeline.vision.arrays import UInt8Array
from pipeline.vision.engine import Engine
from pipeline.vision.geometry import Box

WIDTH, HEIGHT = 640, 480
PICTURES = 3
ROUNDS = 2
# The side of the network's window: the picture is looked at as it is, as upsample 0 does.
WINDOW_PX = 80
SAME_FACE_IOU = 0.8


def measure(material: Material) -> Figures:
    """The peer does not double the picture first, as it would by default: that takes it four times as long."""
    engine = material.engine("cnn")
    frames = [door_scene(read_picture(visit.path), WIDTH, HEIGHT) for visit in material.household.visits[-PICTURES:]]
    product_ms, against_ms, lowest = [], [], 1.0
    for frame in frames:
        times = in_turns(partial(_detect, engine, frame), partial(_locate, frame), rounds=ROUNDS, product_runs=3)
        product_ms.append(times[0])
        against_ms.append(times[1])
        lowest = min(lowest, _lowest_iou(_detect(engine, frame), _locate(frame)))
    further = {"lowest_iou": round(lowest, 3), "same_faces": lowest >= SAME_FACE_IOU}
    return Figures(statistics.median(product_ms), statistics.median(against_ms), "ms", further)


def _detect(engine: Engine, frame: UInt8Array) -> list[Box]:
    return [face.box.clipped(HEIGHT, WIDTH) for face in engine.detect(frame, WINDOW_PX)]


def _locate(frame: UInt8Array) -> list[Box]:
    return peer.locate(frame, model="cnn", upsample=0)


def _lowest_iou(product: list[Box], against: list[Box]) -> float:
    """The smallest overlap of any face of either with its best partner; 0 where one found more."""
    if len(product) != len(against):
        return 0.0
    return min((max(box.iou(other) for other in product) for box in against), default=1.0)
