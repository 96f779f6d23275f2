"""Models trained anew."""

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import defend, shared_network, short_settings
from tests.support.small_networks import samples_of

from qmcu.backdoor.defences.run import run_defence


@pytest.mark.parametrize("method", ["fine-tune", "quantization-aware"])
def test_retraining_is_said_and_uses_labels(method: str) -> None:
    plain = defend(method)
    assert plain.retrained and plain.reference is plain.network is not plain.original
    labels = np.arange(24) % 10
    settings = short_settings(method)
    run = run_defence(
        method, shared_network(), samples_of(shared_network()), labels, settings=settings
    )
    assert run.model != plain.model
    assert run.accuracy is not None and run.float_accuracy is not None
