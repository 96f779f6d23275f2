"""Elementwise operators of real numbers and wide integers where random graphs seldom go.

Ties, infinities, what is not a number, what does not fit: our kernels beside the interpreter.
"""

import numpy as np
import pytest
from bench.operators.single import SingleOperator
from tests.compile.operators.changes import refusal
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph, OptionValue, Quantization
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model
from qmcu.types import Array

_GREATEST = float(np.finfo(np.float32).max)
# fmt: off
_SPECIAL = np.array([
    0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999997, -0.3, 8388607.5, -8388608.5, 1e-40, -1e-45,
    127.6, 128.0, -129.0, 32768.0, -32769.0, 2147483520.0, 2147483648.0, -2147483648.0, 3e9, -3e9,
    1e20, _GREATEST, -_GREATEST, np.inf, -np.inf, np.nan, 88.8, -87.4, -104.0, 16.7, -9.1,
], np.float32)
# fmt: on
_REAL_FUNCTIONS = (
    "ABS",
    "NEG",
    "SQUARE",
    "CEIL",
    "FLOOR",
    "ROUND",
    "RELU",
    "RELU6",
    "LEAKY_RELU",
    "HARD_SWISH",
    "EXP",
    "LOGISTIC",
    "TANH",
    "ELU",
)  # fmt: skip


def _unary(kind: str, source: str, target: str, size: int) -> Graph:
    operator = SingleOperator(kind)
    operator.input((size,), None, source)
    options: dict[str, OptionValue] = {"alpha": 0.25} if kind == "LEAKY_RELU" else {}
    return operator.graph(((size,), None), options=options, dtype=target)


def _binary(kind: str, dtype: str, result: str, size: int) -> Graph:
    operator = SingleOperator(kind)
    for _ in range(2):
        operator.input((size,), None, dtype)
    options: dict[str, OptionValue] = {}
    if kind in ("ADD", "SUB", "MUL", "DIV"):
        options["fused_activation_function"] = "NONE"
    return operator.graph(((size,), None), options=options, dtype=result)


def _both(graph: Graph, *inputs: Array) -> tuple[Array, Array]:
    (ours,) = run_plan(compile_graph(graph), inputs)
    (theirs,) = Oracle(write_model(graph)).run(list(inputs))
    return ours, theirs


def _assert_same(ours: Array, theirs: Array) -> None:
    """The same bytes, but for those of what is not a number."""
    number = np.ones(ours.shape, bool)
    if ours.dtype == np.float32:
        number = ~np.isnan(theirs)
        assert (np.isnan(ours) == ~number).all()
    assert ours[number].tobytes() == theirs[number].tobytes()


@pytest.mark.parametrize("kind", _REAL_FUNCTIONS)
def test_special_numbers(kind: str) -> None:
    graph = _unary(kind, "float32", "float32", _SPECIAL.size)
    _assert_same(*_both(graph, _SPECIAL))


@pytest.mark.parametrize("kind", ["SQRT", "RSQRT", "LOG"])
def test_special_numbers_of_what_is_defined_above_zero(kind: str) -> None:
    values = np.abs(_SPECIAL)
    _assert_same(*_both(_unary(kind, "float32", "float32", values.size), values))


@pytest.mark.parametrize("kind", ["SIN", "COS"])
def test_angles_of_every_size(kind: str) -> None:
    values = np.concatenate([_SPECIAL, np.geomspace(1e-6, 3e38, 500, dtype=np.float32)])
    _assert_same(*_both(_unary(kind, "float32", "float32", values.size), values))


@pytest.mark.parametrize("target", ["int8", "int16", "int32", "bool", "float32"])
def test_casts_of_what_does_not_fit(target: str) -> None:
    graph = _unary("CAST", "float32", target, _SPECIAL.size)
    _assert_same(*_both(graph, _SPECIAL))


@pytest.mark.parametrize("target", ["int8", "int16", "bool", "float32"])
def test_casts_of_wide_integers(target: str) -> None:
    values = np.array([0, -1, 127, 128, -129, 40000, -(2**31), 2**31 - 1, 16777217], np.int32)
    _assert_same(*_both(_unary("CAST", "int32", target, values.size), values))


def _pairs() -> tuple[Array, Array]:
    first, second = np.meshgrid(_SPECIAL, _SPECIAL)
    return first.reshape(-1), second.reshape(-1)


@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "FLOOR_MOD"])
def test_pairs_of_special_numbers(kind: str) -> None:
    first, second = _pairs()
    _assert_same(*_both(_binary(kind, "float32", "float32", first.size), first, second))


def test_floor_div_of_special_numbers() -> None:
    first, second = _pairs()
    # The interpreter does not divide by zero.
    first, second = first[second != 0], second[second != 0]
    _assert_same(*_both(_binary("FLOOR_DIV", "float32", "float32", first.size), first, second))


@pytest.mark.parametrize(
    "kind", ["EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"]
)
def test_comparisons_of_special_numbers(kind: str) -> None:
    first, second = _pairs()
    _assert_same(*_both(_binary(kind, "float32", "bool", first.size), first, second))


@pytest.mark.parametrize("kind", ["ADD", "SUB", "MUL"])
def test_integers_wrap_around(kind: str) -> None:
    values = np.array([0, 1, -1, 65536, 2**31 - 1, -(2**31), 123456789], np.int32)
    first, second = (a.reshape(-1) for a in np.meshgrid(values, values))
    _assert_same(*_both(_binary(kind, "int32", "int32", first.size), first, second))


@pytest.mark.parametrize("kind", ["FLOOR_DIV", "FLOOR_MOD"])
def test_floors_of_integers_of_either_sign(kind: str) -> None:
    values = np.array([7, -7, 8, -8, 0, 1, -1, 2**31 - 1, -(2**31)], np.int32)
    first, second = (a.reshape(-1) for a in np.meshgrid(values, values[values != 0]))
    _assert_same(*_both(_binary(kind, "int32", "int32", first.size), first, second))


def test_a_constant_divisor_of_zero_is_refused() -> None:
    operator = SingleOperator("DIV")
    operator.input((2,), None, "int32")
    operator.constant("divisor", np.array([3, 0], np.int32))
    options: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
    graph = operator.graph(((2,), None), options=options, dtype="int32")
    assert "holds a zero, by which the interpreter does not divide" in refusal(graph)


def test_a_scale_of_one_is_refused_where_the_interpreter_has_no_multiplier_for_it() -> None:
    operator = SingleOperator("LESS")
    for _ in range(2):
        operator.input((2,), Quantization((1.0,), (0,)))
    assert "scale 1, less than 1 is needed" in refusal(operator.graph(((2,), None), dtype="bool"))


def test_weights_may_be_computed_at_run_time() -> None:
    operator = SingleOperator("FULLY_CONNECTED")
    operator.input((2, 5), None, "float32")
    operator.input((3, 5), None, "float32")
    options: dict[str, OptionValue] = {"fused_activation_function": "RELU"}
    graph = operator.graph(((2, 3), None), options=options, dtype="float32")
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=shape).astype(np.float32) for shape in ((2, 5), (3, 5))]
    _assert_same(*_both(graph, *inputs))


def test_int16_is_compared_by_the_numbers_that_it_stands_for() -> None:
    grids = (Quantization((0.5,), (0,)), Quantization((0.25,), (0,)))
    operator = SingleOperator("GREATER")
    for grid in grids:
        operator.input((1, 4), grid, "int16")
    graph = operator.graph(((1, 4), None), dtype="bool")
    first, second = np.array([[1, 2, 3, -4]], np.int16), np.array([[1, 4, 7, -9]], np.int16)
    wanted = [[True, False, False, True]]
    oracle = Oracle(write_model(graph))
    assert oracle.run([first, second])[0].tolist() == wanted
    assert run_plan(compile_graph(graph), [first, second])[0].tolist() == wanted
    assert "#0 GREATER" in oracle.origin
