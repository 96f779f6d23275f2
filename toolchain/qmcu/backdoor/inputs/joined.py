"""Several inputs of a model as one: laid end to end, each in units of its own range.

A search that knows one input with one range then works for all of them at once, whatever each
measures. Whole numbers that choose rows of a table (words, categories) are a place for every row;
the highest is the one that is chosen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qmcu.errors import VectorError
from qmcu.types import Array, Float32Array

# How high the place of a chosen row is; the middle, so that others can rise above it.
CHOSEN = 0.5


class JoinedShape(tuple[int, ...]):
    """The shape [values] of inputs laid end to end, which knows the shapes of its `parts`."""

    parts: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, parts: Sequence[tuple[int, ...]]) -> "JoinedShape":
        """The shape of these, end to end."""
        shape = cls((sum(math.prod(part) for part in parts),))
        shape.parts = tuple(parts)
        return shape

    def embed(self, masks: Sequence[Float32Array]) -> Float32Array:
        """Masks of each part, [R, *its shape], as masks of all, [sum of R, values]."""
        ends = np.cumsum([math.prod(part) for part in self.parts])
        found = []
        for own, part, end in zip(masks, self.parts, ends, strict=True):
            whole = np.zeros((len(own), *self), np.float32)
            whole[:, end - math.prod(part) : end] = own.reshape(len(own), -1)
            found.append(whole)
        return np.concatenate(found)


@dataclass(frozen=True)
class Part:
    """One input: its `name`, `shape` without the batch and the real values that are 0 and 1 in its
    own units; of whole numbers `rows` is how many they choose among, else 0.
    """

    name: str
    shape: tuple[int, ...]
    low: float
    high: float
    rows: int = 0

    @property
    def places(self) -> tuple[int, ...]:
        """The shape of what stands for it."""
        return (*self.shape, self.rows) if self.rows else self.shape

    @property
    def width(self) -> float:
        """From `low` to `high`; 1 where they are the same."""
        return self.high - self.low or 1.0


def part_name(number: int) -> str:
    """What a part is called in a function that takes the parts one by one, sorted in order."""
    return f"part_{number:03d}"


@dataclass(frozen=True)
class Parts:
    """The inputs of a model in its order."""

    parts: tuple[Part, ...]

    @property
    def shape(self) -> JoinedShape:
        """The shape of one joined input."""
        return JoinedShape.of([part.places for part in self.parts])

    @property
    def whole_numbers(self) -> bool:
        """True where some input chooses rows of a table."""
        return any(part.rows for part in self.parts)

    def join(self, arrays: Sequence[Array]) -> Float32Array:
        """Real inputs, one array [N, ...] for each part, as [N, values]. Raises VectorError."""
        columns = []
        for part, array in zip(self.parts, arrays, strict=True):
            if array.shape[1:] != part.shape:
                raise VectorError(
                    f"the inputs of {part.name} are {list(array.shape[1:])} and the model takes "
                    f"{list(part.shape)}."
                )
            values = np.asarray((array - part.low) / part.width, np.float32)
            if part.rows:
                values = _chosen(part, array)
            columns.append(values.reshape(len(array), -1))
        return np.concatenate(columns, axis=1)

    def split(self, joined: Float32Array) -> list[Array]:
        """The inverse: float32 [N, ...] for each part, int32 of whole numbers."""
        ends = np.cumsum([math.prod(part.places) for part in self.parts])[:-1]
        found: list[Array] = []
        for part, values in zip(self.parts, np.split(joined, ends, axis=1), strict=True):
            shaped = values.reshape(len(joined), *part.places)
            if part.rows:
                found.append(shaped.argmax(axis=-1).astype(np.int32))
            else:
                found.append(np.asarray(shaped * part.width + part.low, np.float32))
        return found


def _chosen(part: Part, array: Array) -> Float32Array:
    if (array != np.floor(array)).any() or array.min() < 0 or array.max() >= part.rows:
        raise VectorError(
            f"the inputs of {part.name} choose among {part.rows} rows and reach from "
            f"{array.min():g} to {array.max():g}; whole numbers from 0 are needed."
        )
    values = np.zeros((*array.shape, part.rows), np.float32)
    np.put_along_axis(values, array.astype(np.int64)[..., None], CHOSEN, axis=-1)
    return values
