"""Rows `match_10k` and `match_1m`: the nearest of many encodings."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from functools import partial

import numpy as np
import psutil

from pipeline.bench import peer
from pipeline.bench.errors import BenchError
from pipeline.bench.material import Material
from pipeline.bench.results import Figures
from pipeline.bench.timing import elapsed_ms, in_turns
from pipeline.vision.arrays import Float32Array
from pipeline.vision.matching import Gallery

# Encodings of people are about this long; their numbers scatter about nothing in particular.
LENGTH = 1.4
ROUNDS = 5
PRODUCT_RUNS = 4
# The peer's numbers as a list, the matrix that it makes of it, the differences and their squares; measured: 5,800.
PEER_BYTES_PER_ENCODING = 6_000


def measure_10k(_material: Material) -> Figures:
    return _measure(10_000)


def measure_1m(_material: Material) -> Figures:
    return _measure(1_000_000)


def _measure(count: int) -> Figures:
    """face_distance gets the same encodings as one float64 array: face_encodings returns float64.

    Beside it: on a list of them, as most of its users have it, and on the product's own float32 matrix, which none of
    the peer's functions makes.
    """
    _check_memory(count)
    random = np.random.default_rng(128)
    encodings = random.standard_normal((count, 128), np.float32)
    encodings *= LENGTH / np.linalg.norm(encodings, axis=1, keepdims=True)
    query = encodings[count // 3] + random.normal(0, 0.02, 128).astype(np.float32)
    gallery = Gallery(encodings, np.arange(count), np.zeros(count, np.bool_))
    known, query64 = encodings.astype(np.float64), query.astype(np.float64)
    search = partial(_search, gallery, query)
    ask = partial(peer.nearest, known, query64)
    product_ms, against_ms = in_turns(search, ask, rounds=ROUNDS, product_runs=PRODUCT_RUNS)
    on_list_ms = _median_ms(partial(peer.nearest, list(known), query64))
    del known
    on_float32_ms = _median_ms(partial(peer.nearest, encodings, query))
    further = {
        "same_answer": search() == count // 3,
        "on_a_list_ms": round(on_list_ms, 3),
        "on_float32_ms": round(on_float32_ms, 3),
        "on_float32_ratio": round(on_float32_ms / product_ms, 2),
    }
    return Figures(product_ms, against_ms, "ms", further)


def _median_ms(work: Callable[[], object]) -> float:
    return statistics.median(elapsed_ms(work) for _ in range(ROUNDS))


def _check_memory(count: int) -> None:
    free, needed = psutil.virtual_memory().available, count * PEER_BYTES_PER_ENCODING
    if free < needed:
        raise BenchError(f"comparing {count:,} encodings takes face_distance {needed >> 20} MiB; {free >> 20} are free")


def _search(gallery: Gallery, query: Float32Array) -> int | None:
    nearest = gallery.nearest(query[np.newaxis])[0].nearest
    return nearest.person_id if nearest else None
