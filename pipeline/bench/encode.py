"""Row `encode`: one face to one encoding."""

from __future__ import annotations

import numpy as np

from pipeline.bench import peer
from pipeline.bench.material import Material, surest_face
from pipeline.bench.results import Figures
from pipeline.bench.timing import elapsed_ms, in_turns

ROUNDS = 7
PRODUCT_RUNS = 5


def measure(material: Material) -> Figures:
    """Time the network on a face's chip against face_encodings on the same face, whose place both know.

    face_encodings finds the landmarks and cuts the chip as well; `with_alignment` times the product doing that, too.
    """
    engine = material.engine()
    picture, face = surest_face(engine, material.household.visits[0].path)
    chips = engine.chip(picture, face.box)[np.newaxis]

    def align_and_encode() -> None:
        engine.encode(engine.chip(picture, face.box)[np.newaxis])

    product_ms, against_ms = in_turns(
        lambda: engine.encode(chips),
        lambda: peer.encode(picture, [face.box]),
        rounds=ROUNDS,
        product_runs=PRODUCT_RUNS,
    )
    aligned_ms = float(np.median([elapsed_ms(align_and_encode) for _ in range(ROUNDS * PRODUCT_RUNS)]))
    difference = np.abs(engine.encode(chips)[0] - peer.encode(picture, [face.box])[0]).max()
    further = {
        "with_alignment_ms": round(aligned_ms, 2),
        "with_alignment_ratio": round(against_ms / aligned_ms, 2),
        "largest_difference": float(difference),
    }
    return Figures(product_ms, against_ms, "ms", further)
