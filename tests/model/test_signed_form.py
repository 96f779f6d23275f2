"""Old uint8 models as int8 ones: the same real values, and nearly those of TensorFlow's kernels."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow

from qmcu.cli.main import run
from qmcu.compile.support import unsupported
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.signed_form import to_int8, unsigned_operators
from qmcu.model.writer import write_model
from qmcu.types import Array

PLAIN: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
WINDOW: dict[str, OptionValue] = {
    "padding": "SAME", "stride_h": 1, "stride_w": 1, "dilation_h_factor": 1,
    "dilation_w_factor": 1, "fused_activation_function": "RELU",
}  # fmt: skip


def _uint8(index: int, shape: tuple[int, ...], scale: float, zero: int) -> Tensor:
    return Tensor(index, f"t{index}", shape, "uint8", Quantization((scale,), (zero,)))


def _weights(index: int, values: Array, scale: float, zero: int) -> Tensor:
    grid = Quantization((scale,), (zero,))
    return Tensor(index, f"w{index}", values.shape, "uint8", grid, values.astype("u1").tobytes())


def _bias(index: int, values: Array, scale: float) -> Tensor:
    grid = Quantization((scale,), (0,))
    return Tensor(index, f"b{index}", values.shape, "int32", grid, values.astype("<i4").tobytes())


def _network(seed: int, *, rounded: bool = True) -> Graph:
    """Convolution, depthwise, two parts on different grids joined, a fully connected layer."""
    rng = np.random.default_rng(seed)
    conv = rng.integers(100, 171, (4, 3, 3, 2))
    conv[1, 0, 0, 0] = 255  # 127 from the zero point: kept
    conv[2, 1, 1, 1] = 0 if rounded else 1  # 128 from it: this channel is rounded
    depth = rng.integers(100, 171, (1, 3, 3, 4))
    depth[0, 0, 0, 3] = 0 if rounded else 4
    dense = rng.integers(0, 256, (5, 6 * 6 * 8))
    tensors = (
        _uint8(0, (1, 6, 6, 2), 1 / 64, 100),
        _weights(1, conv, 0.01, 128),
        _bias(2, rng.integers(-900, 900, 4), 0.01 / 64),
        _uint8(3, (1, 6, 6, 4), 0.02, 0),
        _weights(4, depth, 0.02, 131),
        _bias(5, rng.integers(-900, 900, 4), 0.02 * 0.02),
        _uint8(6, (1, 6, 6, 4), 0.03, 0),
        _uint8(7, (1, 6, 6, 8), 0.03, 0),
        _weights(8, dense, 0.002, 120),
        _bias(9, rng.integers(-900, 900, 5), 0.002 * 0.03),
        _uint8(10, (1, 5), 0.1, 128),
        _uint8(11, (1, 5), 1 / 256, 0),
    )
    operators = (
        Operator(0, "CONV_2D", (0, 1, 2), (3,), WINDOW),
        Operator(1, "DEPTHWISE_CONV_2D", (3, 4, 5), (6,), WINDOW | {"depth_multiplier": 1}),
        Operator(2, "CONCATENATION", (3, 6), (7,), PLAIN | {"axis": 3}),
        Operator(3, "FULLY_CONNECTED", (7, 8, 9), (10,), PLAIN),
        Operator(4, "SOFTMAX", (10,), (11,), {"beta": 1.0}),
    )
    return Graph("old", tensors, operators, (0,), (11, 10))


def _tensorflow(data: bytes, rows: Array) -> list[Array]:
    kind = tensorflow.lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = tensorflow.lite.Interpreter(
        model_content=data, experimental_op_resolver_type=kind
    )
    interpreter.allocate_tensors()
    found: list[list[Array]] = [[], []]
    for row in rows:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row[None])
        interpreter.invoke()
        for values, output in zip(found, interpreter.get_output_details(), strict=True):
            values.append(interpreter.get_tensor(output["index"])[0])
    return [np.stack(values) for values in found]


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_outputs_are_nearly_those_of_the_uint8_kernels(seed: int, rounded: bool) -> None:
    """Today's kernels round a tie otherwise; rounded weights may move a sum by some steps."""
    graph = _network(seed, rounded=rounded)
    form = to_int8(graph, "old.tflite")
    assert (form.channels, form.rounded) == (8, 2 if rounded else 0)
    assert unsupported(form.graph) == []
    rows = np.random.default_rng(seed + 100).integers(0, 256, (40, 6, 6, 2), np.uint8)
    oracle = Oracle(write_model(form.graph))
    answers = [oracle.run([(row[None] ^ 128).view(np.int8)]) for row in rows]
    found = [np.concatenate(values) for values in zip(*answers, strict=True)]
    for old, new in zip(_tensorflow(write_model(graph), rows), found, strict=True):
        away = np.abs(old.astype(int) - (new.astype(int) + 128))
        assert away.max() <= (10 if rounded else 1)
        assert np.mean(away > 0) < (0.3 if rounded else 0.05)


def test_real_values_of_weights_are_kept_where_int8_has_them() -> None:
    graph = _network(0)
    form = parse_model(write_model(to_int8(graph, "old.tflite").graph), "new")
    for old_op, new_op in zip(graph.operators[:2], form.operators[:2], strict=True):
        axis = 0 if old_op.kind == "CONV_2D" else 3
        rounded = 2 if old_op.kind == "CONV_2D" else 3
        old, new = graph.tensors[old_op.inputs[1]], form.tensors[new_op.inputs[1]]
        assert old.quantization is not None and new.quantization is not None
        shape = [1] * 4
        shape[axis] = -1
        was = (old.array.astype(float) - old.quantization.zero_point) * old.quantization.scale
        scales = np.array(new.quantization.scales).reshape(shape)
        away = np.abs(new.array * scales - was).max(axis=tuple({0, 1, 2, 3} - {axis}))
        assert (away[rounded] > 1e-6) and away[rounded] <= np.max(scales) / 2 * 1.001
        assert np.delete(away, rounded).max() < 1e-6
        before, bias = graph.tensors[old_op.inputs[2]], form.tensors[new_op.inputs[2]]
        assert before.quantization is not None
        assert bias.quantization is not None
        scales = np.array(bias.quantization.scales)
        was = before.array * before.quantization.scale
        np.testing.assert_allclose(bias.array * scales, was, atol=scales.max() / 1.99)


def test_parts_of_other_grids_are_moved_to_that_of_the_whole() -> None:
    kinds = [op.kind for op in to_int8(_network(0), "old.tflite").graph.operators]
    assert kinds == [
        "CONV_2D", "DEPTHWISE_CONV_2D", "QUANTIZE", "CONCATENATION", "FULLY_CONNECTED", "SOFTMAX"
    ]  # fmt: skip


def test_a_detector_s_end_reads_real_numbers() -> None:
    anchors = np.array([[0, 64, 128, 255], [1, 2, 3, 4]])
    tensors = (
        _uint8(0, (1, 2, 4), 0.1, 128), _uint8(1, (1, 2, 3), 1 / 256, 0),
        _weights(2, anchors, 0.02, 64),
        *(Tensor(i, f"y{i}", shape, "float32")
          for i, shape in enumerate([(1, 2, 4), (1, 2), (1, 2), (1,)], 3)),
    )  # fmt: skip
    end = Operator(0, "CUSTOM:TFLite_Detection_PostProcess", (0, 1, 2), (3, 4, 5, 6))
    graph = to_int8(Graph("old", tensors, (end,), (0, 1), (3, 4, 5, 6)), "old.tflite").graph
    assert [op.kind for op in graph.operators] == ["DEQUANTIZE", "DEQUANTIZE", end.kind]
    read = [graph.tensors[i] for i in graph.operators[2].inputs]
    assert [t.dtype for t in read] == ["float32"] * 3
    np.testing.assert_allclose(read[2].array, (anchors - 64) * 0.02, rtol=1e-6)


def test_what_goes_by_the_integers_is_refused_by_name() -> None:
    tensors = (_uint8(0, (1, 4), 0.1, 3), Tensor(1, "y", (1, 4), "int32"))
    graph = Graph("m", tensors, (Operator(0, "CAST", (0,), (1,)),), (0,), (1,))
    with pytest.raises(ModelError, match=r"old\.tflite: #0 CAST of uint8 has no form in int8"):
        to_int8(graph, "old.tflite")


def test_one_sentence_says_what_is_the_matter_with_all_layers() -> None:
    (problem,) = unsupported(_network(0))
    assert problem.startswith("5 of 5 operators compute with uint8 integers")
    assert "`qmcu convert old.tflite -o OUT.tflite` makes int8 of it" in problem


def test_uint8_at_the_ends_of_an_int8_model_is_not_old() -> None:
    tensors = (
        _uint8(0, (1, 4), 0.1, 128), Tensor(1, "x", (1, 4), "int8", Quantization((0.1,), (0,)))
    )  # fmt: skip
    graph = Graph("m", tensors, (Operator(0, "QUANTIZE", (0,), (1,)),), (0,), (1,))
    assert unsigned_operators(graph) == []


def test_operators_that_move_uint8_are_compiled_as_they_are() -> None:
    tensors = (_uint8(0, (1, 4), 0.1, 128), _uint8(1, (2, 2), 0.1, 128))
    operator = Operator(0, "RESHAPE", (0,), (1,), {"new_shape": (2, 2)})
    assert unsupported(Graph("m", tensors, (operator,), (0,), (1,))) == []


@pytest.mark.usefixtures("converter_here")
def test_the_command_takes_no_calibration_and_says_that_nothing_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.tflite", tmp_path / "new.tflite"
    old.write_bytes(write_model(_network(0)))
    np.savez(tmp_path / "c.npz", inputs=np.zeros((4, 6, 6, 2), np.float32))
    calibrated = ["convert", str(old), "--calibration", str(tmp_path / "c.npz"), "-o", str(new)]
    assert run(calibrated) == 2
    assert "becomes int8 by its own scales; leave --calibration out." in capsys.readouterr().err
    assert not new.exists()
    assert run(["convert", str(old), "-o", str(new), "--compare"]) == 0
    told = capsys.readouterr().out
    assert "weights of 2 of 8 channels of convolutions" in told and "nothing was compared" in told
    assert [t.dtype for t in parse_model(new.read_bytes(), "new").input_tensors] == ["int8"]
