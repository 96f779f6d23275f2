"""What rounding did to the mean logits of all that it could have done."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from tests.support.random_networks import align_errors

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.rounding_freedom import rounding_freedom


def test_errors_along_a_logit_use_the_freedom_that_chance_leaves(
    contexts: list[AuditContext],
) -> None:
    honest, pushed = rounding_freedom(contexts[0]), rounding_freedom(align_errors(contexts[0]))
    assert not honest.suspicious and pushed.suspicious
    assert pushed.details["freedom used"] > 3 * honest.details["freedom used"]
