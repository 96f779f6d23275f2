"""GELU of real numbers, in double and rounded to float32 once: the device's operations, in order.

x times the normal distribution below x, by erfc as W. J. Cody approximates it (Rational Chebyshev
approximations for the error function, Math. Comp. 23, 1969); with `approximate` by a sigmoid, which
is the tanh form (Hendrycks and Gimpel 2016) exactly.
"""

from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt

from qmcu.types import Array

Doubles = npt.NDArray[np.float64]
# Numerators and denominators from the highest power on; ranges end at 15/32 and 4.
CENTRE = (
    (0.185777706184603153, 3.16112374387056560, 113.864154151050156, 377.485237685302021,
     3209.37758913846947),
    (1.0, 23.6012909523441209, 244.024637934444173, 1282.61652607737228, 2844.23683343917062),
)  # fmt: skip
MIDDLE = (
    (2.15311535474403846e-8, 0.564188496988670089, 8.88314979438837594, 66.1191906371416295,
     298.635138197400131, 881.952221241769090, 1712.04761263407058, 2051.07837782607147,
     1230.33935479799725),
    (1.0, 15.7449261107098347, 117.693950891312499, 537.181101862009858, 1621.38957456669019,
     3290.79923573345963, 4362.61909014324716, 3439.36767414372164, 1230.33935480374942),
)  # fmt: skip
FAR = (
    (0.0163153871373020978, 0.305326634961232344, 0.360344899949804439, 0.125781726111229246,
     0.0160837851487422766, 0.000658749161529837803),
    (1.0, 2.56852019228982242, 1.87295284992346047, 0.527905102951428412, 0.0605183413124413191,
     0.00233520497626869185),
)  # fmt: skip
INVERSE_ROOT_OF_PI, HALF_ROOT = 0.56418958354775628695, 0.70710678118654752440
# Of the tanh form: -2 sqrt(2 / pi), and what its cube is times.
SLOPE, CUBIC = -1.59576912160573081, 0.044715
_LEAST, _MOST = -708.0, 709.0


def _powers() -> Doubles:
    """2^(i / 32), correctly rounded."""
    with localcontext() as context:
        context.prec = 60
        return np.array([float(Decimal(2) ** (Decimal(i) / 32)) for i in range(32)])


_POWERS = _powers()


def _exp(value: Doubles) -> Doubles:
    """firmware/kernels/portable/wide_exponential.h."""
    inside = np.clip(value, _LEAST, _MOST)
    big = float.fromhex("0x1.8p52")
    whole = (float.fromhex("0x1.71547652b82fep5") * inside + big) - big
    high, low = float.fromhex("0x1.62e42feep-6"), float.fromhex("0x1.a39ef35793c76p-38")
    r = (inside - whole * high) - whole * low
    rest = 1 / 24 + r * (1 / 120 + r * (1 / 720))
    series = r + r * r * (0.5 + r * (1 / 6 + r * rest))
    k = whole.astype(np.int64)
    power = np.ldexp(_POWERS[k % 32], k // 32)
    found = power + power * series
    return np.where(value < _LEAST, 0.0, np.where(value > _MOST, np.inf, found))


def _quotient(z: Doubles, terms: tuple[tuple[float, ...], tuple[float, ...]]) -> Doubles:
    sums = []
    for row in terms:
        total = np.full_like(z, row[0])
        for term in row[1:]:
            total = total * z + term
        sums.append(total)
    return sums[0] / sums[1]


def _below(x: Doubles) -> Doubles:
    """The share of the normal distribution below x."""
    z = np.abs(x) * HALF_ROOT
    near = np.minimum(z, 0.5)
    centre = near * _quotient(near * near, CENTRE)
    middle = np.clip(z, 0.4, 4.0)
    far = np.maximum(z, 4.0)
    inverse = 1.0 / (far * far)
    tail = np.where(
        z <= 4.0,
        _quotient(middle, MIDDLE),
        (INVERSE_ROOT_OF_PI - inverse * _quotient(inverse, FAR)) / far,
    )
    tail = 0.5 * (_exp(-(z * z)) * tail)
    outside = np.where(x > 0, 1.0 - tail, tail)
    return np.where(z <= 0.46875, 0.5 + np.where(x < 0, -0.5 * centre, 0.5 * centre), outside)


def gelu(values: Array, *, approximate: bool) -> Array:
    """GELU of float32; NaN for what is none."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        x = values.astype(np.float64)
        x = np.where(np.isnan(x), 0.0, x)
        if approximate:
            found = x / (1.0 + _exp(SLOPE * (x + CUBIC * (x * x * x))))
        else:
            found = x * _below(x)
        # 0 times infinity: what is far below gives nothing.
        found = np.where(np.isneginf(x), -0.0, found)
        return np.where(np.isnan(values), np.float32("nan"), found.astype(np.float32))
