"""Operators that cut, join, pick and repeat: equal to NumPy, and what is refused."""

import numpy as np
from tests.compile.operators.changes import refusal, with_operand, with_options, with_output
from tests.compile.operators.graphs import graph, runs
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph


def _bytes(*values: int) -> dict[str, object]:
    return {"data": np.array(values, np.int32).tobytes(), "shape": (len(values),)}


def test_equal_numpy() -> None:
    for _, operands, outputs in runs("SPLIT_V", 30):
        split_axis = int(operands[2])
        assert (np.concatenate(outputs, split_axis) == operands[0]).all()
    for model, operands, outputs in runs("UNPACK", 30):
        axis = model.operators[0].options["axis"]
        assert isinstance(axis, int)
        assert (np.stack(outputs, axis) == operands[0]).all()
    for model, operands, (output,) in runs("PACK", 30):
        axis = model.operators[0].options["axis"]
        assert isinstance(axis, int)
        assert (output == np.stack(operands, axis)).all()
    for _, (tensor, axes), (output,) in runs("REVERSE_V2", 30):
        assert (output == np.flip(tensor, tuple(int(a) for a in axes))).all()
    for _, (tensor, shape), (output,) in runs("BROADCAST_TO", 30):
        assert (output == np.broadcast_to(tensor, tuple(shape))).all()


def test_gather_equals_numpy() -> None:
    for model, (tensor, indices), (output,) in runs("GATHER", 40):
        options = model.operators[0].options
        axis, batch = options["axis"], options["batch_dims"]
        assert isinstance(axis, int)
        if not batch:
            assert (output == np.take(tensor, indices, axis)).all()
    for _, (tensor, indices), (output,) in runs("GATHER_ND", 40):
        assert (output == tensor[tuple(np.moveaxis(indices, -1, 0))]).all()


def test_axes_outside_are_refused() -> None:
    assert "is outside" in refusal(with_operand(graph("SPLIT_V"), 2, **_bytes(9)))
    assert "is outside" in refusal(with_options(graph("PACK"), axis=9))
    assert "is outside" in refusal(with_options(graph("UNPACK"), axis=-9))
    assert "is outside" in refusal(with_options(graph("GATHER"), axis=9))


def test_other_shapes_are_refused() -> None:
    for kind in ("SPLIT_V", "PACK", "UNPACK", "SLICE", "BROADCAST_TO", "GATHER", "GATHER_ND"):
        assert refusal(with_output(graph(kind), shape=(97,))), kind


def test_indices_outside_are_refused() -> None:
    for kind in ("GATHER", "GATHER_ND"):
        model = graph(kind, 3)
        indices = model.tensors[model.operators[0].inputs[1]]
        wrong = np.full(indices.shape, -1, np.int32).tobytes()
        assert "index -1" in refusal(with_operand(model, 1, data=wrong)) or kind == "GATHER_ND"
        assert refusal(with_operand(model, 1, data=wrong))


def test_reversed_axes_that_are_no_neighbours_are_refused() -> None:
    model = with_operand(graph("REVERSE_V2"), 0, shape=(2, 2, 2))
    assert "no neighbours" in refusal(with_operand(model, 1, **_bytes(0, 2)))


def test_slices_of_six_dimensions_are_taken() -> None:
    shape, begin = (1, 4, 2, 3, 2, 2), (0, 1, 0, 0, 0, 0)
    size = (1, 2, 2, 3, 2, 2)
    model = with_output(with_operand(graph("SLICE"), 0, shape=shape), shape=size)
    model = with_operand(with_operand(model, 1, **_bytes(*begin)), 2, **_bytes(*size))
    values = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    (output,) = run_plan(compile_graph(model), [values])
    assert (output == values[:, 1:3]).all()
