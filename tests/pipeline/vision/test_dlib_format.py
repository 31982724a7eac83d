import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.vision.dlib_format import DlibReader
from pipeline.vision.errors import ModelError


def written_int(value: int) -> bytes:
    size = max((abs(value).bit_length() + 7) // 8, 1)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def written_tensor(shape: tuple[int, ...], values: list[float]) -> bytes:
    return written_int(2) + b"".join(map(written_int, shape)) + struct.pack(f"<{len(values)}f", *values)


def reader(content: bytes) -> DlibReader:
    return DlibReader(content, "some.dat")


@given(st.integers(min_value=-(2**63), max_value=2**63))
def test_integers_of_any_size_and_sign_are_read(value: int) -> None:
    stream = reader(written_int(value))
    assert stream.integer() == value
    stream.finish()


@pytest.mark.parametrize("value", [0.0, 1.0, -0.5, 122.782, 1e-300])
def test_floats_are_mantissa_and_exponent(value: float) -> None:
    mantissa, exponent = math.frexp(value)
    assert reader(written_int(int(mantissa * 2**53)) + written_int(exponent - 53)).number() == value


def test_infinities_have_exponents_of_their_own() -> None:
    assert reader(written_int(0) + written_int(32000)).number() == math.inf
    assert reader(written_int(0) + written_int(32001)).number() == -math.inf


def test_booleans_and_strings_are_read() -> None:
    stream = reader(b"10" + written_int(5) + b"relu_")
    assert [stream.boolean(), stream.boolean(), stream.string()] == [True, False, "relu_"]


def test_a_tensor_is_read_with_its_four_sizes() -> None:
    tensor = reader(written_tensor((1, 2, 1, 2), [1, 2, 3, 4])).tensor()
    assert tensor.shape == (1, 2, 1, 2)
    assert np.array_equal(tensor.ravel(), [1, 2, 3, 4])


def test_an_alias_tensor_has_a_shape_and_no_values() -> None:
    assert reader(b"".join(map(written_int, (1, 3, 2, 1, 1)))).alias().size == 6


@pytest.mark.parametrize(
    ("content", "method", "reason"),
    [
        (b"", "integer", "1 bytes wanted, 0 left"),
        (b"\x04\x01", "integer", "4 bytes wanted, 1 left"),
        (b"\x00", "integer", "0x00 does not start an integer"),
        (b"\x09" + b"\x01" * 9, "integer", "0x09 does not start an integer"),
        (b"\x51\x01", "integer", "0x51 does not start an integer"),
        (written_int(-1), "size", "a negative size, -1"),
        (written_int(1) + written_int(2**40), "number", "an exponent of 1099511627776"),
        (b"x", "boolean", "b'x' is neither 0 nor 1"),
        (written_int(2**60), "string", "a name of 1152921504606846976 bytes"),
        (written_int(2) + b"\xff\xff", "string", "a name that is not ASCII"),
        (written_int(1), "tensor", "tensor of version 1, not 2"),
        (written_tensor((2**31, 2**31, 3, 3), []), "tensor", "bytes wanted, 0 left"),
        (written_int(7), "alias", "alias tensor of version 7, not 1"),
    ],
)
def test_bytes_that_do_not_fit_are_refused_with_their_place(content: bytes, method: str, reason: str) -> None:
    with pytest.raises(ModelError) as refused:
        getattr(reader(content), method)()
    assert reason in str(refused.value)
    assert str(refused.value).startswith("some.dat is not a model that can be read (byte ")


def test_a_zero_among_huge_sizes_is_an_empty_tensor() -> None:
    assert reader(written_tensor((2**62, 0, 2**62, 2**62), [])).tensor().size == 0


def test_bytes_left_over_are_refused() -> None:
    stream = reader(written_int(3) + b"more")
    stream.integer()
    with pytest.raises(ModelError, match="4 bytes left over"):
        stream.finish()
