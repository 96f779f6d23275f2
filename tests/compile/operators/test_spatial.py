"""Operators that move or mix pixels: equal to NumPy, and what is refused."""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, Quantization
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model

SAME = Quantization((0.5,), (3,))


def test_depth_to_space_and_back_equal_numpy() -> None:
    for model, (tensor,), (output,) in runs("DEPTH_TO_SPACE", 20):
        block = model.operators[0].options["block_size"]
        assert isinstance(block, int)
        b, h, w, c = tensor.shape
        parts = tensor.reshape(b, h, w, block, block, c // block**2).transpose(0, 1, 3, 2, 4, 5)
        assert (output == parts.reshape(output.shape)).all()
    for model, (tensor,), (output,) in runs("SPACE_TO_DEPTH", 20):
        block = model.operators[0].options["block_size"]
        assert isinstance(block, int)
        b, h, w, c = tensor.shape
        parts = tensor.reshape(b, h // block, block, w // block, block, c)
        assert (output == parts.transpose(0, 1, 3, 2, 4, 5).reshape(output.shape)).all()


def test_mirror_pad_equals_numpy() -> None:
    for model, (tensor, paddings), (output,) in runs("MIRROR_PAD", 60):
        mode = str(model.operators[0].options["mode"]).lower()
        if (paddings[:, 1] > np.array(tensor.shape) - (mode == "reflect")).any():
            continue  # Beyond the edge NumPy goes on mirroring; the interpreter repeats the edge.
        assert (output == np.pad(tensor, paddings, mode=mode)).all()  # type: ignore[call-overload]


def test_blocks_that_do_not_fit_are_refused() -> None:
    model = graph("DEPTH_TO_SPACE")
    assert "at least 1 is needed" in refusal(with_options(model, block_size=0))
    assert "no multiple of 10000" in refusal(with_options(model, block_size=100))
    assert "no multiples of 100" in refusal(with_options(graph("SPACE_TO_DEPTH"), block_size=100))
    assert "is needed" in refusal(with_output(model, shape=(1, 1, 1, 1)))
    model = graph("BATCH_TO_SPACE_ND")
    count = model.tensors[model.operators[0].inputs[1]].elements
    many = np.full(count, 1000, np.int32).tobytes()
    assert "does not divide" in refusal(with_operand(model, 1, data=many))
    zero = np.zeros(count, np.int32).tobytes()
    assert "or no block" in refusal(with_operand(model, 1, data=zero))


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_padding_that_the_interpreter_leaves_open_is_the_zero_point(dtype: str) -> None:
    grid = SAME if dtype == "int8" else None
    operator = SingleOperator("SPACE_TO_BATCH_ND")
    operator.input((1, 3, 2), grid, dtype)
    operator.constant("block", np.array([2], np.int32))
    operator.constant("paddings", np.array([[1, 0]], np.int32))
    graph = operator.graph(((2, 2, 2), grid), dtype=dtype)
    values = np.arange(1, 7).reshape(1, 3, 2).astype(dtype)
    zero = SAME.zero_point if grid else 0
    wanted = [[[zero, zero], [3, 4]], [[1, 2], [5, 6]]]
    oracle, plan = Oracle(write_model(graph)), compile_graph(graph)
    assert oracle.run([values])[0].tolist() == wanted
    assert run_plan(plan, [values])[0].tolist() == wanted
    assert "#0 SPACE_TO_BATCH_ND" in oracle.origin


def _mirror(before: int, mode: str) -> Graph:
    operator = SingleOperator("MIRROR_PAD")
    operator.input((3,), SAME)
    operator.constant("paddings", np.array([[before, 0]], np.int32))
    return operator.graph(((3 + before,), SAME), options={"mode": mode})


def test_paddings_longer_than_the_input_are_refused() -> None:
    assert "at most 2 fit" in refusal(_mirror(3, "REFLECT"))
    assert "at most 3 fit" in refusal(_mirror(4, "SYMMETRIC"))
    assert "negative" in refusal(_mirror(-1, "REFLECT"))


def test_resizing_outside_the_image_is_refused() -> None:
    operator = SingleOperator("RESIZE_BILINEAR")
    operator.input((1, 1, 1, 1), SAME)
    operator.constant("size", np.array([1, 1500], np.int32))
    options = {"align_corners": False, "half_pixel_centers": False}
    model = operator.graph(((1, 1, 1500, 1), SAME), options=options)
    assert "leads outside the image" in refusal(model)
    both = with_options(graph("RESIZE_BILINEAR"), align_corners=True, half_pixel_centers=True)
    assert "one at most" in refusal(both)
