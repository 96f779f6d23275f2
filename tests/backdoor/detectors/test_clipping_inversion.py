"""What overshoots activation ranges, and of which models that says something."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.detectors import clipping_inversion


class _Found:
    """A pattern for each input that moved all of the search's own."""

    place, awake = "blend of 50%, each its own", 1.0
    values = np.zeros((4, 2), np.float32)

    def apply(self, inputs: Any) -> Any:
        return inputs + 1


@pytest.mark.parametrize(("outputs", "asked"), [(1, False), (2, False), (3, False), (4, True)])
def test_inputs_made_one_by_one_are_no_evidence_where_there_is_one_other_class(
    monkeypatch: pytest.MonkeyPatch, outputs: int, asked: bool
) -> None:
    found = SimpleNamespace(shared=list, alone=lambda: [_Found()])
    monkeypatch.setattr(clipping_inversion, "Search", lambda context: found)
    monkeypatch.setattr(clipping_inversion, "logits", lambda network, x: np.zeros((len(x), 4)))
    tensor = SimpleNamespace(elements=outputs)
    network = SimpleNamespace(graph=SimpleNamespace(output_tensors=(tensor,)))
    context: Any = SimpleNamespace(network=network, samples=np.zeros((8, 2), np.float32))
    places = [trial.place for trial in clipping_inversion._trials(context)]
    assert places == ["blend of 50%, each its own"] * asked
