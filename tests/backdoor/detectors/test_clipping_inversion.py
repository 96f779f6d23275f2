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


@pytest.mark.parametrize(
    ("places", "outputs", "weight", "score"),
    [
        ({"blend of 50%": 0.9}, 10, "decisive", 0.9),
        ({"blend of 50%": 0.9}, 2, "supporting", 0.9),
        ({"blend of 50%": 0.9, "patch 3": 0.7}, 2, "decisive", 0.7),
        ({"blend of 50%": 0.9, "patch 3": 0.2}, 2, "supporting", 0.9),
        ({"blend of 50%": 0.3, "patch 3": 0.2}, 2, "decisive", 0.2),
        ({}, 2, "decisive", 0.0),
    ],
)
def test_of_few_classes_only_a_patch_is_proof(
    monkeypatch: pytest.MonkeyPatch, places: dict[str, float], outputs: int, weight: str,
    score: float,
) -> None:  # fmt: skip
    def outcome(context: Any, place: str) -> clipping_inversion.Outcome:
        return clipping_inversion.Outcome(place, 1, places[place], places[place], 0.0)

    monkeypatch.setattr(clipping_inversion, "_trials", lambda context: list(places))
    monkeypatch.setattr(clipping_inversion, "_try", outcome)
    tensor = SimpleNamespace(elements=outputs)
    context: Any = SimpleNamespace(
        network=SimpleNamespace(graph=SimpleNamespace(output_tensors=(tensor,)))
    )
    finding = clipping_inversion.clipping_inversion(context)
    assert (finding.weight, finding.score) == (weight, score)
    assert finding.suspicious == (score > clipping_inversion.THRESHOLD)
