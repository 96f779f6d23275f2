"""Where answers slide to, whatever disturbs inputs or channels: by the int8 file with inputs."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.attacks import AttackRun
from qmcu.backdoor.detectors import sliding_answers as module
from qmcu.backdoor.detectors.class_evidence import CAP
from qmcu.backdoor.detectors.disturbances import (
    BLEND,
    FACTOR,
    FIELD,
    MIXED,
    ChannelAscent,
    in_other_order,
    mixtures,
    smooth_fields,
)
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.detectors.sliding_answers import (
    ALLOWED,
    KINDS,
    Agreement,
    evidence_of_slides,
    learn,
    mean_of_others,
    sliding_answers,
)
from qmcu.backdoor.networks import convert_network, network_from_graph, network_from_keras
from qmcu.errors import ModelError
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

TARGET = 0  # of the attack that quantization wakes


def test_what_quantization_wakes_takes_the_inputs_of_others_whatever_disturbs_them(
    attacked: AttackRun,
) -> None:
    samples = attacked.dataset.train_inputs[:200]
    files = attacked.honest_integer, attacked.attacked_integer
    plain, woken = (sliding_answers(audited_file(None, f, samples)) for f in files)
    assert not plain.suspicious and plain.score < woken.score
    assert woken.details["target"] == TARGET and woken.suspicious
    assert "on the file's own integers" in woken.reason
    again = sliding_answers(audited_file(None, attacked.attacked_integer, samples))
    assert again == woken


def test_every_way_of_mixing_changes_inputs_within_their_range(pictures: Any) -> None:
    given = pictures[0][:50]
    made = dict(mixtures(given, 0.0, 1.0, np.random.default_rng(1)))
    assert {*made, "channels"} == {name for names in KINDS.values() for name in names}
    for name, one in made.items():
        assert one.inputs.shape == (MIXED, 8, 8, 1) and one.inputs.dtype == np.float32
        assert one.inputs.min() >= 0 and one.inputs.max() <= 1
        assert one.made_of.shape == (MIXED, 1 + (name == "another input"))
        assert 0.01 < np.abs(one.inputs - given[one.made_of[:, 0]]).mean() < 0.4, name
    both = made["another input"]
    assert both.inputs == pytest.approx(given[both.made_of].mean(axis=1))
    moved = np.abs(made["noise mixed in"].inputs - given[made["noise mixed in"].made_of[:, 0]])
    assert moved.max() <= BLEND + 1e-6
    lifted = np.abs(made["smooth field"].inputs - given[made["smooth field"].made_of[:, 0]])
    assert FIELD / 2 < lifted.max() <= FIELD + 1e-6


@pytest.mark.parametrize("shape", [(8, 6, 3), (12, 2), (9,)])
def test_places_change_their_order_and_fields_are_smooth(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    inputs = np.arange(4 * np.prod(shape), dtype=np.float32).reshape(4, *shape)
    moved = in_other_order(inputs, rng)
    assert moved.shape == inputs.shape and not np.array_equal(moved, inputs)
    depth = shape[-1] if len(shape) > 1 else 1
    for one, other in zip(inputs.reshape(4, -1, depth), moved.reshape(4, -1, depth), strict=True):
        # Channels of a place stay together.
        assert sorted(map(tuple, one.tolist())) == sorted(map(tuple, other.tolist()))
    fields = smooth_fields((20, *shape), rng)
    assert np.abs(fields).reshape(20, -1).max(axis=1) == pytest.approx(1)
    if len(shape) > 1:
        assert np.abs(np.diff(fields, axis=1)).mean() < 0.7 * np.abs(fields).mean() * np.sqrt(2)


def test_channels_climb_to_each_class_within_a_tenth(
    files: tuple[bytes, bytes], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, inputs = _model(files[1]), pictures[0][:16]
    scores = model(inputs).numpy()
    own = scores.argmax(axis=1)
    ascent = ChannelAscent(model, scores.shape[1], inputs)
    assert ascent.channels == 12 + 24
    before = np.array([scores[:, k] - np.delete(scores, k, 1).max(axis=1) for k in range(6)])
    after = ascent.margins(own, 1.0)
    assert after.shape == before.shape
    rest = own[None] != np.arange(6)[:, None]
    rise = np.array([(after - before)[k][rest[k]].mean() for k in range(6)])
    assert (rise > 0).all()
    monkeypatch.setattr("qmcu.backdoor.detectors.disturbances.FACTOR", FACTOR / 10)
    less = ChannelAscent(model, 6, inputs).margins(own, 1.0)
    assert all((after - less)[k][rest[k]].mean() > 0 for k in range(6))
    monkeypatch.setattr("qmcu.backdoor.detectors.disturbances.FACTOR", 0.0)
    assert ChannelAscent(model, 6, inputs).margins(own, 1.0) == pytest.approx(before, abs=1e-4)


def test_a_row_of_numbers_through_one_layer_has_no_channels_to_change() -> None:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(2)
    network = network_from_keras(keras.Sequential([keras.Input((12,)), keras.layers.Dense(5)]))
    inputs = np.random.default_rng(1).normal(size=(60, 12)).astype(np.float32)
    context = audited_file(None, convert_network(network, inputs).model, inputs)
    found = evidence_of_slides(context)
    assert "channels" not in found.each and len(found.each) == 5
    assert np.isfinite(found.classes).all()


def test_probes_have_to_agree_and_the_next_class_has_to_be_far() -> None:
    each = {"a": np.array([9.0, 0.0, -1.0]), "b": np.array([-1.0, 0.5, 2.0])}
    found = Agreement(each, each, 2, ALLOWED)
    means = np.array([(CAP - 1) / 2, 0.25, 0.5])
    assert found.classes == pytest.approx(means - [0.5, 1.0, 1.0]) and found.target == 0


def test_what_a_stand_in_takes_too_is_natural(pictures: Any) -> None:
    """It answers as the file does, and a class between the others takes what is mixed of them."""
    inputs, labels = pictures
    stand_in = learn(inputs[:200], labels[:200], 6)
    assert np.mean(stand_in(inputs[200:500]).argmax(axis=1) == labels[200:500]) > 0.95
    ends = np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]], np.float32).repeat(30, 0)
    noise = np.random.default_rng(3).normal(0, 0.05, ends.shape)
    between = learn((ends + noise).astype(np.float32), np.arange(3).repeat(30), 3)
    assert between(np.full((1, 2), 0.52, np.float32)).argmax() == 2


def test_what_a_stand_in_takes_is_taken_off(
    files: tuple[bytes, bytes], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = audited_file(None, files[1], pictures[0][:120])
    plain = evidence_of_slides(context)
    likes = np.eye(6)[plain.target]
    monkeypatch.setattr(module, "learn", lambda *_: lambda given: np.tile(likes, (len(given), 1)))
    less = evidence_of_slides(context)
    for name, values in less.each.items():
        if name == "channels":
            assert values == pytest.approx(plain.each[name])
        else:
            assert values[plain.target] <= 0
    assert less.classes[plain.target] < plain.classes[plain.target]


def test_inputs_made_of_a_class_say_nothing_of_it() -> None:
    margins = np.array([[5.0, 1.0, 0.0], [2.0, 5.0, 0.0], [4.0, 3.0, 8.0]])
    made_of = np.array([[0, 0], [1, 1], [1, 2]])
    assert mean_of_others(margins, made_of) == pytest.approx([3.0, 1.0, 0.0])
    assert mean_of_others(margins[:1], made_of[:1])[0] == 5


@pytest.mark.parametrize(
    ("kept", "why"), [("few", "15 inputs are given"), ("one answer", "nearly all the same")]
)
def test_inputs_that_tell_too_little_are_refused(
    kept: str, why: str, files: tuple[bytes, bytes], pictures: Any
) -> None:
    inputs, labels = pictures
    given = inputs[:15] if kept == "few" else inputs[labels == 2][:60]
    with pytest.raises(ModelError, match=why):
        sliding_answers(audited_file(None, files[0], given))


def test_a_file_that_takes_too_long_is_refused(
    files: tuple[bytes, bytes], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WORK", 1e4)
    with pytest.raises(ModelError, match="times as long as is allowed"):
        sliding_answers(audited_file(None, files[0], pictures[0][:60]))


def _model(integer: bytes) -> QuantizedModel:
    graph = parse_model(integer, "small")
    return QuantizedModel(network_from_graph(graph), graph, bounded=False)
