"""exp, log, sin, cos and the others of real numbers are the C library's, float for float.

The interpreter calls the library of its machine. A sample of the floats is compared here; all of
them in five minutes, with the program that _build makes: `real_functions 1`.
"""

import functools
import platform
import subprocess
import tempfile
from pathlib import Path

import pytest

from qmcu.resources import kernel_directories

_SOURCE = Path(__file__).parents[1] / "support/real_functions.c"
# A prime: every exponent, and mantissas of every kind.
_STEP = 4099


@functools.cache
def _build() -> Path:
    program = Path(tempfile.mkdtemp(prefix="qmcu-real-")) / "real_functions"
    folder = kernel_directories()[0]
    flags = ["-std=c11", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror"]
    command = ["gcc", *flags, f"-I{folder}", str(_SOURCE), "-o", str(program), "-lm"]
    subprocess.run(command, check=True)
    return program


def _different(name: str) -> int:
    command = [str(_build()), str(_STEP), name]
    words = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
    assert words[0] == name and int(words[3]) > 1_000_000
    return int(words[1])


def _glibc() -> tuple[int, ...]:
    library, version = platform.libc_ver()
    if library != "glibc" or platform.machine() != "x86_64":
        pytest.skip("the interpreter's functions are those of glibc for x86-64")
    return tuple(int(part) for part in version.split(".")[:2])


@pytest.mark.parametrize("name", ["sqrt", "floor", "ceil"])
def test_what_every_machine_rounds_alike(name: str) -> None:
    assert _different(name) == 0


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos"])
def test_functions_computed_in_double(name: str) -> None:
    _glibc()
    assert _different(name) == 0


@pytest.mark.parametrize("name", ["expm1", "tanh"])
def test_functions_that_later_libraries_compute_otherwise(name: str) -> None:
    if _glibc() > (2, 40):
        pytest.skip("this library rounds them correctly")
    assert _different(name) == 0
