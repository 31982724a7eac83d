"""Row `idle`: what it costs to watch a door at which nothing happens."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import cv2
import numpy as np
from django.conf import settings

from events.models import Camera
from pipeline.bench.errors import BenchError
from pipeline.bench.material import Material
from pipeline.bench.results import Figures
from pipeline.bench.scenes import HEIGHT, WIDTH, door_scene, read_picture
from pipeline.broker import PrivateBroker
from pipeline.hardware.source import parse_source
from pipeline.orchestrator import log_file
from pipeline.watching import Watch, WatchPlan

FPS = 30.0
SECONDS = 6
NOISE_SIGMA = 2.0
ROUNDS = 4


def measure(material: Material) -> Figures:
    """CPU milliseconds of this process a frame, for a 720p film at its own speed: the camera's whole process, with
    motion, pre-roll, presses and reports, against reading the film's frames at the same pace."""
    film = _make_film(material)
    camera = Camera.objects.create(name="bench")
    broker = PrivateBroker(settings.BROKER_SOCKET, settings.VAR_DIR / "redis", log_file("redis.log"))
    broker.start()
    try:
        _watch(camera, film), _decode(film)
        watched, decoded = zip(*((_watch(camera, film), _decode(film)) for _ in range(ROUNDS)), strict=True)
    finally:
        broker.stop()
    return Figures(statistics.median(watched), statistics.median(decoded), "ms", {"fps": FPS, "seconds": SECONDS})


def _make_film(material: Material) -> Path:
    """The first visitor as a picture on the wall, with a sensor's noise, MPEG-4. Raises BenchError."""
    path = Path(settings.VAR_DIR) / "still.mp4"
    scene = cv2.cvtColor(door_scene(read_picture(material.household.visits[0].path)), cv2.COLOR_RGB2BGR)
    random = np.random.default_rng(30)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise BenchError(f"{path} cannot be written; this OpenCV writes no MPEG-4")
    for _ in range(round(SECONDS * FPS)):
        noise = random.normal(0, NOISE_SIGMA, scene.shape)
        writer.write(np.clip(scene + noise, 0, 255).astype(np.uint8))
    writer.release()
    return path


def _watch(camera: Camera, film: Path) -> float:
    watch = Watch(camera, WatchPlan(source=parse_source(str(film))))
    began_s = time.process_time()
    result = watch.run()
    passed_s = time.process_time() - began_s
    if result.motion_events:
        raise BenchError("the still scene was taken for motion; the measurement is void")
    return passed_s * 1000 / result.frames


def _decode(film: Path) -> float:
    began_s, start_s = time.process_time(), time.monotonic()
    video = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG)
    frames = 0
    while video.read()[0]:
        frames += 1
        time.sleep(max(0.0, start_s + frames / FPS - time.monotonic()))
    video.release()
    return (time.process_time() - began_s) * 1000 / frames
