"""The ascent between the float and the int8 model."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.random_networks import check_uniform

from qmcu.backdoor.detectors.gap_inversion import compare_ends, synthesize
from qmcu.backdoor.detectors.method import AuditContext


def test_p_values_of_the_ascent_are_uniform(contexts: list[AuditContext]) -> None:
    found = [synthesize(c, draws=7) for c in contexts[:8]]
    for name in ("whole", "patch"):
        check_uniform([compare_ends(f[name]).p_value for f in found])
