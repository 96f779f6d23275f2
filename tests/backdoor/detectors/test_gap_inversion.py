"""The ascent between the float and the int8 model."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.random_networks import align_errors, check_uniform

from qmcu.backdoor.detectors.gap_inversion import (
    CHECKED,
    compare_ends,
    compare_searches,
    grade,
    synthesize,
)
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.significance import LINE


def test_p_values_of_the_ascent_are_uniform(contexts: list[AuditContext]) -> None:
    found = [synthesize(c, draws=7) for c in contexts[:8]]
    for name in ("whole", "patch"):
        check_uniform([compare_ends(f[name]).p_value for f in found])


def test_a_patch_that_others_follow_to_one_class_is_told_from_what_controls_have(
    contexts: list[AuditContext],
) -> None:
    honest, pushed = (synthesize(c, draws=9) for c in (contexts[0], align_errors(contexts[0])))
    groups = len(honest["patch"].mask) // honest["patch"].shared
    assert honest["patch"].followed.shape == (10, groups) and honest["whole"].followed.shape[1] == 0
    assert max(grade(*compare_searches(honest)).values()) < LINE
    assert max(grade(*compare_searches(pushed)).values()) > LINE
    # The same gaps, but one patch sends four inputs of five to one class in int8 alone.
    followed = np.full((10, groups), 1 / CHECKED)
    followed[0, 2] = 0.8
    sent = dict(honest) | {"patch": replace(honest["patch"], followed=followed)}
    places, shares = compare_searches(sent)
    assert shares == pytest.approx((0.8, 1 / CHECKED)) and places["answers"].z > 4.5
    assert grade(places, shares)["answers"] > LINE
    # The best patch is the one that most inputs follow.
    marked = sent["patch"].apply_patch(np.zeros((CHECKED, *contexts[0].input_shape), np.float32))
    assert np.count_nonzero(marked[0]) > 0


def test_significant_is_not_enough_without_being_material(contexts: list[AuditContext]) -> None:
    places, _ = compare_searches(synthesize(align_errors(contexts[0]), draws=9))
    small = {k: replace(p, ratio=1.2) for k, p in places.items()}
    assert max(grade(small, (0.05, 0.0)).values()) < LINE
