"""A patch found by gradients."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")

from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors import trigger_inversion as module
from qmcu.backdoor.networks.network import Network
from qmcu.types import Float32Array


def test_an_honest_model_has_no_patch_of_its_own(
    network: Network, integer: bytes, samples: Float32Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STEPS", 2)
    finding = module.trigger_inversion(audited_file(network, integer, samples))
    assert not finding.suspicious and finding.p_value is None
    assert all(name.startswith("class ") and abs(v) <= 1 for name, v in finding.details.items())
