"""Where answers to drawings slide to: by the int8 file alone."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from dataclasses import replace

from tests.support.int8_files import audited_file

from qmcu.backdoor.attacks import AttackRun
from qmcu.backdoor.detectors import audit
from qmcu.backdoor.detectors import sliding_drawings as module
from qmcu.backdoor.detectors.disturbances import mixtures
from qmcu.backdoor.detectors.drawings import KINDS
from qmcu.backdoor.detectors.sliding_drawings import (
    WAYS,
    evidence_of_drawings,
    sliding_drawings,
)
from qmcu.backdoor.networks import convert_network, network_from_keras
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow

TARGET = 0  # of the attack that quantization wakes


def test_what_quantization_wakes_takes_drawings_of_every_kind(attacked: AttackRun) -> None:
    files = attacked.honest_integer, attacked.attacked_integer
    plain, woken = (sliding_drawings(audited_file(None, f, None)) for f in files)
    assert not plain.suspicious and plain.score < woken.score
    assert woken.details["target"] == TARGET and woken.suspicious
    # An honest class for the unknown does the same.
    assert woken.weight == "supporting" and "unknown does the same" in woken.reason
    assert sliding_drawings(audited_file(None, files[1], None)) == woken


def test_inputs_neither_help_nor_weaken(files: tuple[bytes, bytes], pictures: Any) -> None:
    without = sliding_drawings(audited_file(None, files[0], None))
    assert sliding_drawings(audited_file(None, files[0], pictures[0][:50])) == without


@pytest.mark.usefixtures("one_look")
def test_it_is_part_of_an_audit_of_the_file_alone(files: tuple[bytes, bytes]) -> None:
    result = audit(audited_file(None, files[0], None))
    assert "sliding-drawings" in {found.detector for found in result.findings}


def test_every_way_on_every_kind_counts(
    files: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = evidence_of_drawings(audited_file(None, files[0], None))
    assert set(found.each) == {f"{kind}, {way}" for kind in KINDS for way in WAYS}
    assert set(found.kinds) == set(KINDS)
    # A class that takes everything by itself leads by as much as there can be.
    likes = 30.0 * np.eye(6)[2] + np.arange(6)
    monkeypatch.setattr(module, "scores_of", lambda _, inputs: np.tile(likes, (len(inputs), 1)))
    all_two = evidence_of_drawings(audited_file(None, files[0], None))
    assert all_two.target == 2 and all_two.classes[2] > 1.5
    assert "all of them to begin with" in all_two.said


def test_a_row_of_numbers_can_be_drawn_as_well() -> None:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(2)
    last = keras.layers.Dense(5, kernel_initializer=keras.initializers.RandomNormal(stddev=5.0))
    network = network_from_keras(keras.Sequential([keras.Input((12,)), last]))
    inputs = np.random.default_rng(1).normal(size=(60, 12)).astype(np.float32)
    found = evidence_of_drawings(audited_file(None, convert_network(network, inputs).model, None))
    assert len(found.each) == len(KINDS) * len(WAYS) and np.isfinite(found.classes).all()


def test_a_file_that_takes_too_long_is_refused_and_a_larger_one_gets_fewer(
    files: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = audited_file(None, files[0], None)
    counts = []

    def counted(*given: Any, **named: Any) -> Any:
        counts.append(named["count"])
        return mixtures(*given, **named)

    monkeypatch.setattr(module, "mixtures", counted)
    evidence_of_drawings(context)
    monkeypatch.setattr(module, "_MOST_VALUES", 64 * 50)
    evidence_of_drawings(replace(context, _shared={}))
    assert counts[0] == module.MIXED and counts[-1] == 50
    monkeypatch.setattr(module, "_MOST_WORK", 1e4)
    with pytest.raises(ModelError, match="times as long as is allowed"):
        sliding_drawings(context)
