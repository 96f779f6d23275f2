"""Numbers as text: compiled for this machine and set against Python."""

import ctypes
import shutil
import subprocess
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qmcu.resources import firmware_directory

PORT = """
#include "port.h"
char sent[64];
unsigned used;
void qmcu_port_write(uint8_t byte) { sent[used++] = (char)byte; sent[used] = 0; }
"""
LARGEST = float(2**52)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler for this machine (cc)")
    folder = tmp_path_factory.mktemp("text")
    (folder / "port.c").write_text(PORT)
    firmware = firmware_directory()
    sources = [firmware / "protocols/mlperf_tiny/text.c", folder / "port.c"]
    output = folder / "text.so"
    include = f"-I{firmware / 'runtime'}"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-O1", include]
    subprocess.run([compiler, *flags, *sources, "-o", output], check=True)
    return ctypes.CDLL(str(output))


@pytest.fixture(scope="module")
def printed(library: ctypes.CDLL) -> Callable[[str, object], str]:
    def call(function: str, value: object) -> str:
        ctypes.c_uint.in_dll(library, "used").value = 0
        getattr(library, function)(value)
        return (ctypes.c_char * 64).in_dll(library, "sent").value.decode()

    return call


@given(st.floats(-LARGEST, LARGEST, width=32))
@settings(deadline=None, max_examples=500)
def test_thousandths_are_those_of_printf(
    printed: Callable[[str, object], str], value: float
) -> None:
    assert printed("qmcu_put_thousandths", ctypes.c_float(value)) == f"{value:.3f}"


@pytest.mark.parametrize("value", [0.0, -0.0, 0.0005, 0.0625, 0.0625 * 3, 1.0, 0.9995, 0.99951])
def test_halves_go_to_even(printed: Callable[[str, object], str], value: float) -> None:
    single = float(np.float32(value))
    assert printed("qmcu_put_thousandths", ctypes.c_float(single)) == f"{single:.3f}"


@given(st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_numbers(printed: Callable[[str, object], str], value: int) -> None:
    assert printed("qmcu_put_number", ctypes.c_uint64(value)) == str(value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", 0), ("7", 7), ("999999999", 999999999)),
        *(("1000000000", None), ("", None), ("-1", None), ("1 ", None), ("0x1", None)),
    ],
)
def test_a_number_is_digits_and_nothing_else(
    library: ctypes.CDLL, text: str, number: int | None
) -> None:
    value = ctypes.c_uint32()
    parse = library.qmcu_parse_number
    parse.restype = ctypes.c_bool
    good = parse(text.encode(), ctypes.byref(value))
    assert (value.value if good else None) == number


def test_hexadecimal_digits(library: ctypes.CDLL) -> None:
    digits = {chr(c): library.qmcu_parse_hex_digit(ctypes.c_char(c)) for c in range(1, 128)}
    assert {c: v for c, v in digits.items() if v >= 0} == {
        c: int(c, 16) for c in "0123456789abcdefABCDEF"
    }
