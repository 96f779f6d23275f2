"""Operators that a converter writes and tflite-micro lacks, as forms of what it has."""

from math import erf

import numpy as np
import pytest

from qmcu.model.convert import operators_in_the_way
from qmcu.model.forms import settle, without_gelu
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model
from qmcu.types import Shape

GRID = Quantization((0.05,), (-20,))
MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def _constant(index: int, values: list[int]) -> Tensor:
    array = np.array(values, np.int32)
    return Tensor(index, f"c{index}", array.shape, "int32", None, array.tobytes())


def _slice(
    shape: Shape, result: Shape, bounds: tuple[list[int], ...], **masks: OptionValue
) -> bytes:
    tensors = [Tensor(0, "x", shape, "int8", GRID, None)]
    tensors += [_constant(i, values) for i, values in enumerate(bounds, 1)]
    tensors.append(Tensor(4, "y", result, "int8", GRID, None))
    options = {name: masks.get(name, 0) for name in MASKS}
    operator = Operator(0, "STRIDED_SLICE", (0, 1, 2, 3), (4,), options, 1)
    return write_model(Graph("m", tuple(tensors), (operator,), (0,), (4,)))


def test_slices_of_five_dimensions_are_taken_from_joined_ones() -> None:
    x = np.arange(96, dtype=np.int8).reshape(4, 1, 4, 3, 2)
    cases = [
        (x[2], _slice(x.shape, (1, 4, 3, 2), ([2, 0, 0, 0, 0], [3, 1, 4, 3, 2], [1] * 5),
                      begin_mask=30, end_mask=30, shrink_axis_mask=1)),
        (x[-1], _slice(x.shape, (1, 4, 3, 2), ([-1, 0, 0, 0, 0], [0, 1, 4, 3, 2], [1] * 5),
                       begin_mask=30, end_mask=30, shrink_axis_mask=1)),
        (x[1::2, :, 1:3], _slice(x.shape, (2, 1, 2, 3, 2), ([1, 0, 1, 0, 0], [4, 1, 3, 3, 2],
                                                            [2, 1, 1, 1, 1]))),
    ]  # fmt: skip
    for expected, data in cases:
        settled = settle(data)
        graph = parse_model(settled, "m")
        assert [op.kind for op in graph.operators] == ["RESHAPE", "STRIDED_SLICE", "RESHAPE"]
        (found,) = Oracle(settled).run([x])
        np.testing.assert_array_equal(found, expected)


def test_what_tflite_micro_takes_keeps_its_bytes() -> None:
    four = _slice((4, 1, 3, 2), (1, 1, 3, 2), ([2, 0, 0, 0], [3, 1, 3, 2], [1] * 4))
    assert settle(four) is four
    backwards = _slice((4, 1, 2, 3, 2), (4, 1, 2, 3, 2), ([3, 0, 0, 0, 0], [-5, 1, 2, 3, 2],
                                                          [-1, 1, 1, 1, 1]))  # fmt: skip
    kinds = [op.kind for op in parse_model(settle(backwards), "m").operators]
    assert kinds == ["STRIDED_SLICE"]


def test_gelu_is_written_out_in_real_numbers() -> None:
    tensors = tuple(Tensor(i, f"t{i}", (1, 200), "float32", None, None) for i in range(3))
    operators = tuple(
        Operator(i, "GELU", (i,), (i + 1,), {"approximate": False}, 1) for i in (0, 1)
    )
    data = write_model(Graph("m", tensors, operators, (0,), (2,)))
    written = without_gelu(data)
    kinds = [op.kind for op in parse_model(written, "m").operators]
    assert kinds == ["MUL", "MUL", "ADD", "MUL", "LOGISTIC", "MUL"] * 2
    x = np.linspace(-6, 6, 200, dtype=np.float32).reshape(1, 200)
    (found,) = Oracle(written).run([x])
    exact = np.vectorize(lambda v: v * (1 + erf(v / np.sqrt(2))) / 2)
    assert np.abs(found - exact(exact(x))).max() < 0.001
    assert without_gelu(written) is written


@pytest.mark.parametrize("kind", ["RELU"])
def test_other_files_keep_their_bytes(kind: str) -> None:
    tensors = tuple(Tensor(i, f"t{i}", (1, 8), "int8", GRID, None) for i in range(2))
    data = write_model(Graph("m", tensors, (Operator(0, kind, (0,), (1,), {}, 1),), (0,), (1,)))
    assert settle(data) is data and without_gelu(data) is data


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("'tf.MaxPool3D' op is neither a custom op", "tf.MaxPool3D. Layers of volumes are written"),
        ("error: 'tf.Conv3DBackpropInputV2' op", "take UpSampling3D and Conv3D"),
        ("error: 'tf.Betainc' op is neither", "the converter has no int8 form of tf.Betainc."),
        ("'tf.TensorListReserve' op requires", "build the layer with unroll=True"),
        ("nothing that is known", ""),
    ],
)
def test_what_the_converter_lacks_is_told_with_the_way_out(said: str, told: str) -> None:
    assert told in operators_in_the_way(said)
