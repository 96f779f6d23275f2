"""QUANTIZE and DEQUANTIZE of cores without floating point, on this computer, against float32."""

import ctypes
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from qmcu.compile.kernel_sets.scalar.reals import _BIAS, reciprocal
from qmcu.resources import kernel_directories

KERNELS = ("quantize_f32_s8_scalar", "dequantize_s8_f32_scalar")
SCALES = (1 / 255, 1 / 256, 0.5, 2.0**-50, 2.0**50, 0.0235, 3.7e-5, 913.0)
Floats = npt.NDArray[np.float32]


class Quantize(ctypes.Structure):
    """qmcu_quantize_f32_s8_scalar_params."""

    _fields_ = (
        ("size", ctypes.c_int32), ("scale", ctypes.c_float), ("zero_point", ctypes.c_int32),
        ("reciprocal", ctypes.c_uint32), ("exponent", ctypes.c_int32),
    )  # fmt: skip


class Dequantize(ctypes.Structure):
    """qmcu_dequantize_s8_f32_params."""

    _fields_ = (
        ("size", ctypes.c_int32), ("scale", ctypes.c_float), ("zero_point", ctypes.c_int32),
    )  # fmt: skip


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler is installed")
    folders = kernel_directories()
    sources = [str(f / f"{name}.c") for name in KERNELS for f in folders
               if (f / f"{name}.c").is_file()]  # fmt: skip
    result: Path = tmp_path_factory.mktemp("reals") / "reals.so"
    flags = ["-std=c11", "-O2", "-ffp-contract=off", "-shared", "-fPIC"]
    command = [compiler, *flags, *(f"-I{f}" for f in folders), *sources, "-o", str(result)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(result))


def at(array: npt.NDArray[np.generic]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def inputs(rng: np.random.Generator, scale: float) -> Floats:
    """On ties and next to them, beyond the range, of any bits, NaN and infinities."""
    steps = rng.integers(-260, 260, 4000) + rng.choice([0, 0.25, 0.5, 0.5], 4000)
    near = (steps * scale).astype(np.float32)
    near = (near.view(np.int32) + rng.integers(-3, 4, 4000) * (near != 0)).astype(np.int32)
    any_bits = rng.integers(0, 2**32, 2000, dtype=np.uint32)
    special = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1e-40, 3e38, -3e38], np.float32)
    return np.concatenate([near.view(np.float32), any_bits.view(np.float32), special])


@pytest.mark.parametrize("scale", SCALES)
def test_integers_round_as_floats_do(library: ctypes.CDLL, scale: float) -> None:
    rng = np.random.default_rng(7)
    scale = float(np.float32(scale))
    number, power = reciprocal(Fraction(scale))
    assert 1 << 31 <= number < 1 << 32
    for zero_point in (-128, 3, 127):
        values = inputs(rng, scale)
        with np.errstate(all="ignore"):
            quotients = values / np.float32(scale)
        low, high = -128 - zero_point, 127 - zero_point
        within = np.where(np.isnan(quotients), low, np.clip(quotients, low, high))
        within = within.astype(np.float64)
        wanted = np.trunc(within + np.copysign(0.5, within)) + zero_point
        found = np.zeros(len(values), np.int8)
        fields = Quantize(len(values), scale, zero_point, number, power + _BIAS)
        library.qmcu_quantize_f32_s8_scalar(ctypes.byref(fields), at(values), at(found))
        assert found.tolist() == wanted.tolist()

        all_bytes = np.arange(-128, 128).astype(np.int8)
        real = np.zeros(256, np.float32)
        back = Dequantize(256, scale, zero_point)
        library.qmcu_dequantize_s8_f32_scalar(ctypes.byref(back), at(all_bytes), at(real))
        exact = np.float32(scale) * (all_bytes.astype(np.int32) - zero_point).astype(np.float32)
        assert real.view(np.int32).tolist() == exact.view(np.int32).tolist()
