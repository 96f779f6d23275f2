"""Chosen numbers in a .tflite file, and the proof that they are there: broken one at a time."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.grids.constants import write_constants, write_scales
from qmcu.backdoor.grids.deployment import Chosen, choose, deploy, prove
from qmcu.backdoor.grids.weight_grids import layer_grids
from qmcu.backdoor.networks.keras_model import convert_network
from qmcu.backdoor.networks.network import Network
from qmcu.errors import CheckFailedError, ModelError
from qmcu.model.convert import Conversion
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="module")
def network() -> Network:
    return small_network()


@pytest.fixture(scope="module")
def conversion(network: Network) -> Conversion:
    return convert_network(network, samples_of(network))


@pytest.fixture(scope="module")
def chosen(network: Network, conversion: Conversion) -> tuple[Chosen, ...]:
    rng = np.random.default_rng(3)
    grids = layer_grids(network, conversion.graph)
    integers = [
        np.clip(g.nearest + rng.integers(-1, 2, g.nearest.shape), -127, 127).astype(np.int8)
        for g in grids
    ]
    scales = [g.scales * rng.uniform(1, 1.1, len(g.scales)) for g in grids]
    biases = [rng.normal(0, 1, len(g.scales)).astype(np.float32) for g in grids]
    return choose(network, conversion.graph, integers, scales, biases)


@pytest.fixture(scope="module")
def model(conversion: Conversion, chosen: tuple[Chosen, ...]) -> bytes:
    return deploy(conversion.model, chosen)


def test_the_file_holds_what_was_chosen_and_nothing_else_changed(
    network: Network, conversion: Conversion, chosen: tuple[Chosen, ...], model: bytes
) -> None:
    proof = prove(model, conversion.model, chosen, network)
    assert proof.weights == sum(w.size for w in network.weights)
    assert proof.not_nearest > proof.weights / 2
    assert proof.size == len(model) == len(conversion.model)
    before, after = parse_model(conversion.model, "a"), parse_model(model, "b")
    assert after.operators == before.operators


def test_tensorflow_lite_itself_reads_the_chosen_numbers(
    chosen: tuple[Chosen, ...], model: bytes
) -> None:
    interpreter = load_tensorflow().lite.Interpreter(model_content=model)
    interpreter.allocate_tensors()
    details = {d["index"]: d for d in interpreter.get_tensor_details()}
    for layer in chosen:
        assert np.array_equal(interpreter.get_tensor(layer.tensor), layer.integers)
        found = details[layer.tensor]["quantization_parameters"]["scales"]
        assert np.array_equal(found, layer.scales)
        assert layer.bias is not None
        assert layer.biases is not None
        assert np.array_equal(interpreter.get_tensor(layer.bias), layer.biases)


def test_the_oracle_runs_it(network: Network, model: bytes) -> None:
    row = np.zeros((1, *network.input_shape), np.int8)
    assert Oracle(model).run([row])[0].shape == (1, 10)


def test_a_scale_changes_the_answers_as_it_should(
    network: Network, conversion: Conversion
) -> None:  # fmt: skip
    """Twice the scale with half the integers: the same real weights, nearly the same outputs."""
    grids = layer_grids(network, conversion.graph)
    even = [(2 * np.round(g.nearest / 2.0)).clip(-126, 126).astype(np.int8) for g in grids]
    half = [(q // 2).astype(np.int8) for q in even]
    one = deploy(conversion.model, choose(network, conversion.graph, even))
    other = deploy(
        conversion.model, choose(network, conversion.graph, half, [2 * g.scales for g in grids])
    )
    rng = np.random.default_rng(0)
    for _ in range(5):
        row = rng.integers(-128, 128, (1, *network.input_shape)).astype(np.int8)
        a, b = (Oracle(m).run([row])[0].astype(int) for m in (one, other))
        assert np.abs(a - b).max() <= 1


def damaged(model: bytes, chosen: tuple[Chosen, ...], what: str) -> bytes:
    layer = chosen[1]
    if what == "weights":
        values: Any = layer.integers.copy()
        values.flat[7] += -1 if values.flat[7] > 0 else 1
        return write_constants(model, {layer.tensor: values})
    if what == "biases":
        assert layer.bias is not None and layer.biases is not None
        changed = layer.biases.copy()
        changed[2] += 1
        return write_constants(model, {layer.bias: changed})
    scales = layer.scales.copy()
    scales[0] = np.nextafter(scales[0], np.float32(1))
    return write_scales(model, {layer.tensor: scales})


@pytest.mark.parametrize("what", ["weights", "biases", "scales"])
def test_the_proof_fails_when_one_number_differs(
    network: Network, conversion: Conversion, chosen: tuple[Chosen, ...], model: bytes, what: str
) -> None:
    with pytest.raises(CheckFailedError, match=rf"l01_conv_2d: 1 of \d+ deployed {what} are not"):
        prove(damaged(model, chosen, what), conversion.model, chosen, network)


def test_the_proof_fails_when_an_activation_grid_or_the_size_differs(
    network: Network, conversion: Conversion, chosen: tuple[Chosen, ...], model: bytes
) -> None:
    inner = parse_model(model, "m").operators[0].outputs[0]
    moved = write_scales(model, {inner: np.array([0.5], np.float32)})
    with pytest.raises(CheckFailedError, match="is not as the converter made it"):
        prove(moved, conversion.model, chosen, network)
    with pytest.raises(CheckFailedError, match="bytes, the converter's"):
        prove(model + bytes(16), conversion.model, chosen, network)


def test_what_does_not_fit_is_refused(network: Network, conversion: Conversion) -> None:
    grids = layer_grids(network, conversion.graph)
    integers = [g.nearest for g in grids]
    with pytest.raises(ModelError, match="1 were chosen"):
        choose(network, conversion.graph, integers[:1])
    with pytest.raises(ModelError, match=r"needs integers of \[4, 3, 3, 1\]"):
        choose(network, conversion.graph, [integers[0].reshape(-1), *integers[1:]])
    with pytest.raises(ModelError, match="cannot be given 1"):
        choose(network, conversion.graph, integers, [g.scales[:1] for g in grids])
    with pytest.raises(ModelError, match="does not fit int32"):
        choose(network, conversion.graph, biases=[np.full(len(g.scales), 1e9) for g in grids])
    with pytest.raises(ModelError, match="as many positive numbers"):
        write_scales(conversion.model, {grids[0].tensor: -grids[0].scales})
