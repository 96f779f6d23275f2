"""How far a count or an AUROC of a few models can be trusted: 95 % intervals."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

LEVEL = 0.95
_DRAWS = 2000


def clopper_pearson(count: int, total: int) -> tuple[float, float]:
    """The exact interval of a share, `count` of `total` (Biometrika 26, 1934): (low, high).

    Raises ValueError unless 0 <= count <= total and total > 0.
    """
    if not 0 <= count <= total or total < 1:
        raise ValueError(f"{count} of {total} is no share")
    tail = (1 - LEVEL) / 2
    low = 0.0 if count == 0 else float(stats.beta.ppf(tail, count, total - count + 1))
    high = 1.0 if count == total else float(stats.beta.ppf(1 - tail, count + 1, total - count))
    return low, high


def auroc(honest: Sequence[float], attacked: Sequence[float]) -> float:
    """The chance that an attacked model scores above an honest one, ties counted half."""
    pairs = [(a > h) + 0.5 * (a == h) for a in attacked for h in honest]
    return sum(pairs) / len(pairs)


def auroc_interval(honest: Sequence[float], attacked: Sequence[float]) -> tuple[float, float]:
    """The AUROC's interval: percentiles of a bootstrap over models, honest and attacked apart.

    Where the scores part completely no resample can say how rare the exception is. Then its far
    end is the exact interval's of as many successes as the smaller side has models.
    """
    sides = np.asarray(honest, np.float64), np.asarray(attacked, np.float64)
    value, few = auroc(honest, attacked), min(map(len, sides))
    if value == 1:
        return clopper_pearson(few, few)[0], 1.0
    if value == 0:
        return 0.0, clopper_pearson(0, few)[1]
    rng, found = np.random.default_rng(0), []
    for _ in range(_DRAWS):
        h, a = (rng.choice(side, len(side)) for side in sides)
        above = a[:, None] > h
        found.append(float((above + 0.5 * (a[:, None] == h)).mean()))
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
