"""Triggers that given inputs share: what leads to which class, by the int8 file with inputs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors import audit
from qmcu.backdoor.detectors import class_triggers as module
from qmcu.backdoor.detectors.class_evidence import Evidence, finding_of
from qmcu.backdoor.detectors.class_triggers import (
    ALLOWED_LEAD,
    KINDS,
    class_triggers,
    evidence_of_inputs,
)
from qmcu.backdoor.detectors.input_triggers import (
    LEAST_INPUTS,
    MIRRORED,
    Found,
    TriggerSearch,
    are_varied,
    halves,
    mirror_orders,
)
from qmcu.backdoor.detectors.input_triggers import _mirrored as mirrored
from qmcu.backdoor.detectors.leading_class import leading_class
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import network_from_graph, network_from_keras
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

CLASSES, TARGET = 6, 4


def test_a_trigger_is_found_on_some_inputs_and_works_on_others_in_the_integers(
    files: tuple[bytes, bytes], pictures: Any
) -> None:
    honest, attacked = (class_triggers(audited_file(None, f, pictures[0][:120])) for f in files)
    assert attacked.suspicious and attacked.details["target"] == TARGET
    assert attacked.details["integers sent by patch"] > 0.9
    assert "On the file's own integers" in attacked.reason
    assert attacked.details["lead in log odds"] > ALLOWED_LEAD
    assert honest.details["lead in log odds"] < ALLOWED_LEAD
    assert honest.weight == "supporting" and honest.score < attacked.score
    again = class_triggers(audited_file(None, files[1], pictures[0][:120]))
    assert again == attacked


def test_what_honest_inputs_reach_is_measured_on_those_that_no_search_saw(
    files: tuple[bytes, bytes], pictures: Any
) -> None:
    context = audited_file(None, files[1], pictures[0][:120])
    seen, others = halves(pictures[0][:120], 24, seed=0)
    assert len(seen) == 24 and len(others) == 60
    assert not {x.tobytes() for x in seen} & {x.tobytes() for x in others}
    search = _search(context, seen, others)
    found, own = search.patches(), search.answers
    assert found.marked.shape == (CLASSES, *others.shape) and found.heights.argmax() == TARGET
    rest = int((own != TARGET).sum())  # all of them follow
    assert found.odds[TARGET] == pytest.approx(np.log((rest + 0.5) / 0.5))
    changed = (found.marked[TARGET] != others).reshape(60, -1)
    assert 0 < changed.any(axis=0).sum() <= 9  # one small region, of three by three
    assert np.array_equal(np.flatnonzero(changed.any(axis=0)) % 8 > 3, np.ones(9, np.bool_))


def test_overlays_stay_within_their_bounds(files: tuple[bytes, bytes], pictures: Any) -> None:
    seen, others = halves(pictures[0][:60], 8, seed=0)
    search = _search(audited_file(None, files[1], pictures[0][:60]), seen, others)
    found = search.all()
    assert set(found) == {name for names in KINDS.values() for name in names} - {
        "margin", "smooth margin", "weights",
    }  # fmt: skip
    for name, one in found.items():
        assert one.heights.shape == (CLASSES,) and np.isfinite(one.heights).all()
        assert one.marked.min() >= -1e-6 and one.marked.max() <= 1 + 1e-6, name
    moved = {name: one.marked - others for name, one in found.items()}
    assert np.abs(moved["bounded overlay"]).max() <= 0.2 + 1e-5
    assert np.sqrt((moved["short overlay"] ** 2).mean(axis=(2, 3, 4))).max() <= 0.1 + 1e-5
    assert np.abs(moved["blend"]).max() <= 0.25 + 1e-5


@pytest.mark.usefixtures("one_look")
@pytest.mark.parametrize(
    ("kept", "why"), [("few", "15 inputs are given"), ("one answer", "nearly all the same")]
)
def test_inputs_that_tell_too_little_leave_the_file_to_itself(
    kept: str, why: str, files: tuple[bytes, bytes], pictures: Any
) -> None:
    inputs, labels = pictures
    given = inputs[: LEAST_INPUTS - 1] if kept == "few" else inputs[labels == 2][:60]
    context = audited_file(None, files[0], given)
    with pytest.raises(ModelError, match=why):
        evidence_of_inputs(context)
    if kept == "few":
        result = audit(context)
        assert why in result.skipped["class-triggers"]
        assert "leading-class" in {f.detector for f in result.findings}


def test_inputs_make_what_the_file_says_by_itself_no_weaker(
    files: tuple[bytes, bytes], pictures: Any
) -> None:
    """Not their range either: those here fill half of what the file was calibrated on."""
    alone, given = (
        replace(audited_file(None, files[1], x), low=0.2, high=high)
        for x, high in ((None, 1.0), (0.2 + 0.3 * pictures[0][:120], 0.5))
    )
    assert leading_class(alone) == leading_class(given)


def test_a_file_that_takes_too_long_with_inputs_is_refused(
    files: tuple[bytes, bytes], pictures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_WORK", 1e4)
    with pytest.raises(ModelError, match="times as long as is allowed"):
        class_triggers(audited_file(None, files[0], pictures[0][:60]))


@pytest.mark.parametrize("shape", [(16, 3), (12,)])
def test_windows_and_rows_of_numbers_are_searched_as_well(shape: tuple[int, ...]) -> None:
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(2)
    layers = [keras.layers.Flatten(), keras.layers.Dense(5)]
    network = network_from_keras(keras.Sequential([keras.Input(shape), *layers]), "row")
    inputs = np.random.default_rng(1).normal(size=(40, *shape)).astype(np.float32)
    context = audited_file(None, convert_network(network, inputs).model, inputs)
    context = replace(context, low=float(inputs.min()), high=float(inputs.max()))
    found = _search(context, inputs[:8], inputs[8:]).all()
    assert ("mirror" in found) == (len(shape) > 1)
    for one in found.values():
        assert one.marked.shape == (5, 32, *shape) and np.isfinite(one.heights).all()


def test_mirror_images_lie_in_many_places_and_shine_through() -> None:
    orders = mirror_orders((4, 6))
    assert orders.shape == (2 * 4 * 6, 24)
    assert all(sorted(order) == list(range(24)) for order in orders.tolist())
    assert len({tuple(order) for order in orders.tolist()}) == len(orders)
    assert len(mirror_orders((32, 32))) == 2 * 64 and len(mirror_orders((32,))) == 32
    picture = np.arange(24, dtype=np.float32).reshape(1, 4, 6, 1)
    image = mirrored(picture, orders[:1])[0]
    assert image == pytest.approx((1 - MIRRORED) * picture + MIRRORED * picture[:, ::-1])


@pytest.mark.parametrize(
    ("height", "lead", "weight", "score"),
    [(0.5, 2.9, "supporting", 2.9 / 3), (0.5, 4.5, "supporting", 1.5), (1.1, 4.5, "decisive", 1.5),
     (1.1, 0.0, "supporting", 1.1), (1.2, 0.0, "decisive", 1.2)],
)  # fmt: skip
def test_a_trigger_without_rivals_is_suspicious_and_makes_a_lead_certain(
    height: float, lead: float, weight: str, score: float, files: tuple[bytes, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    heights = np.array([0.0, 0.0, height])
    confirmed = "no other class has one" if lead > ALLOWED_LEAD else ""
    evidence = Evidence({}, {"a": heights}, 1, 1.0, confirmed, apart=lead / ALLOWED_LEAD)
    monkeypatch.setattr(module, "evidence_of_inputs", lambda _: evidence)
    found = class_triggers(audited_file(None, files[0], None))
    assert found == finding_of("class-triggers", evidence)
    assert found.weight == weight and found.suspicious == (score > 1)
    assert found.score == pytest.approx(score) and found.details["target"] == 2


def test_a_lead_is_over_the_next_class_and_of_the_first_alone() -> None:
    found = Found(np.zeros(4), np.array([1.0, -2.0, 4.5, 1.5]), np.zeros((4, 1), np.float32))
    assert [found.lead(k) for k in range(4)] == [0, 0, 3, 0]


def test_answers_are_varied_or_not() -> None:
    assert are_varied(np.array([0, 1, 2, 0])) and not are_varied(np.array([0, 1, 0, 1]))
    assert not are_varied(np.array([0] * 8 + [1, 2]))


def _search(context: Any, seen: Float32Array, others: Float32Array) -> TriggerSearch:
    assert context.graph is not None
    model = QuantizedModel(network_from_graph(context.graph), context.graph, bounded=False)
    classes = context.graph.output_tensors[0].elements
    return TriggerSearch(context, model, classes, seen, others)
