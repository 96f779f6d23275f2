"""Files whose biases, scales or ranges somebody edited: what they compute with is looked at."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from qmcu.backdoor.detectors import damage as damage_module
from qmcu.backdoor.detectors import run as run_module
from qmcu.backdoor.detectors.activation_statistics import activation_statistics
from qmcu.backdoor.detectors.clipping_inversion import OF_FILE, Outcome
from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.damage import damage
from qmcu.backdoor.detectors.method import AuditContext, Finding
from qmcu.backdoor.detectors.result import judge
from qmcu.backdoor.detectors.rounding_choice import EDITED, rounding_choice
from qmcu.backdoor.detectors.run import _refuse_unrelated
from qmcu.backdoor.grids import deployed_biases
from qmcu.backdoor.networks import weighted_layers
from qmcu.backdoor.networks.network import Network
from qmcu.errors import ModelError
from qmcu.model.reader import parse_model

Samples = npt.NDArray[np.float32]


def context_of(network: Network, model: bytes, samples: Samples) -> AuditContext:
    return AuditContext(network, model, parse_model(model, "model"), samples)


def swap(model: bytes, old: npt.NDArray[np.generic], new: npt.NDArray[np.generic]) -> bytes:
    """The file with one constant's bytes replaced by as many others."""
    assert model.count(old.tobytes()) == 1 and old.nbytes == new.nbytes
    return model.replace(old.tobytes(), new.tobytes())


def edit_biases(model: bytes) -> bytes:
    """Two filters of the first layer are awake always: 0.5 more than the float model's bias."""
    graph = parse_model(model, "model")
    layer = weighted_layers(graph)[0]
    assert layer.bias is not None
    tensor = graph.tensors[layer.bias]
    assert tensor.quantization is not None
    new = tensor.array.copy()
    new[:2] += np.int32(0.5 / np.array(tensor.quantization.scales)[:2])
    return swap(model, tensor.array, new)


def edit_scales(model: bytes) -> bytes:
    """Two filters of the first layer count twice."""
    graph = parse_model(model, "model")
    quantization = graph.tensors[weighted_layers(graph)[0].weights].quantization
    assert quantization is not None
    old = np.array(quantization.scales, np.float32)
    return swap(model, old, np.concatenate([old[:2] * np.float32(2), old[2:]]))


@pytest.mark.parametrize("edit", [edit_biases, edit_scales])
def test_edited_parameters_stand_out_of_what_rounding_does(
    network: Network, integer: bytes, samples: Samples, edit: object
) -> None:
    assert callable(edit)
    assert not activation_statistics(context_of(network, integer, samples)).suspicious
    context = context_of(network, edit(integer), samples)
    assert activation_statistics(context).suspicious
    assert rounding_choice(context).details[EDITED] >= 2


def test_controls_have_no_edited_parameters(
    network: Network, integer: bytes, samples: Samples
) -> None:
    context = context_of(network, edit_scales(edit_biases(integer)), samples)
    controls = Controls(context)
    controls.take(0)
    assert context.graph is not None
    (values, steps), _ = deployed_biases(context.graph, context.grids)
    assert np.abs(controls.biases[0].numpy() - values).max() <= steps.max() + 1e-5
    assert np.abs(controls.biases[0].numpy() - network.biases[0]).max() > 0.4
    controls.take(1)
    assert (controls.biases[0].numpy() == network.biases[0]).all()
    steps_off = np.abs(controls.variables[0].numpy() - network.weights[0])
    assert (steps_off <= 2.01 * context.grids[0].spread_scales).all()


def test_a_file_with_edited_parameters_that_answers_otherwise_is_damaged(
    network: Network, integer: bytes, samples: Samples
) -> None:
    graph = parse_model(integer, "model")
    bias = weighted_layers(graph)[-1].bias
    assert bias is not None
    new = graph.tensors[bias].array.copy()
    new[2] = 2_000_000
    context = context_of(network, swap(integer, graph.tensors[bias].array, new), samples)
    findings = [damage(context), rounding_choice(context)]
    strong = Finding("rounding-direction", 9.0, 3.5, True, "decisive", "logits move")
    assert judge([*findings, strong])[0] == "damaged"
    # Without an edited parameter the same finding is a backdoor, damaged or not.
    assert judge([findings[0], strong])[0] == "backdoored"
    assert judge([replace(findings[1], suspicious=True), strong])[0] == "backdoored"


def test_ranges_of_one_file_are_a_switch_as_well() -> None:
    chosen = Outcome("patch 3", 1, own=0.9, anew=0.1, control=0.05)
    assert chosen.excess == pytest.approx(0.85) and chosen.is_of_file
    trained = Outcome("patch 3", 1, own=0.9, anew=0.8, control=0.05)
    assert trained.excess == pytest.approx(0.85) and not trained.is_of_file
    switch = Finding("clipping-inversion", 0.85, 0.5, True, "decisive", "", details={OF_FILE: 1.0})
    seen = {"samples changed": 0.2}
    hurt = Finding("damage", 2.0, 1.0, True, "integrity", "off", details=seen)
    assert judge([switch])[0] == "backdoored" and judge([switch, hurt])[0] == "damaged"
    assert judge([replace(switch, details={OF_FILE: 0.0}), hurt])[0] == "backdoored"
    # Where the given inputs are answered as ever, it was no accident.
    elsewhere = replace(hurt, details={"samples changed": 0.0, "mixed changed": 0.3})
    assert judge([switch, elsewhere])[0] == "backdoored"


def spoil_last(model: bytes, seed: int = 0) -> bytes:
    """The weights of the last layer are noise."""
    graph = parse_model(model, "model")
    old = graph.tensors[weighted_layers(graph)[-1].weights].array
    new = np.random.default_rng(seed).integers(-127, 128, old.shape).astype(old.dtype)
    return swap(model, old, new)


def test_a_layer_of_noise_among_its_own_is_a_damaged_file(
    network: Network, integer: bytes, samples: Samples
) -> None:
    context = context_of(network, spoil_last(integer), samples)
    assert context.unrelated is not None
    _refuse_unrelated(context)
    found = damage(context)
    assert found.suspicious and found.weight == "integrity"
    # Without inputs, or where it answers as the float model, it is another model's file.
    with pytest.raises(ModelError, match="other weights"):
        _ = replace(context, samples=None).grids
    alike = replace(context, _shared={})
    with pytest.MonkeyPatch.context() as patched:
        answers = {"samples": damage_module.Answers(samples, np.zeros(4), np.zeros(4))}
        patched.setattr(run_module, "integer_answers", lambda context: answers)
        with pytest.raises(ModelError, match="other weights"):
            _refuse_unrelated(alike)


def test_a_file_whose_scales_somebody_shifted_is_not_refused(
    network: Network, integer: bytes, samples: Samples
) -> None:
    graph = parse_model(integer, "model")
    model = integer
    for layer in weighted_layers(graph):
        quantization = graph.tensors[layer.weights].quantization
        assert quantization is not None
        old = np.array(quantization.scales, np.float32)
        model = swap(model, old, np.roll(old, 1) * np.float32(3))
    context = context_of(network, model, samples)
    assert all(grid.has_own_integers for grid in context.grids) and context.unrelated is None
    assert damage(context).suspicious
