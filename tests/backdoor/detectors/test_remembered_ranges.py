"""Ranges that remember the float model: with the calibration inputs chosen rounding is seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors.context import load_context
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.outputs import audit_files
from qmcu.backdoor.detectors.range_widths import Widths, find_places
from qmcu.backdoor.detectors.remembered_ranges import by_luck, remembered_ranges
from qmcu.backdoor.grids import layer_grids
from qmcu.backdoor.networks.keras_model import convert_network
from qmcu.backdoor.networks.network import Network, network_from_graph, network_from_keras
from qmcu.cli import run
from qmcu.errors import ModelError, UsageError
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

Pushed = Callable[[float], bytes]


@pytest.fixture(scope="module")
def residual() -> Network:
    """A block that adds what it was given, as residual networks do, behind a first layer."""
    keras = load_tensorflow().keras
    keras.utils.set_random_seed(7)
    layers, source = keras.layers, keras.Input((8, 8, 1))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(source)
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    y = layers.Conv2D(8, 3, padding="same")(y)
    x = layers.ReLU()(layers.Add()([x, y]))
    x = layers.Conv2D(8, 3, strides=2, activation="relu")(x)
    x = layers.Dense(12, activation="relu")(layers.Flatten()(x))
    return network_from_keras(keras.Model(source, layers.Dense(6)(x)), "residual")


@pytest.fixture(scope="module")
def pushed(residual: Network, samples: Float32Array) -> Pushed:
    """The file of float weights that rounding moves `steps` up, each, in the last three layers: the
    integers are those of the honest file.
    """
    honest = parse_model(convert_network(residual, samples).model, "honest")
    grids = layer_grids(residual, honest)

    def make(steps: float) -> bytes:
        weights = list(residual.weights)
        for number in (-3, -2, -1):
            grid = grids[number]
            inside = np.abs(grid.integers) < grid.largest
            places = np.where(inside, grid.integers - steps, grid.positions)
            weights[number] = (places * grid.spread_scales).astype(np.float32)
        model = convert_network(residual.with_parameters(weights, residual.biases), samples).model
        for own, other in zip(
            layer_grids(residual, parse_model(model, "pushed")), grids, strict=True
        ):
            np.testing.assert_array_equal(own.integers, other.integers)
        return model

    return make


def seen(model: bytes, inputs: Float32Array, *, said: bool = True) -> AuditContext:
    context = audited_file(None, model, inputs)
    return replace(context, calibration=inputs if said else None)


def test_honest_rounding_is_one_more_draw(residual: Network, samples: Float32Array) -> None:
    for wide, per_tensor in ((False, False), (True, False), (False, True)):
        model = convert_network(residual, samples, wide=wide, per_tensor=per_tensor).model
        found = remembered_ranges(seen(model, samples))
        assert not found.suspicious and found.weight == "supporting"
        # Nor is what the converter computed over one of its inputs (the ADD) a difference.
        assert len(found.details) >= 5 and max(map(abs, found.details.values())) < 4


def test_errors_that_act_together_move_a_range(pushed: Pushed, samples: Float32Array) -> None:
    found = remembered_ranges(seen(pushed(0.4), samples))
    assert found.suspicious and found.weight == "decisive" and found.strength > 1.5
    assert "looks the same" in found.reason
    before = [z for name, z in found.details.items() if name < "#4"]
    assert before and max(map(abs, before)) < 4
    # Without being told that these are the calibration inputs it accuses nobody.
    with pytest.raises(ModelError, match="--calibration"):
        remembered_ranges(seen(pushed(0.4), samples, said=False))


def test_the_first_of_the_inputs_may_be_the_calibration_inputs(
    residual: Network, samples: Float32Array
) -> None:
    more = np.concatenate([samples, 3 * samples[::-1]])
    bounded = np.minimum(more, 1.0).astype(np.float32)
    model = convert_network(residual, samples).model
    found = remembered_ranges(seen(model, bounded))
    assert not found.suspicious and "the first 100 of them" in found.reason


def test_other_inputs_are_no_calibration_inputs(residual: Network, samples: Float32Array) -> None:
    model = convert_network(residual, samples).model
    with pytest.raises(ModelError, match="range that the file has for its input"):
        remembered_ranges(seen(model, np.float32(0.8) * samples))
    other = np.random.default_rng(8).random(samples.shape).astype(np.float32) ** 4
    other[:5, 0, 0], other[:5, 0, 1] = samples.min(), samples.max()
    with pytest.raises(ModelError, match=r"first layer's is .* off"):
        remembered_ranges(seen(model, other))


def test_inputs_that_end_where_the_file_says_are_known(
    residual: Network, samples: Float32Array
) -> None:
    """One input has the largest value: no others would end there, and any layer may differ."""
    inputs = np.float32(0.73) * samples
    graph = parse_model(convert_network(residual, inputs).model, "known")
    network = network_from_graph(graph)
    places = find_places(network, graph)
    assert Widths(network, graph, inputs, places).is_input_known
    many = inputs.copy()
    many[:5, 0, 0], many[:5, 0, 1] = inputs.max(), inputs.min()
    assert not Widths(network, graph, many, places).is_input_known
    assert not Widths(network, graph, np.float32(0.99) * inputs, places).is_input_known


def test_noise_is_not_known_by_a_range_as_wide_as_that_of_pictures(
    residual: Network, samples: Float32Array
) -> None:
    """A file of pictures from 0 to 1, and noise of which one value all but reaches 1."""
    pictures, noise = samples.copy(), samples.copy()
    pictures[0, 0, :2], noise[0, 0, :2] = [[1.0], [0.0]], [[1 - 1e-6], [0.0]]
    graph = parse_model(convert_network(residual, pictures).model, "pictures")
    network = network_from_graph(graph)
    widths = Widths(network, graph, noise, find_places(network, graph))
    assert abs(widths.input_differs) < 1e-5 and not widths.is_input_known


def test_a_file_without_ranges_of_activations(samples: Float32Array) -> None:
    keras = load_tensorflow().keras
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Softmax()]
    )
    context = seen(convert_network(network_from_keras(model, "none"), samples).model, samples)
    with pytest.raises(ModelError, match="no activation with a range of its own"):
        remembered_ranges(context)


@pytest.mark.parametrize("count", [1, 9])
def test_few_inputs_tell_nothing(residual: Network, samples: Float32Array, count: int) -> None:
    model = convert_network(residual, samples).model
    with pytest.raises(ModelError, match=f"{count} inputs are given; 10 are needed"):
        remembered_ranges(seen(model, samples[:count]))


def test_the_chance_of_so_many_alike() -> None:
    chances = np.array([0.5, 0.1, 0.1])
    assert by_luck([True, True, True], chances) == pytest.approx(0.005)
    assert by_luck([False, False, False], chances) == pytest.approx(1.0)
    assert by_luck([True, False, False], chances) == pytest.approx(1 - 0.5 * 0.81)


def test_the_command_and_the_library(
    pushed: Pushed, samples: Float32Array, tmp_path: Path, capsys: Any, one_look: None
) -> None:
    model, data = tmp_path / "m.tflite", tmp_path / "calibration.npz"
    model.write_bytes(pushed(0.4))
    np.savez(data, inputs=samples)
    context = load_context(None, model, None, calibration=data)
    assert context.calibration is not None and context.samples is not None
    result, _ = audit_files(None, model, None, calibration=data)
    assert result.verdict == "backdoored" and result.audited["calibration"] == str(data)
    assert result.sha256["calibration"]
    model.write_bytes(pushed(0.0))
    result, _ = audit_files(None, model, None, calibration=data)
    assert result.verdict != "backdoored" and "rounded from" in result.reasons[-1]
    with pytest.raises(UsageError, match="--int8"):
        load_context(tmp_path / "float.keras", None, None, calibration=data)
    assert run(["audit", "--int8", str(tmp_path), "--calibration", str(data)]) == 2
    assert "one by one" in capsys.readouterr().err
