"""Functions of one int8 number that LiteRT has and tflite-micro lacks, as 256 results.

LiteRT's reference kernels compute in float32: the number by its scale, the function, the output's
integer. EXP, GELU and LOG make a table so and round half away from zero (`LUTPopulate`); SQRT
computes each element and cuts off. Functions are exact to a float32 here, as its C library's
nearly are.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from qmcu.model.graph import Operator, Quantization

Reals = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
_BYTES: Integers = np.arange(-128, 128, dtype=np.int64)
_HALF, _ONE = np.float32(0.5), np.float32(1)
# Far beyond a byte; what does not fit an int saturates, infinities too.
_FAR = 2.0**24


def _exp(operator: Operator, values: Reals, least: np.float32) -> Reals:
    with np.errstate(over="ignore"):
        return np.exp(values.astype(np.float64)).astype(np.float32)


def _log(operator: Operator, values: Reals, least: np.float32) -> Reals:
    """The least output for what has no logarithm."""
    known = values > 0
    logs = np.log(np.where(known, values, 1).astype(np.float64)).astype(np.float32)
    return np.where(known, logs, least)


def _sqrt(operator: Operator, values: Reals, least: np.float32) -> Reals:
    """0 for negative numbers, where LiteRT fails."""
    return np.sqrt(np.maximum(values, np.float32(0)))


def _gelu(operator: Operator, values: Reals, least: np.float32) -> Reals:
    """x Phi(x), or with `approximate` by tanh (Hendrycks and Gimpel, 2016, section 2)."""
    if operator.options.get("approximate", False):
        cubic = values + np.float32(0.044715) * values * values * values
        inner = np.float32(math.sqrt(2 / math.pi)) * cubic
        return _HALF * values * (_ONE + np.tanh(inner.astype(np.float64)).astype(np.float32))
    inner = values * np.float32(-math.sqrt(0.5))
    return _HALF * values * np.array([math.erfc(x) for x in inner.tolist()], np.float32)


BYTE_FUNCTIONS: Mapping[str, Callable[[Operator, Reals, np.float32], Reals]] = {
    "EXP": _exp,
    "GELU": _gelu,
    "LOG": _log,
    "SQRT": _sqrt,
}


def byte_function(operator: Operator, source: Quantization, target: Quantization) -> Integers:
    """The operator's results, int64[256], for the bytes -128 to 127.

    Raises KeyError for a kind that is not in BYTE_FUNCTIONS.
    """
    scale = np.float32(target.scale)
    least = np.float32(-128 - target.zero_point) * scale
    values = np.float32(source.scale) * (_BYTES - source.zero_point).astype(np.float32)
    results = BYTE_FUNCTIONS[operator.kind](operator, values, least)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if operator.kind == "SQRT":
            steps = np.trunc(np.clip((results / scale).astype(np.float64), -_FAR, _FAR))
        else:
            fine = np.clip((results * (_ONE / scale)).astype(np.float64), -_FAR, _FAR)
            steps = np.sign(fine) * np.floor(np.abs(fine) + 0.5)
    return np.clip(np.nan_to_num(steps).astype(np.int64) + target.zero_point, -128, 127)
