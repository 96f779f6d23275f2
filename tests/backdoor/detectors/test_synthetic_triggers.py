"""The file alone: triggers on inputs that are made from it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.backdoor.detectors.conftest import TARGET
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors import synthetic_triggers as module
from qmcu.backdoor.detectors.synthetic_triggers import synthetic_triggers
from qmcu.errors import ModelError


def test_in_a_poisoned_file_the_target_leads_and_an_honest_one_is_not_accused(
    files: tuple[bytes, bytes],
) -> None:
    honest, attacked = (synthetic_triggers(audited_file(None, f, None)) for f in files)
    assert attacked.details["target"] == TARGET and attacked.score > honest.score
    assert attacked.details["integers sent by patch"] > 0.9
    assert not honest.suspicious and honest.weight == "supporting"
    patches = [[v for k, v in f.details.items() if k.startswith("patch class")]
               for f in (honest, attacked)]  # fmt: skip
    assert max(patches[1]) == patches[1][TARGET] > 2.3 > max(patches[0])


def test_given_inputs_and_their_range_change_nothing(
    files: tuple[bytes, bytes], pictures: Any
) -> None:
    alone, given = (audited_file(None, files[1], x) for x in (None, 0.5 * pictures[0][:60]))
    assert synthetic_triggers(alone) == synthetic_triggers(replace(given, low=0.1, high=0.4))


def test_a_file_that_does_not_take_inputs_for_what_they_were_made_for_is_not_judged(
    files: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(_: bytes, inputs: Any, **__: Any) -> Any:
        return np.where(np.arange(len(inputs)) % 6 < 1, np.arange(len(inputs)) % 6, 3)

    monkeypatch.setattr(module, "predict_integer", answers)
    with pytest.raises(ModelError, match="no class can lead among equals"):
        synthetic_triggers(audited_file(None, files[0], None))


def test_a_file_that_takes_too_long_is_refused(
    files: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WORK", 1e4)
    with pytest.raises(ModelError, match="times as long as is allowed"):
        synthetic_triggers(audited_file(None, files[0], None))
