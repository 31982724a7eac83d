"""What the two pickles may and may not be."""

import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from migration.legacy.caches import GLOBALS, MAX_FACES, read_cache
from migration.legacy.errors import SourceError
from migration.legacy.pickles import MAX_OPCODES, read_pickle
from tests.migration.houses import vector

CACHE: dict[str, Any] = {"encodings": [vector(1), vector(2)], "names": ["Sam Carter", "李小龙"]}


class Attack:
    """Pickles to a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def as_numpy_1(pickled: bytes) -> bytes:
    """Text protocols name modules on lines of their own, so that the names can be exchanged."""
    return pickled.replace(b"numpy._core", b"numpy.core")


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_is_read_exactly(protocol: int) -> None:
    cache = read_cache(pickle.dumps(CACHE, protocol=protocol))
    assert [face.name for face in cache.faces] == CACHE["names"]
    assert [face.encoding.tolist() for face in cache.faces] == [array.tolist() for array in CACHE["encodings"]]
    assert cache.refused == ()


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_files_of_numpy_1_are_read(protocol: int) -> None:
    content = as_numpy_1(pickle.dumps(CACHE, protocol=protocol))
    assert b"numpy.core.multiarray" in content
    assert len(read_cache(content).faces) == 2


def test_an_empty_cache_is_a_cache() -> None:
    assert read_cache(pickle.dumps({"encodings": [], "names": []})).faces == ()


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "attack",
    [
        Attack(eval, "open('/tmp/PWNED', 'w')"),
        Attack(np.load, "/tmp/x"),
        Attack(pickle.loads, b"x"),
        Attack(getattr, "x", "upper"),
        Attack(bytearray, 10**12),
    ],
)
def test_a_pickle_that_calls_anything_else_is_refused(attack: Attack, protocol: int) -> None:
    with pytest.raises(SourceError, match="refused: it calls"):
        read_cache(pickle.dumps({"encodings": [attack], "names": ["x"]}, protocol=protocol))


def test_a_call_inside_numpy_is_refused() -> None:
    with pytest.raises(SourceError, match=r"refused: it calls 'numpy.testing._private.utils.runstring'"):
        read_cache(b"cnumpy.testing._private.utils\nrunstring\n(Vopen('/tmp/PWNED','w')\n(dtR.")


def test_a_name_that_only_begins_like_an_allowed_one_is_refused() -> None:
    with pytest.raises(SourceError, match=r"refused: it calls 'numpy\.dtypes'"):
        read_cache(b"cnumpy\ndtypes\n)R.")


@pytest.mark.parametrize(
    ("content", "instruction"),
    [
        (b"Ppersistent\n.", "PERSID"),
        (b"(ios\nsystem\n.", "INST"),
        (b"\x80\x02\x82\x01.", "EXT1"),
        (b"\x80\x02]]\x81.", "NEWOBJ"),
        (b"\x80\x05\x97.", "NEXT_BUFFER"),
        (b"\x80\x04\x8f.", "EMPTY_SET"),
    ],
)
def test_instructions_that_no_cache_needs_are_refused(content: bytes, instruction: str) -> None:
    with pytest.raises(SourceError, match=f"the pickle instruction {instruction}, which no such file needs"):
        read_cache(content)


def test_a_memo_number_allocates_nothing() -> None:
    # Python's own unpickler would allocate and clear 32 GB for it.
    content = b"\x80\x04]r" + struct.pack("<I", 0x7FFFFFFF) + b"."
    assert read_pickle(content, GLOBALS) == []


def test_the_functions_that_may_be_called_cannot_be_changed() -> None:
    content = b"\x80\x04cnumpy\ndtype\n}X\x04\x00\x00\x00nameX\x01\x00\x00\x00xsb."
    with pytest.raises(SourceError, match="not a readable pickle"):
        read_cache(content)


def test_a_deeply_nested_key_is_not_hashed() -> None:
    content = b"\x80\x02})" + b"\x85" * 200_000 + b"Ns."
    with pytest.raises(SourceError, match="a key is no text"):
        read_cache(content)


def test_too_many_instructions_are_refused() -> None:
    with pytest.raises(SourceError, match=f"more than {MAX_OPCODES:,} pickle instructions"):
        read_cache(b"\x80\x02" + b"N" * MAX_OPCODES + b".")


def test_a_huge_array_without_its_bytes_is_refused() -> None:
    array = np.zeros(128)
    content = pickle.dumps({"encodings": [array], "names": ["x"]}, protocol=2)
    huge = content.replace(b"K\x01K\x80\x85", b"K\x01\x8a\x05\x00\x00\x00\x00\x01\x85")
    assert huge != content
    with pytest.raises(SourceError, match="does not have the shape that its bytes have"):
        read_cache(huge)


@pytest.mark.parametrize("cut", [0, 1, 10, 500, -1])
def test_a_cut_off_file_is_refused(cut: int) -> None:
    with pytest.raises(SourceError):
        read_cache(pickle.dumps(CACHE)[:cut])


def test_any_flipped_byte_is_survived() -> None:
    content = pickle.dumps(CACHE)
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        try:
            read_cache(bytes(damaged))
        except SourceError:
            continue


def test_names_and_encodings_of_different_number_are_not_guessed() -> None:
    with pytest.raises(SourceError, match="3 encodings but 2 names: which belongs to which is not known"):
        read_cache(pickle.dumps({"encodings": [vector(1)] * 3, "names": ["a", "b"]}))


@pytest.mark.parametrize("value", [[], {}, {"encodings": []}, {"encodings": [], "names": [], "more": 1}, None])
def test_another_structure_is_no_cache(value: Any) -> None:
    with pytest.raises(SourceError, match="not a cache"):
        read_cache(pickle.dumps(value))


@pytest.mark.parametrize(
    ("encoding", "reason"),
    [
        (np.zeros(64), "an encoding has 128 numbers, this one has 64"),
        (np.full(128, np.nan), "not one of a face"),
        (np.full(128, np.inf), "not one of a face"),
        (np.zeros(128), "not one of a face"),
        ("text", "its encoding is no array"),
    ],
)
def test_a_single_bad_entry_is_left_out(encoding: Any, reason: str) -> None:
    cache = read_cache(pickle.dumps({"encodings": [vector(1), encoding], "names": ["good", "bad"]}))
    assert [face.name for face in cache.faces] == ["good"]
    assert len(cache.refused) == 1
    assert cache.refused[0].startswith("entry 1: ")
    assert reason in cache.refused[0]


@pytest.mark.parametrize("encoding", [vector(1).astype(np.float32), np.array([object()] * 128)])
def test_arrays_of_another_kind_refuse_the_file(encoding: Any) -> None:
    with pytest.raises(SourceError):
        read_cache(pickle.dumps({"encodings": [encoding], "names": ["x"]}))


def test_the_known_cache_of_the_broken_installation_is_not_run(broken: Any) -> None:
    content = Path(broken.root / "data/known_faces_cache.pkl").read_bytes()
    with pytest.raises(SourceError, match=r"refused: it calls 'posix\.system'; a malicious or foreign file"):
        read_cache(content)


def test_more_faces_than_a_household_knows_are_refused() -> None:
    encodings = [vector(1)] * (MAX_FACES + 1)
    with pytest.raises(SourceError, match="5,001 faces are more than any household knows; the limit is 5,000"):
        read_cache(pickle.dumps({"encodings": encodings, "names": ["x"] * len(encodings)}))


def test_half_a_character_in_a_name_ends_nothing() -> None:
    (face,) = read_cache(pickle.dumps({"encodings": [vector(1)], "names": ["\ud800"]})).faces
    assert face.name == "\ud800"
