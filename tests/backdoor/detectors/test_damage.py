"""Files whose integers are far from their float model, and honest ones that are not."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.pooled_networks import first_tensor, pooled_inputs, pooled_network

from qmcu.backdoor.detectors import damage as module
from qmcu.backdoor.detectors.damage import damage
from qmcu.backdoor.detectors.disagreement import disagreement
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.result import judge
from qmcu.backdoor.grids import pair_tensors, write_constants, write_ranges
from qmcu.backdoor.networks import convert_network, logits, weighted_layers
from qmcu.backdoor.networks.network import Network
from qmcu.model.reader import parse_model


def context_of(
    network: Network, model: bytes, samples: npt.NDArray[np.float32], labels: bool = False
) -> AuditContext:
    context = AuditContext(network, model, parse_model(model, "model"), samples)
    classes = np.arange(len(samples)) % 2 if labels else None
    return replace(context, labels=classes)


def edit_last_bias(model: bytes) -> bytes:
    """The file with a last bias so large that it always answers class 2."""
    graph = parse_model(model, "model")
    bias = weighted_layers(graph)[-1].bias
    assert bias is not None
    old = graph.tensors[bias].array
    new = old.copy()
    new[2] = 2_000_000
    assert model.count(old.tobytes()) == 1
    return model.replace(old.tobytes(), new.tobytes())


def test_an_honest_file_is_not_damaged(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    found = damage(context_of(network, integer, samples))
    assert not found.suspicious and found.weight == "integrity"
    assert found.p_value == 1 or found.details["samples changed"] > 0.03


def test_a_file_that_always_answers_one_class_is_damaged_and_no_backdoor(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    context = context_of(network, edit_last_bias(integer), samples, labels=True)
    found, answers = damage(context), disagreement(context)
    assert found.suspicious and found.p_value is not None and found.p_value < 1e-9
    assert "class 2 gets" in found.reason and "accuracy" in found.reason
    assert answers.suspicious and "(integers)" in answers.reason
    verdict, reasons = judge([answers, found])
    assert verdict == "damaged" and reasons[0] == found.reason


def test_what_an_honest_quantization_loses_as_well_is_no_damage_and_is_said(
    network: Network, samples: npt.NDArray[np.float32]
) -> None:
    weights = [w.copy() for w in network.weights]
    biases = [b.copy() for b in network.biases]
    # The same function with one filter 60 times as large: it takes the whole grid of a tensor.
    weights[0][0] *= 60
    biases[0][0] *= 60
    weights[-1][:, ::8] /= 60
    coarse = network.with_parameters(weights, biases)
    model = convert_network(coarse, samples, per_tensor=True).model
    context = context_of(coarse, model, samples)
    found = damage(context)
    assert found.details["samples changed"] > 0.03, "the test's model must lose something"
    assert not found.suspicious
    supporting = replace(found, detector="some", suspicious=True, weight="supporting")
    verdict, reasons = judge([found, supporting])
    assert verdict == "suspicious" and "accuracy may fall" in reasons[-1]


def pooled(top: float, slope: float = 0.0, *, labels: bool = False) -> AuditContext:
    """An honest file but for the range of its first layer, from 0 to `top`: inputs reach 1. They
    are told apart more easily the more their `slope` is.
    """
    network, given = pooled_network(switch=False), pooled_inputs(96)
    biases = [network.biases[0], np.array([0.1, -0.1], np.float32)]
    network = network.with_parameters(network.weights, biases)
    way = np.sign(logits(network, given) @ np.array([-1, 1], np.float32))[:, None, None, None]
    ramp = (np.arange(8, dtype=np.float32) - 3.5)[None, None, :, None]
    given = np.clip(given + slope * way * ramp, 0, 1).astype(np.float32)
    made = convert_network(network, given)
    first = pair_tensors(network, made.graph)[first_tensor(network)]
    model = write_ranges(made.model, {first: (0.0, top)})
    own = logits(network, given).argmax(axis=1) if labels else None
    return AuditContext(network, model, parse_model(model, "model"), given, labels=own)


def test_ranges_that_inputs_can_fill_are_no_damage_unless_labels_say_so() -> None:
    """The means share the range's grid: its steps are too coarse to tell left from right."""
    found = damage(pooled(24.0))
    assert found.details["samples changed"] > 0.1
    assert found.details["samples changed by an honest quantization"] < 0.03
    assert not found.suspicious and "in ranges as wide as the file's" in found.reason
    assert not disagreement(pooled(24.0)).suspicious
    lost = damage(pooled(24.0, labels=True))
    assert lost.suspicious and "accuracy falls" in lost.reason


@pytest.mark.parametrize(("given", "edited"), [(0, 0), (0, 1), (12, 0)])
def test_mixtures_alone_are_no_damage_where_nothing_was_edited(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32],
    monkeypatch: pytest.MonkeyPatch, given: int, edited: int,
) -> None:  # fmt: skip
    """Scales by a percentile are for inputs, and noise is none."""
    plain = np.zeros(100, np.int64)
    own = [np.where(np.arange(100) < count, 1, 0) for count in (given, 30)]
    inputs = samples[:1].repeat(100, axis=0)
    made = {k: module.Answers(inputs, plain, o) for k, o in zip(module.MARGINS, own, strict=True)}
    monkeypatch.setattr(module, "integer_answers", lambda context: made)
    monkeypatch.setattr(
        module, "honest_answers", lambda context, wide=False: dict.fromkeys(made, plain)
    )
    monkeypatch.setattr(module, "count_edited", lambda context: edited)
    found = damage(context_of(network, integer, samples))
    assert found.suspicious
    assert (found.weight == "supporting") == (given + edited == 0)
    assert ("keep their answers" in found.reason) == (given + edited == 0)
    other = disagreement(context_of(network, integer, samples))
    assert other.suspicious == (given + edited > 0)


def test_ranges_that_no_input_can_fill_are_damage() -> None:
    found = damage(pooled(2000.0, 0.05))
    assert found.suspicious and found.details["samples changed by an honest quantization"] < 0.03


def test_in_ranges_that_are_wide_an_edited_bias_is_damage() -> None:
    context = pooled(24.0, 0.05)
    assert not damage(context).suspicious
    assert context.graph is not None and context.integer is not None
    bias = weighted_layers(context.graph)[-1].bias
    assert bias is not None
    old = context.graph.tensors[bias].array
    model = write_constants(context.integer, {bias: old + np.array([2_000_000, 0], old.dtype)})
    graph = parse_model(model, "model")
    assert damage(replace(context, integer=model, graph=graph, _shared={})).suspicious
