"""What rounding did to the mean logits of all that it could have done."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from tests.support.random_networks import align_errors

from qmcu.backdoor.detectors import rounding_freedom as module
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.rounding_freedom import rounding_freedom


def test_errors_along_a_logit_use_the_freedom_that_chance_leaves(
    contexts: list[AuditContext],
) -> None:
    honest, pushed = rounding_freedom(contexts[0]), rounding_freedom(align_errors(contexts[0]))
    assert not honest.suspicious and pushed.suspicious
    assert pushed.details["freedom used"] > 3 * honest.details["freedom used"]


def test_of_many_outputs_random_sums_of_them_are_looked_at(
    contexts: list[AuditContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_OUTPUTS", 4)
    honest, pushed = rounding_freedom(contexts[0]), rounding_freedom(align_errors(contexts[0]))
    assert not honest.suspicious and pushed.suspicious
    assert sum(name.startswith("class") for name in honest.details) == 4
