"""One class that leads in all probes, by the int8 file alone."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import CLASSES, audited_file

from qmcu.backdoor.detectors import class_probes
from qmcu.backdoor.detectors import leading_class as module
from qmcu.backdoor.detectors.class_evidence import CAP, DECISIVE, by_kind, deviates, weigh
from qmcu.backdoor.detectors.class_probes import (
    all_margins,
    last_weights,
    probe_classes,
    smoothed,
)
from qmcu.backdoor.detectors.leading_class import ALLOWED, KINDS, PATCH_MOST, leading_class
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import Network
from qmcu.errors import ModelError


@pytest.fixture(scope="module")
def network(network: Network) -> Network:
    """One that is sure of something: scores ten times as far from each other."""
    weights, biases = [w.copy() for w in network.weights], [b.copy() for b in network.biases]
    weights[-1] *= 10
    biases[-1] *= 10
    return network.with_parameters(weights, biases)


@pytest.fixture(scope="module")
def integer(network: Network, samples: npt.NDArray[np.float32]) -> bytes:
    """Its int8 file."""
    return convert_network(network, samples).model


def test_a_class_that_leads_everywhere_is_found_and_an_honest_file_is_not_accused(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    # A last layer that prefers class 2 wherever any of its channels is driven.
    weights = [w.copy() for w in network.weights]
    weights[-1][2] += 0.2 * np.abs(network.weights[-1]).max()
    loud = convert_network(network.with_parameters(weights, network.biases), samples).model
    found, honest = (leading_class(audited_file(None, f, None)) for f in (loud, integer))
    assert found.suspicious and found.details["target"] == 2 and "class 2 is" in found.reason
    confirmed = found.score > 1 and "a small patch leads" in found.reason
    assert (found.weight == "decisive") == confirmed
    assert honest.weight == "supporting" and honest.score < found.score


@pytest.mark.parametrize(
    ("reach", "target", "decisive"), [(1.8, 2, True), (1.7, 2, False), (1.8, 1, False)]
)
def test_a_small_lead_is_certain_where_a_patch_reaches_the_same_class(
    monkeypatch: pytest.MonkeyPatch, integer: bytes, reach: float, target: int, decisive: bool
) -> None:
    """Two kinds of probes lead for class 2, little more than is allowed with the patch's share."""
    heights = np.zeros(CLASSES)
    heights[2] = 2.4
    patch = np.zeros(CLASSES)
    patch[target] = CAP * reach / PATCH_MOST
    monkeypatch.setattr(module, "probe_classes", lambda _: {})
    monkeypatch.setattr(
        module, "by_kind", lambda *_: {"a": heights, "b": heights, "c": heights / 3}
    )
    monkeypatch.setattr(module, "patch_evidence", lambda _: {module._PATCH: patch})
    found = leading_class(audited_file(None, integer, None))
    assert found.suspicious and found.details["target"] == 2
    assert (found.weight == "decisive") == decisive
    assert ("a small patch leads there as well" in found.reason) == decisive


def test_every_class_is_probed_and_the_same_seed_gives_the_same(integer: bytes) -> None:
    first, second = (probe_classes(audited_file(None, integer, None)) for _ in range(2))
    assert set(first) == {name for names in KINDS.values() for name in names}
    for name, heights in first.items():
        assert heights.shape == (CLASSES,) and np.isfinite(heights).all()
        assert np.array_equal(heights, second[name])


def test_a_network_that_is_sure_of_no_input_is_not_judged(
    network: Network, samples: npt.NDArray[np.float32]
) -> None:
    weights = [w.copy() for w in network.weights]
    weights[-1][:] = weights[-1][:1]
    biases = [*network.biases[:-1], np.zeros_like(network.biases[-1])]
    alike = convert_network(network.with_parameters(weights, biases), samples).model
    with pytest.raises(ModelError, match="no inputs were found that it is sure of"):
        probe_classes(audited_file(None, alike, None))


def test_a_file_that_takes_too_long_gets_fewer_starts_and_then_is_refused(
    integer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(class_probes, "_MOST_WORK", 1e3)
    with pytest.raises(ModelError, match="times as long as is allowed"):
        probe_classes(audited_file(None, integer, None))


def test_a_deviate_knows_neither_scale_nor_level_and_of_few_classes_takes_more() -> None:
    others = np.tile([-1.0, 0.0, 1.0], 3)
    ten, four = (deviates(np.append(o, 4.0))[-1] for o in (others, others[:3]))
    assert ten == pytest.approx(deviates(np.append(others, 4.0) * 7 + 3)[-1])
    assert four < 0.7 * ten
    # One class that leads by any measure is no rarer than the cap, and equal classes do not lead.
    assert deviates(np.append(np.zeros(9), 1.0))[-1] < 7.1
    assert np.abs(deviates(np.zeros(5))).max() < 1e-6


def test_one_kind_alone_is_not_enough_and_two_are() -> None:
    names = [name for names in KINDS.values() for name in names]
    quiet = {name: np.zeros(4) for name in names}
    shout = np.array([0.0, 9.0, 0.0, -9.0])
    for kind in KINDS.values():
        evidence = weigh(by_kind({**quiet, **dict.fromkeys(kind, shout)}, KINDS), len(KINDS))
        assert evidence.argmax() == 1 and 1.7 < evidence[1] < ALLOWED and evidence[3] == 0
    both = {name: shout for name in names if name != "weights"}
    # Where the last layer is none of classes its kind is missing, and no evidence.
    seen = [weigh(by_kind(given, KINDS), len(KINDS))[1] for given in ({**quiet, **both}, both)]
    assert seen[0] == seen[1] > ALLOWED * DECISIVE


def test_a_network_that_always_answers_the_same_is_not_judged(
    network: Network, samples: npt.NDArray[np.float32]
) -> None:
    biases = [b.copy() for b in network.biases]
    biases[-1][1] += 1e4
    always = convert_network(network.with_parameters(network.weights, biases), samples).model
    with pytest.raises(ModelError, match="no class can lead among equals"):
        probe_classes(audited_file(None, always, None))


def test_the_last_weights_are_those_of_classes_or_none(network: Network) -> None:
    found = last_weights(network, CLASSES)
    assert found is not None and found.shape == (CLASSES,)
    assert found[2] == pytest.approx(network.weights[-1][2].mean(), rel=1e-5)
    assert last_weights(network, CLASSES + 1) is None


def test_margins_are_over_the_best_other_class_and_smoothing_keeps_the_mean() -> None:
    margins = all_margins(np.array([[1.0, 4.0, 2.0], [3.0, 3.0, 0.0]]))
    assert margins.tolist() == [[-3, 2, -2], [0, 0, -3]]
    spot = np.zeros((1, 8, 8, 1), np.float32)
    spot[0, 4, 4] = 1
    soft = smoothed(spot)
    assert soft.sum() == pytest.approx(1) and soft.max() < 0.2 and soft.dtype == np.float32
    flat = np.ones((2, 5), np.float32)
    assert np.array_equal(smoothed(flat), flat)
