"""Random graphs of elementwise operators in other types than int8, comparisons and CAST."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from bench.operators.elementwise import shapes
from bench.operators.reductions import average_pool_2d
from bench.operators.single import (
    SingleOperator,
    chance,
    float32,
    fused_activation,
    log_uniform,
    pick,
    quantization,
    quantization_of,
)

from qmcu.model.graph import Graph, OptionValue, Quantization, Tensor
from qmcu.types import Array

Rng = np.random.Generator
Shape = tuple[int, ...]

_SHAPES: tuple[Shape, ...] = ((256,), (1, 16, 16), (2, 4, 4, 8), (1, 256), (7,), (1, 3), (1,))
_ACTIVATED = ("ADD", "SUB", "MUL", "DIV")
_BITS = ("BITWISE_XOR", "RIGHT_SHIFT")
_DIVISIONS = ("DIV", "FLOOR_DIV", "FLOOR_MOD")


def unary(rng: Rng, kind: str, dtype: str = "float32") -> Graph:
    """Any shape; alpha of LEAKY_RELU small, zero, above one and negative."""
    operator = SingleOperator(kind)
    shape = pick(rng, *_SHAPES)
    operator.input(shape, None, dtype)
    options: dict[str, OptionValue] = {}
    if kind == "GELU":
        options["approximate"] = chance(rng, 0.5)
    if kind == "LEAKY_RELU":
        options["alpha"] = float32(pick(rng, 0.01, 0.3, 0.0, 2.5, -0.3, log_uniform(rng, 1e-4, 9)))
    return operator.graph((shape, None), options=options, dtype=dtype)


def binary(rng: Rng, kind: str, dtype: str = "float32") -> Graph:
    """Any broadcasting, constant operands, divisors of either sign."""
    options: dict[str, OptionValue] = {}
    if kind in _ACTIVATED and dtype != "int64":
        options["fused_activation_function"] = fused_activation(rng)
    same = quantization_of(rng, dtype) if dtype == "int16" else None
    return _binary(rng, kind, dtype, (same, same, same), dtype, options)


def comparison(rng: Rng, kind: str, dtype: str = "int8") -> Graph:
    """Scales alike, near and far apart; any broadcasting, constant operands."""
    first = second = None
    if dtype in ("int8", "int16"):
        first = quantization(rng, 1e-4, 0.9, dtype)
        second = pick(rng, first, quantization(rng, 1e-4, 0.9, dtype))
    return _binary(rng, kind, dtype, (first, second, None), "bool", {})


def cast(rng: Rng, dtype: str = "int8") -> Graph:
    """To every type that is cast to, those that only our own reference gives included."""
    operator = SingleOperator("CAST")
    shape = pick(rng, *_SHAPES)
    operator.input(shape, None, dtype)
    kinds = ["int8", "int16", "int32", "uint32", "bool", "float32", "uint8", "int64"]
    if dtype == "float32":
        kinds = kinds[:-2]
    return operator.graph((shape, None), dtype=str(pick(rng, *kinds)))


def rows(rng: Rng, kind: str, dtype: str = "float32") -> Graph:
    """Ranks 1 to 4, rows of 1 to 200; beta of SOFTMAX 1 and others."""
    leading = tuple(int(n) for n in rng.integers(1, 5, size=int(rng.integers(0, 4))))
    shape = (*leading, int(pick(rng, 1, 2, rng.integers(1, 20), rng.integers(1, 200))))
    operator = SingleOperator(kind)
    operator.input(shape, None, dtype)
    options: dict[str, OptionValue] = {}
    if kind == "SOFTMAX":
        options["beta"] = float32(pick(rng, 1.0, 1.0, log_uniform(rng, 0.01, 20)))
    return operator.graph((shape, None), options=options, dtype=dtype)


def layer(rng: Rng, of: Callable[[Rng], Graph]) -> Graph:
    """A graph of an int8 generator, with real numbers: inputs, weights, bias and outputs."""
    graph = of(rng)
    tensors = tuple(_real(rng, tensor) for tensor in graph.tensors)
    operators = tuple(replace(operator, version=1) for operator in graph.operators)
    return replace(graph, tensors=tensors, operators=operators)


def _real(rng: Rng, tensor: Tensor) -> Tensor:
    if tensor.name == "output_shape":
        return tensor
    data = tensor.data
    if data is not None:
        data = rng.normal(0, 1, tensor.shape).astype(np.float32).tobytes()
    return replace(tensor, dtype="float32", quantization=None, data=data)


def l2_pool_2d(rng: Rng, dtype: str = "float32") -> Graph:
    """Windows as of the other pools."""
    graph = layer(rng, average_pool_2d)
    (operator,) = graph.operators
    return replace(graph, operators=(replace(operator, kind="L2_POOL_2D"),))


def _binary(
    rng: Rng,
    kind: str,
    dtype: str,
    quantizations: tuple[Quantization | None, Quantization | None, Quantization | None],
    result: str,
    options: dict[str, OptionValue],
) -> Graph:
    both = shapes(rng)
    operator = SingleOperator(kind)
    # One of the two may be constant, never both.
    constant = int(pick(rng, 0, 1, 2, 2, 2))
    for position, shape in enumerate(both):
        if position == constant:
            values = _values(rng, shape, dtype, position == 1 and kind in _DIVISIONS)
            operator.constant(f"constant{position}", values, quantizations[position])
        else:
            operator.input(shape, quantizations[position], dtype)
    shape = np.broadcast_shapes(*both)
    version = 1 if kind in _BITS else 2
    return operator.graph((shape, quantizations[2]), options=options, version=version, dtype=result)


def _values(rng: Rng, shape: Shape, dtype: str, divides: bool) -> Array:
    """Constants like the inputs', so that some are equal; no zeros where they divide."""
    values: Array
    if dtype == "bool":
        values = rng.integers(0, 2, shape).astype(np.bool_)
    elif dtype == "float32":
        values = np.asarray(rng.uniform(-8, 8, shape), np.float32)
        if chance(rng, 0.3):
            values = np.asarray(np.round(values), np.float32)
    else:
        limit = 128 if dtype == "int8" else 1000
        values = rng.integers(-limit, limit, shape).astype(dtype)
    return np.where(values == 0, np.ones_like(values), values) if divides else values
