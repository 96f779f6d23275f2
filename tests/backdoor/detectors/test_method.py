"""A detector is one function."""

from pathlib import Path

import numpy as np
import pytest

from qmcu.backdoor.detectors.context import load_context

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.detectors.method import (
    DETECTORS,
    AuditContext,
    Finding,
    detector,
    load_detectors,
)
from qmcu.backdoor.detectors.run import audit


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
