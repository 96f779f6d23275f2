"""Comparisons with controls: p-values of known draws, and the scores made of them."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="SciPy is not installed")
from scipy import stats

from qmcu.backdoor.detectors.significance import (
    ALPHA,
    LINE,
    Comparison,
    bonferroni,
    compare,
    compare_joint,
    compare_shares,
    deviations,
    is_near,
    strength,
)


def test_student_s_t_of_a_log_normal_size_is_uniform() -> None:
    rng = np.random.default_rng(1)
    found = [compare(float(np.exp(v[0])), np.exp(v[1:])) for v in rng.normal(3, 0.4, (2000, 13))]
    assert stats.kstest([f.p_value for f in found], "uniform").pvalue > 0.01
    ranks = np.bincount([f.above for f in found], minlength=13)
    assert stats.chisquare(ranks).pvalue > 0.01


def test_comparisons_at_the_edges() -> None:
    assert compare(0.0, np.zeros(5)).p_value == 1.0
    assert compare(1.0, np.full(5, 1.0)).z == pytest.approx(0.0)
    none = compare_shares(0.0, np.zeros(9), 50)
    assert none.z == 0 and none.ratio == 1 and none.p_value == pytest.approx(0.5)
    # Two of fifty where controls have none is no evidence; thirty of fifty is.
    assert compare_shares(0.04, np.zeros(9), 50).z < 3 < compare_shares(0.6, np.zeros(9), 50).z
    assert bonferroni([0.01, 0.5]) == 0.02 and bonferroni([]) == 1.0 and bonferroni([0.9] * 3) == 1


def test_a_score_is_a_corrected_p_value_in_deviations_and_has_to_be_material() -> None:
    assert deviations(ALPHA) == pytest.approx(LINE) and deviations(0.0) == pytest.approx(37, abs=1)
    sure = Comparison(3.0, 9.0, 1e-8, 0, 96)
    assert strength(sure, 10, 1.5) == pytest.approx(deviations(1e-7))
    assert strength(sure, 10, 1.5) > LINE
    # Significant, but a few percent more than the controls: never beyond the line.
    assert strength(Comparison(1.1, 9.0, 1e-8, 0, 96), 10, 1.5) < LINE / 2
    assert strength(Comparison(0.5, -9.0, 1.0, 96, 96), 10, 1.5) <= 0
    assert is_near(LINE) and is_near(0.7 * LINE) and not is_near(3 * LINE) and not is_near(0.0)


def test_statistics_that_agree_are_more_than_each_of_them() -> None:
    rng = np.random.default_rng(2)
    drawn = rng.normal(0, 1, (4, 33))
    drawn[:, 0] = 3.0
    assert compare_joint(drawn).z > 4.5
    found = [compare_joint(rng.normal(0, 1, (4, 49))).p_value for _ in range(400)]
    assert stats.kstest(found, "uniform").pvalue > 0.01
