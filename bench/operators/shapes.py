"""Random RESHAPE, SQUEEZE and EXPAND_DIMS graphs."""

import numpy as np
from bench.operators.single import SingleOperator, chance, pick, quantization_of

from qmcu.model.graph import Graph, OptionValue

Rng = np.random.Generator


def reshape(rng: Rng, dtype: str = "int8") -> Graph:
    """To any rank from 1 to 5, with and without the shape operand, also with a -1 in it."""
    shape = tuple(int(n) for n in rng.choice([1, 2, 3, 4, 6], size=int(rng.integers(1, 5))))
    factors = [p for n in shape for p in _primes(n)]
    rng.shuffle(factors)
    result = [1] * int(rng.integers(1, 6))
    for factor in factors:
        result[int(rng.integers(len(result)))] *= factor
    stated = list(result)
    if chance(rng, 0.3):
        stated[int(rng.integers(len(stated)))] = -1
    same = quantization_of(rng, dtype)
    operator = SingleOperator("RESHAPE")
    operator.input(shape, same, dtype)
    if chance(rng, 0.7):
        operator.constant("shape", np.array(stated, np.int32))
    elif chance(rng, 0.2):
        # The output has its shape already: what this holds is not looked at.
        operator.input((len(result),), None, "int32")
    options: dict[str, OptionValue] = {"new_shape": tuple(stated)}
    return operator.graph((tuple(result), same), options=options, dtype=dtype)


def squeeze(rng: Rng, dtype: str = "int8") -> Graph:
    """All dimensions of length 1 or some of them, counted from either end."""
    rank = int(rng.integers(2, 6))
    shape = tuple(1 if chance(rng, 0.5) else int(rng.integers(2, 6)) for _ in range(rank))
    ones = [axis for axis, length in enumerate(shape) if length == 1]
    chosen = [axis for axis in ones if chance(rng, 0.6)]
    gone = chosen or ones
    result = tuple(length for axis, length in enumerate(shape) if axis not in gone)
    stated = tuple(axis - rank if chance(rng, 0.3) else axis for axis in chosen)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("SQUEEZE")
    operator.input(shape, same, dtype)
    return operator.graph((result, same), options={"squeeze_dims": stated}, dtype=dtype)


def expand_dims(rng: Rng, dtype: str = "int8") -> Graph:
    """The new dimension anywhere, counted from either end."""
    rank = int(rng.integers(1, 5))
    shape = tuple(int(n) for n in rng.integers(1, 7, size=rank))
    axis = int(rng.integers(-rank - 1, rank + 1))
    result = list(shape)
    result.insert(axis if axis >= 0 else axis + rank + 1, 1)
    same = quantization_of(rng, dtype)
    operator = SingleOperator("EXPAND_DIMS")
    operator.input(shape, same, dtype)
    operator.constant("axis", np.array(pick(rng, axis, [axis]), np.int32))
    return operator.graph((tuple(result), same), dtype=dtype)


def _primes(number: int) -> list[int]:
    for prime in (2, 3):
        if number % prime == 0:
            return [prime, *_primes(number // prime)]
    return []
