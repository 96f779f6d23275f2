"""INT4 tensors: read, refused, and written; the interpreter then gives the int8 file's answers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.int4 import INT4, int4_form
from tests.support.small_models import dense

from qmcu.cli.main import run
from qmcu.compile import unsupported
from qmcu.errors import ModelError
from qmcu.model import parse_model, write_model
from qmcu.model.graph import Graph, Quantization
from qmcu.model.inspect import inspect_graph
from qmcu.model.int4 import pack_int4, unpack_int4
from qmcu.model.int4_file import int4_weights
from qmcu.model.oracle import Oracle


def with_tensor(graph: Graph, index: int, **changes: object) -> Graph:
    tensors = list(graph.tensors)
    tensors[index] = replace(tensors[index], **changes)  # type: ignore[arg-type]
    return replace(graph, tensors=tuple(tensors))


def small_weights(graph: Graph, low: int = -8, seed: int = 0) -> Graph:
    """The graph with int8 weights that fit int4."""
    weights = graph.tensors[graph.operators[0].inputs[1]]
    values = np.random.default_rng(seed).integers(low, 8, weights.shape).astype(np.int8)
    return with_tensor(graph, weights.index, data=values.tobytes())


def answers(model: bytes, graph: Graph) -> list[bytes]:
    oracle, rng = Oracle(model), np.random.default_rng(4)
    inputs = [
        [rng.integers(-128, 128, t.shape).astype(np.int8) for t in graph.input_tensors]
        for _ in range(3)
    ]
    return [output.tobytes() for one in inputs for output in oracle.run(one)]


def test_two_values_a_byte_low_nibble_first() -> None:
    assert pack_int4(np.array([1, -2, 7, -8, 3])).tolist() == [0xE1, 0x87, 0x03]
    assert unpack_int4(bytes([0xE1, 0x87, 0xF3]), 5).tolist() == [1, -2, 7, -8, 3]
    values = np.random.default_rng(0).integers(-8, 8, (4, 7))
    rows = pack_int4(values)
    assert rows.shape == (4, 4)
    assert [unpack_int4(row.tobytes(), 7).tolist() for row in rows] == values.tolist()
    with pytest.raises(ValueError, match="-9 to 0 do not fit int4"):
        pack_int4(np.array([-9, 0]))


def test_an_odd_count_is_read_and_shown() -> None:
    graph = int4_form(dense(5, 3))
    read = parse_model(write_model(graph), "odd")
    assert read.tensors[1].dtype == "int4" and read.tensors[1].size == 8
    assert (read.tensors[1].array == graph.tensors[1].array).all()
    found = inspect_graph(read)
    assert found.parameters == 15 + 3 and found.weight_bytes == 8 + 12
    assert found.operators[0].inputs[1].dtype == "int4" and found.fully_int8


@pytest.mark.parametrize("size", [1, 7, 9, 15])
def test_a_length_that_does_not_fit_is_refused(size: int) -> None:
    graph = with_tensor(int4_form(dense(5, 3)), 1, data=bytes(size))
    with pytest.raises(ModelError, match=f"needs 8 bytes and its buffer has {size}"):
        parse_model(write_model(graph))


def test_a_zero_point_beyond_int4_is_refused() -> None:
    grid = Quantization((0.25,), (8,))
    with pytest.raises(ModelError, match="zero point 8, outside -8 to 7"):
        parse_model(write_model(with_tensor(int4_form(dense()), 1, quantization=grid)))


@pytest.mark.parametrize(("index", "role"), [(0, "input in"), (3, "output out")])
def test_int4_activations_are_refused(index: int, role: str) -> None:
    found = unsupported(with_tensor(dense(), index, dtype="int4"))
    assert found[0].startswith(f"model {role} is int4, one of int8, int16")


def test_other_operators_refuse_int4_weights() -> None:
    graph = GENERATORS["TRANSPOSE_CONV"](np.random.default_rng(0))
    data = bytes((graph.tensors[1].elements + 1) // 2)
    (found,) = unsupported(with_tensor(graph, 1, dtype="int4", data=data))
    assert "weights weights is int4, int8 is needed" in found
    graph = GENERATORS["ADD"](np.random.default_rng(0))
    found = unsupported(with_tensor(graph, 0, dtype="int4"))[-1]
    assert "is int4, int8 is needed" in found


def test_a_scale_a_channel_is_refused_where_the_interpreter_refuses_it() -> None:
    graph = int4_form(dense(6, 4))
    grid = Quantization((0.25, 0.5, 0.25, 0.25), (0,) * 4)
    graph = with_tensor(graph, 1, quantization=grid)
    assert "int4 weights weights have 4 scales, 1 is needed" in unsupported(graph)[0]
    with pytest.raises(ModelError, match="interpreter refuses"):
        Oracle(write_model(graph))


@pytest.mark.parametrize("kind", INT4)
def test_packed_files_answer_as_int8_does(kind: str) -> None:
    packed = 0
    for seed in range(24):
        graph = GENERATORS[kind](np.random.default_rng(seed))
        grid = graph.tensors[graph.operators[0].inputs[1]]
        if not grid.is_constant or (grid.quantization and any(grid.quantization.zero_points)):
            # Weights that are computed or have a zero point, which no int4 form has.
            continue
        graph = small_weights(graph, -8 + seed % 2, seed)
        model = write_model(graph)
        found = int4_weights(model, rounding=False)
        if not found.layers[0].packed:
            # Scales for channels, which no int4 form has.
            assert kind == "FULLY_CONNECTED" and "a scale for each channel" in str(found.layers)
            assert found.model == model
            continue
        packed += 1
        read = parse_model(found.model)
        weights = read.tensors[graph.operators[0].inputs[1]]
        assert weights.dtype == "int4" and weights.size == (weights.elements + 1) // 2
        assert found.model == int4_weights(model, rounding=False).model
        assert int4_weights(found.model).model == found.model
        assert answers(found.model, graph) == answers(model, graph), seed
    assert packed >= 3


def test_equal_scales_of_a_fully_connected_layer_become_one() -> None:
    graph = small_weights(dense(6, 4))
    grid = Quantization((0.25,) * 4, (0,) * 4)
    graph = with_tensor(graph, 1, quantization=grid)
    graph = with_tensor(graph, 2, quantization=Quantization((0.125,) * 4, (0,) * 4))
    found = int4_weights(write_model(graph), rounding=False)
    assert found.layers[0].packed
    assert answers(found.model, graph) == answers(write_model(graph), graph)


def test_rounding_takes_the_nearest_of_fifteen_levels() -> None:
    graph = dense(6, 4)
    found = int4_weights(write_model(graph))
    read = parse_model(found.model)
    (scale,) = read.tensors[1].quantization.scales  # type: ignore[union-attr]
    levels = graph.tensors[1].array * 0.25 / scale
    assert np.abs(read.tensors[1].array - np.clip(levels, -7, 7)).max() <= 0.5 + 1e-6
    largest = 0.25 * np.abs(graph.tensors[1].array.astype(int)).max()
    assert largest / 14 - 1e-6 <= scale <= largest / 7 + 1e-6
    shift = read.tensors[2].array * scale * 0.5 - graph.tensors[2].array * 0.125
    assert np.abs(shift).max() <= scale / 4 + 1e-6
    real = np.linspace(-1, 1, 24).reshape(4, 6)
    given = parse_model(int4_weights(write_model(graph), reals={1: real}).model).tensors[1]
    assert given.array.min() == -7 and given.array.max() == 7
    assert int4_weights(write_model(graph), rounding=False).model == write_model(graph)


def test_a_channel_of_zeros_keeps_its_bias() -> None:
    graph = dense(6, 4)
    real = np.zeros((4, 6))
    # Beyond int4 in the file, so that it is rounded; zeros in the float network.
    loud = with_tensor(graph, 1, data=np.full(24, 100, np.int8).tobytes())
    read = parse_model(int4_weights(write_model(loud), reals={1: real}).model)
    assert read.tensors[1].quantization == graph.tensors[1].quantization
    assert (read.tensors[2].array == graph.tensors[2].array).all()


def test_the_step_is_that_of_the_least_squared_error() -> None:
    rng = np.random.default_rng(2)
    graph = dense(64, 8)
    real = rng.normal(size=(8, 64))
    real[0, 0] = 6.0
    tensor = parse_model(int4_weights(write_model(graph), reals={1: real}).model).tensors[1]
    (scale,) = tensor.quantization.scales  # type: ignore[union-attr]
    error = ((tensor.array * scale - real) ** 2).sum()
    coarse = ((np.round(real * 7 / 6) * 6 / 7 - real) ** 2).sum()
    assert scale < 6 / 7 and error < 0.8 * coarse


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_each_channel_has_a_step_of_its_own(kind: str) -> None:
    for seed in range(5):
        graph = GENERATORS[kind](np.random.default_rng(seed))
        before = graph.tensors[graph.operators[0].inputs[1]]
        after = parse_model(int4_weights(write_model(graph)).model).tensors[before.index]
        axis = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}[kind]
        shape = [-1 if i == axis else 1 for i in range(4)]
        scales = []
        for tensor in (before, after):
            assert tensor.quantization is not None
            steps = np.array(tensor.quantization.scales)
            scales.append(steps.reshape(shape) if steps.size > 1 else steps)
        reals = before.array * scales[0]
        wanted = np.clip(reals / scales[1], -7, 7)
        assert len(after.quantization.scales) == before.shape[axis]  # type: ignore[union-attr]
        assert np.abs(after.array - wanted).max() <= 0.5 + 1e-5


def test_weights_that_two_layers_read_stay() -> None:
    graph = small_weights(dense(4, 4))
    second = replace(graph.operators[0], index=1, inputs=(3, 1, 2), outputs=(4,))
    out = replace(graph.tensors[3], index=4, name="out2")
    graph = replace(
        graph, tensors=(*graph.tensors, out), operators=(*graph.operators, second), outputs=(4,)
    )
    found = int4_weights(write_model(graph))
    assert [layer.reason for layer in found.layers] == ["another layer reads weights too"] * 2
    assert found.model == write_model(graph)


@pytest.mark.usefixtures("converter_here")
def test_convert_packs_an_int8_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "m.tflite", tmp_path / "m4.tflite"
    source.write_bytes(write_model(dense(128, 64)))
    assert run(["convert", str(source), "-o", str(target)]) == 2
    assert "--weights int4 packs the weights of one in int8" in capsys.readouterr().err
    arguments = ["convert", str(source), "--weights", "int4", "-o", str(target)]
    assert run([*arguments, "--exact"]) == 2
    shown = capsys.readouterr().err
    assert "no layer can have int4 weights; l00_fully_connected: its weights reach 127" in shown
    assert not target.exists()
    assert run(arguments) == 0
    assert "8,192 weights of 1 of 1 layers in int4" in capsys.readouterr().out
    assert parse_model(target.read_bytes()).tensors[1].dtype == "int4"
    assert run(["size", str(target)]) == 0
    assert "really int4" in capsys.readouterr().out
    assert run(["inspect", str(target)]) == 0
    assert "int4" in capsys.readouterr().out
