"""Intervals of counts and AUROCs against known values."""

import pytest

pytest.importorskip("scipy", reason="SciPy is not installed")
from bench.backdoor.intervals import auroc, auroc_interval, clopper_pearson


def test_exact_intervals() -> None:
    for count, total, ends in (
        (0, 30, (0, 0.1157)),
        (30, 30, (0.8843, 1)),
        (4, 40, (0.0279, 0.2366)),
    ):
        assert clopper_pearson(count, total) == pytest.approx(ends, abs=1e-4)
    for wrong in ((1, 0), (-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="no share"):
            clopper_pearson(*wrong)


def test_an_auroc_is_surrounded_and_complete_separation_is_not_certainty() -> None:
    honest, attacked = [0.1, 0.2, 0.3, 0.4, 0.5], [0.35, 0.6, 0.7, 0.8]
    low, high = auroc_interval(honest, attacked)
    assert low < auroc(honest, attacked) == 0.9 < high <= 1
    assert auroc_interval([0.1] * 5, [1.0] * 30) == (clopper_pearson(5, 5)[0], 1.0)
    assert auroc_interval([1.0] * 5, [0.1] * 30) == (0.0, clopper_pearson(0, 5)[1])
