"""A detector is one function."""

from pathlib import Path

import numpy as np
import pytest

from qmcu.backdoor.detectors.context import load_context

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors.method import (
    DETECTORS,
    AuditContext,
    Finding,
    detector,
    load_detectors,
)
from qmcu.backdoor.detectors.run import audit
from qmcu.backdoor.networks import convert_network, weighted_layers
from qmcu.backdoor.networks.network import network_from_keras
from qmcu.model.int4_file import int4_weights
from qmcu.tensorflow import load_tensorflow


def test_a_detector_is_one_function(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of docs/DETECTORS.md."""

    load_detectors()
    monkeypatch.setattr(DETECTORS, "data", {})

    @detector("largest-bias", source="an example", needs=("float",))
    def largest_bias(given: AuditContext) -> Finding:
        """Biases that dwarf the others."""
        assert given.network is not None
        score = max(float(np.abs(b).max()) for b in given.network.biases)
        return Finding("largest-bias", score, 100.0, score > 100, "supporting", "a large bias")

    assert set(load_detectors()) == {"largest-bias"}
    result = audit(load_context(folder / "honest.keras", None, None))
    assert {f.detector for f in result.findings} == {"largest-bias"}


def test_a_file_of_int4_weights_is_asked_alone_too() -> None:
    """What any rounding of that size wakes, controls do as well."""
    keras = load_tensorflow().keras
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(5, activation="softmax")])
    network = network_from_keras(model, "small")
    samples = np.random.default_rng(0).random((40, 12)).astype(np.float32)
    fine = convert_network(network, samples)
    reals = dict(
        zip((k.weights for k in weighted_layers(fine.graph)), network.weights, strict=True)
    )
    due = {
        name: {d.name for d in load_detectors().values() if d.is_due(context, slow=False)}
        for name, context in {
            "int8": audited_file(network, fine.model, samples),
            "int4": audited_file(network, int4_weights(fine.model, reals=reals).model, samples),
        }.items()
    }
    assert due["int4"] - due["int8"] == {
        "leading-class", "synthetic-triggers", "sliding-drawings", "disturbed-activations",
        "summed-evidence", "class-triggers", "sliding-answers", "remembered-ranges",
    }  # fmt: skip
    assert due["int8"] <= due["int4"]
