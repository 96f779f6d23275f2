"""Operators that become others give the bytes that the interpreter gives for what the file says."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.single import SingleOperator
from tests.support.host_run import run_on_host

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.operators import OPERATORS, checks
from qmcu.compile.staging import stage
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model

GRID = Quantization((0.05,), (3,))


def compare(graph: Graph) -> None:
    rng = np.random.default_rng(2)
    vectors = [[random_array(rng, graph, t, 1)[0] for t in graph.input_tensors] for _ in range(4)]
    oracle = Oracle(write_model(graph))
    expected = [[a.tobytes() for a in oracle.run(inputs)] for inputs in vectors]
    assert run_on_host(graph, vectors) == expected


@pytest.mark.parametrize(
    "kind",
    [
        "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "SPLIT", "STRIDED_SLICE",
        "RESIZE_NEAREST_NEIGHBOR", "MAXIMUM", "MINIMUM", "RELU6", "LOGISTIC", "TANH",
        "CONCATENATION int16", "PAD int16", "MAXIMUM int16",
    ],
)  # fmt: skip
def test_scales_that_the_interpreter_does_not_look_at_may_differ(kind: str) -> None:
    """Converters write such models; the interpreter moves and compares bytes as they are."""
    for seed in range(3):
        graph = GENERATORS[kind](np.random.default_rng(seed))
        output = graph.output_tensors[0]
        assert output.quantization is not None
        grid = replace(output.quantization, scales=(output.quantization.scale * 1.75,))
        tensors = tuple(
            replace(t, quantization=grid) if t.index == output.index else t for t in graph.tensors
        )
        compare(replace(graph, tensors=tensors))


def product(dtype: str, activation: str, *, bias: bool = False) -> Graph:
    grid = GRID if dtype == "int8" else None
    target = Quantization((0.3,), (-5,)) if grid else None
    operator = SingleOperator("FULLY_CONNECTED")
    operator.input((3, 7), grid, dtype)
    operator.input((4, 7), grid, dtype)
    if bias:
        operator.constant("bias", np.zeros(4, "int32" if grid else "float32"))
    else:
        operator.absent()
    options: dict[str, OptionValue] = {
        "fused_activation_function": activation, "weights_format": "DEFAULT",
        "keep_num_dims": False, "asymmetric_quantize_inputs": False,
    }  # fmt: skip
    return operator.graph(((3, 4), target), options=options, version=4, dtype=dtype)


@pytest.mark.parametrize("activation", ["NONE", "RELU", "RELU6"])
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_computed_weights_are_a_matrix_product(dtype: str, activation: str) -> None:
    graph = product(dtype, activation)
    assert compile_graph(graph).calls[0].kind == "BATCH_MATMUL"
    compare(graph)


@pytest.mark.parametrize("activation", ["NONE", "RELU"])
def test_computed_weights_are_as_long_as_the_rows_of_whatever_input(activation: str) -> None:
    # 2 x 3 x 16 values are 2 rows of 48.
    operator = SingleOperator("FULLY_CONNECTED")
    operator.input((2, 3, 16), None, "float32")
    operator.input((5, 48), None, "float32")
    options: dict[str, OptionValue] = {
        "fused_activation_function": activation, "weights_format": "DEFAULT",
        "keep_num_dims": False, "asymmetric_quantize_inputs": False,
    }  # fmt: skip
    compare(operator.graph(((2, 5), None), options=options, version=4, dtype="float32"))


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("shape", [(6, 5), (2, 3, 5), (6, 1, 5)])
def test_rows_of_several_dimensions_may_become_rows_of_fewer(
    dtype: str, shape: tuple[int, ...]
) -> None:
    """Attention written as FULLY_CONNECTED, whose result has no dimension for the heads."""
    grid = GRID if dtype == "int8" else None
    operator = SingleOperator("FULLY_CONNECTED")
    operator.input((1, 2, 3, 16), grid, dtype)
    operator.input((5, 16), grid, dtype)
    options: dict[str, OptionValue] = {
        "fused_activation_function": "RELU", "weights_format": "DEFAULT",
        "keep_num_dims": False, "asymmetric_quantize_inputs": False,
    }  # fmt: skip
    target = Quantization((0.3,), (-5,)) if grid else None
    compare(operator.graph((shape, target), options=options, version=4, dtype=dtype))


@pytest.mark.parametrize("activation", ["NONE", "RELU_N1_TO_1"])
def test_computed_weights_with_a_bias_have_a_kernel_of_their_own(activation: str) -> None:
    graph = product("int8", activation, bias=True)
    assert [call.kernel for call in compile_graph(graph).calls] == ["fully_connected_offset"]
    compare(graph)


def parts(kind: str, count: int) -> Graph:
    operator = SingleOperator(kind)
    for part in range(count):
        if part % 3 == 1:
            operator.constant(f"part{part}", np.arange(6, dtype=np.int8) - part, GRID)
        else:
            operator.input((6,), GRID)
    shape = (6,) if kind == "ADD_N" else (count, 6)
    options: dict[str, OptionValue] = {} if kind == "ADD_N" else {"axis": 0, "values_count": count}
    return operator.graph((shape, GRID), options=options)


@pytest.mark.parametrize(("kind", "count", "copies"), [("ADD_N", 5, 2), ("PACK", 12, 4)])
def test_constants_are_copied_where_a_kernel_wants_activations(
    kind: str, count: int, copies: int
) -> None:
    graph = parts(kind, count)
    assert [c.kernel for c in compile_graph(graph).calls].count("copy") == copies
    compare(graph)


def test_what_needs_nothing_stays_itself() -> None:
    graph = parts("PACK", 9)
    assert stage(graph) is graph
    assert [c.kernel for c in compile_graph(graph).calls] == ["concatenation"]


def test_a_shape_that_is_computed_is_not_looked_at() -> None:
    operator = SingleOperator("RESHAPE")
    operator.input((2, 6), GRID)
    operator.input((2,), None, "int32")
    graph = operator.graph(((3, 4), GRID), options={"new_shape": (3, 4)})
    compare(graph)


def test_a_slice_that_would_begin_outside_is_moved_to_where_it_fits() -> None:
    operator = SingleOperator("SLICE")
    operator.input((3, 4), GRID)
    operator.input((2,), None, "int64")
    operator.constant("size", np.array([2, 2], np.int64))
    graph = operator.graph(((2, 2), GRID), version=2)
    values = np.arange(12, dtype=np.int8).reshape(3, 4)
    vectors: list[list[np.ndarray]] = [
        [values, np.array(begin, np.int64)] for begin in ([-(2**40), 9], [1, 1])
    ]
    found = run_on_host(graph, vectors)
    assert found == [[values[:2, 2:].tobytes()], [values[1:, 1:3].tobytes()]]


@pytest.mark.parametrize("kind", ["FULLY_CONNECTED", "RESHAPE", "PACK", "ADD_N", "SVDF"])
def test_an_operator_without_inputs_is_refused_in_words(kind: str) -> None:
    tensor = Tensor(0, "x", (1, 4), "int8", Quantization((0.5,), (0,)))
    out = Tensor(1, "y", (1, 4), "int8", Quantization((0.5,), (0,)))
    graph = Graph("m", (tensor, out), (Operator(0, kind, (), (1,), {}),), (0,), (1,))
    assert unsupported(graph)


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("ADD", "int8"), ("LESS", "int32"), ("MAXIMUM", "float32"), ("ATAN2", "float32"),
        ("RIGHT_SHIFT", "int32"), ("BITWISE_XOR", "int32"), ("MUL", "int64"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("fixed", [False, True])
def test_inputs_that_take_turns_in_six_dimensions(kind: str, dtype: str, fixed: bool) -> None:
    grid = GRID if dtype == "int8" else None
    operator = SingleOperator(kind)
    operator.input((2, 1, 3, 1, 2, 1), grid, dtype)
    second = (1, 3, 1, 2, 1, 3)
    if fixed:
        operator.constant("fixed", np.arange(18).reshape(second).astype(dtype), grid)
    else:
        operator.input(second, grid, dtype)
    truth = kind == "LESS"
    options: dict[str, OptionValue] = {"fused_activation_function": "NONE"} if kind == "ADD" else {}
    compare(
        operator.graph(
            ((2, 3, 3, 2, 2, 3), None if truth else grid),
            options=options,
            dtype="bool" if truth else dtype,
        )
    )


def test_whatever_repeats_its_inputs_has_walks_short_enough() -> None:
    shapes = ((2, 1, 3, 1, 2, 1), (1, 3, 1, 2, 1, 3))
    repeating = [
        (kind, form)
        for kind, forms in OPERATORS.items()
        for form in forms
        if checks.BROADCAST_RANK in form.constraints and kind != "PRELU"
    ]
    assert len(repeating) > 40
    for kind, form in repeating:
        operator = SingleOperator(kind)
        for shape in shapes:
            operator.input(shape, None, form.types[0])
        staged = stage(operator.graph(((2, 3, 3, 2, 2, 3), None), dtype=form.types[0]))
        assert len(staged.operators) > 1, f"{kind} {form.types}"


def test_a_model_without_operators_gives_its_input() -> None:
    tensor = Tensor(0, "same", (2, 3), "int8", GRID)
    compare(Graph("none", (tensor,), (), (0,), (0,)))


def test_sums_of_many_inputs_wrap_as_the_interpreter_s_do() -> None:
    operator = SingleOperator("ADD_N")
    for _ in range(40):
        operator.input((1, 5), Quantization((0.05,), (-128,)))
    graph = operator.graph(((1, 5), Quantization((1.0,), (0,))))
    most = [np.full((1, 5), 127, np.int8)] * 40
    (expected,) = Oracle(write_model(graph)).run(most)
    # The sum of 40 times 255 is not what comes out.
    assert run_on_host(graph, [most]) == [[expected.tobytes()]]
    assert expected.max() < 127
