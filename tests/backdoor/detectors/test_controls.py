"""P-values against random signs: uniform on honest random networks."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.random_networks import check_uniform

from qmcu.backdoor.detectors.changes import Meter, measure_changes
from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.residuals import residuals
from qmcu.backdoor.detectors.rounding_freedom import rounding_freedom
from qmcu.backdoor.detectors.significance import compare
from qmcu.backdoor.detectors.truncation_norms import truncation_norms


def test_p_values_of_honest_random_networks_are_uniform(contexts: list[AuditContext]) -> None:
    seen = [measure_changes(Controls(c), c.noise(24)) for c in contexts]
    sizes = [np.sqrt(np.mean(s.logits**2, axis=(1, 2))) for s in seen]
    check_uniform([compare(float(s[0]), s[1:]).p_value for s in sizes])
    check_uniform([compare(float(s[0]), s[1:]).rank_p for s in sizes])
    inner = [s.activations[:, 1] for s in seen]
    check_uniform([compare(float(s[0]), s[1:]).p_value for s in inner])


@pytest.mark.parametrize("run", [residuals, truncation_norms, rounding_freedom])
def test_corrected_p_values_of_honest_residuals_are_no_smaller_than_chance(
    contexts: list[AuditContext], run: Any
) -> None:
    found = [run(c) for c in contexts]
    assert not any(f.suspicious for f in found)
    assert min(f.p_value for f in found) > 1e-3
    # Bonferroni errs to the safe side: at most as many small ones as a uniform one would have.
    assert sum(f.p_value < 0.2 for f in found) <= 8


def test_more_controls_are_drawn_on_without_another_look_at_the_first(
    contexts: list[AuditContext],
) -> None:
    meter = Meter(Controls(contexts[1]), contexts[1].noise(8))
    few, more = meter.measure(3), meter.measure(6)
    assert few.logits.shape[0] == 4 and more.logits.shape[0] == 7
    assert (more.logits[:4] == few.logits).all()
    assert (
        measure_changes(Controls(contexts[1]), contexts[1].noise(8), 6).logits == more.logits
    ).all()
