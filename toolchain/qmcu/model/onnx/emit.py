"""The Graph that is written of a Net: tensors in their order in memory, operators one by one.

An operator is computed in integers where all its activations are quantized, else in real numbers
with DEQUANTIZE before and QUANTIZE behind it; those are counted, for they are slow on a device.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor, without_unused
from qmcu.model.onnx.layout import Order, joined_runs, placed, plain, same_memory
from qmcu.model.onnx.net import Net, Node, Value
from qmcu.types import Array, Shape

# A TFLite operator takes at most this many dimensions.
_MOST_DIMENSIONS = 8
# tflite-micro's TRANSPOSE takes fewer.
_MOST_TRANSPOSED = 5
# Operators that bring the numbers of each operand to their result's by themselves.
_ANY_GRID = {"Add", "Mul", "Sub"}


def covers(wide: Quantization, narrow: Quantization | None, dtype: str) -> bool:
    """Whether numbers of `wide` reach as far as those of `narrow`, but for less than a step."""
    if narrow is None:
        return False
    info = np.iinfo(dtype)
    ends = [
        [(n - grid.zero_point) * grid.scale for n in (info.min, info.max)]
        for grid in (wide, narrow)
    ]
    step = max(wide.scale, narrow.scale)
    return ends[0][0] <= ends[1][0] + step and ends[0][1] >= ends[1][1] - step


@dataclass(frozen=True)
class Place:
    """Where a value lies: its tensor, its order, and how its last axis in memory is mixed.

    `columns[k]` is the ONNX position of what stands at k, None where that is k.
    """

    index: int
    order: Order
    columns: tuple[int, ...] | None = None


class Emitter:
    """Tensors and operators of a Graph that is being written."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self.places: dict[str, Place] = {}
        self.integer = False
        # The integers that the node at hand computes with.
        self.width = "int8"
        self.moves: list[str] = []
        self.chosen: list[str] = []
        self.requantized: list[str] = []
        # Weights with integers of the file's own: their name, how many there are and are kept.
        self.weights: list[tuple[str, int, int]] = []
        self.biases: list[tuple[str, int, float]] = []
        self._real: dict[int, int] = {}
        self._moved: dict[tuple[int, Order], int] = {}
        self._constants: dict[tuple[object, ...], int] = {}
        self._names: set[str] = set()

    # Tensors

    def tensor(
        self,
        name: str,
        shape: Shape,
        dtype: str,
        quantization: Quantization | None = None,
        data: Array | None = None,
    ) -> int:
        """A new tensor; its name gets a number where it is taken."""
        if len(shape) > _MOST_DIMENSIONS:
            raise ModelError(f"{self.net.name}: {name} has {len(shape)} dimensions, TFLite 8.")
        free, count = name or "tensor", 1
        while free in self._names:
            free, count = f"{name}_{count}", count + 1
        self._names.add(free)
        stored = None if data is None else np.ascontiguousarray(data).tobytes()
        index = len(self.tensors)
        self.tensors.append(Tensor(index, free, tuple(shape), dtype, quantization, stored))
        return index

    def constant(self, name: str, data: Array, quantization: Quantization | None = None) -> int:
        """A constant tensor, the same one for the same contents."""
        key = (data.dtype.str, data.shape, data.tobytes(), quantization)
        if key not in self._constants:
            self._constants[key] = self.tensor(
                name, data.shape, str(data.dtype), quantization, data
            )
        return self._constants[key]

    def integers(self, name: str, values: Sequence[int]) -> int:
        """A constant of int32: a shape, axes, paddings."""
        return self.constant(name, np.array(values, np.int32))

    # Operators

    def add(
        self,
        kind: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        version: int = 1,
        /,
        **options: OptionValue,
    ) -> None:
        """Append an operator."""
        index = len(self.operators)
        self.operators.append(
            Operator(index, kind, tuple(inputs), tuple(outputs), options, version)
        )

    def shape(self, index: int) -> Shape:
        """A tensor's shape in memory."""
        return self.tensors[index].shape

    def grid(self, index: int) -> tuple[str, Quantization | None]:
        """A tensor's type and quantization."""
        return self.tensors[index].dtype, self.tensors[index].quantization

    # Values

    def place(self, name: str) -> Place:
        """Where an activation or constant lies, as numbers of the kind that are computed with."""
        if name not in self.places:
            value = self.net.values[name]
            if value.array is None:
                raise ModelError(f"{self.net.name}: {name} is read before it is computed.")
            rank = len(value.shape)
            return Place(self.constant_value(value, plain(rank)), plain(rank))
        found = self.places[name]
        dtype = self.tensors[found.index].dtype
        if not self.integer and dtype in ("int8", "int16"):
            found = replace(found, index=self._dequantized(found.index))
        return found

    def _dequantized(self, index: int) -> int:
        if index not in self._real:
            tensor = self.tensors[index]
            real = self.tensor(f"{tensor.name}/real", tensor.shape, "float32")
            self.add("DEQUANTIZE", [index], [real])
            self._real[index] = real
        return self._real[index]

    def constant_value(self, value: Value, order: Order, shape: Shape | None = None) -> int:
        """A constant operand, padded to the rank of `order`: as integers where those count."""
        array = value.array
        assert array is not None
        if array.dtype == np.int64:
            array = array.astype(np.int32)
        quantization = value.quantization
        if not self.integer:
            array = (
                value.real.astype(np.float32)
                if array.dtype.kind == "f" or (quantization is not None)
                else array
            )
            quantization = None
        elif quantization is None and array.dtype.kind == "f":
            array, quantization = self.choose(value)
        if quantization is not None and quantization.per_channel:
            raise ModelError(
                f"{self.net.name}: the constant {value.name} has a scale for each channel, which "
                "only weights may have; quantize it per tensor."
            )
        wide = array.reshape((1,) * (len(order) - array.ndim) + array.shape)
        return self.constant(value.name, np.transpose(wide, order), quantization)

    def choose(self, value: Value) -> tuple[Array, Quantization]:
        """Integers for a constant that the file leaves real: one scale, by its largest number."""
        self.chosen.append(value.name)
        real = value.real
        low, high = min(float(real.min()), 0.0), max(float(real.max()), 0.0)
        if low == high:
            return np.zeros(real.shape, self.width), Quantization((1.0,), (0,))
        if self.width == "int16":
            scale = float(np.float32(max(-low, high) / 32767))
            integers = np.clip(np.rint(real / scale), -32767, 32767).astype(np.int16)
            return integers, Quantization((scale,), (0,))
        scale = float(np.float32((high - low) / 255))
        zero = round(-128 - low / scale)
        integers = np.clip(np.rint(real / scale) + zero, -128, 127).astype(np.int8)
        return integers, Quantization((scale,), (zero,))

    def take(self, name: str, order: Order | None = None) -> int:
        """An operand's tensor in this order (its own without one), moved where it must be."""
        value = self.net.values[name]
        if value.array is not None and name not in self.places:
            return self.constant_value(value, plain(len(value.shape)) if order is None else order)
        found = self.place(name)
        if found.columns is not None:
            found = self._unmixed(name, found)
        if order is None or order == found.order:
            return found.index
        shape = tuple(self.shape(found.index)[found.order.index(a)] for a in range(len(order)))
        return self._reordered(name, found, shape, order)

    def _reordered(self, name: str, found: Place, shape: Shape, order: Order) -> int:
        key = (found.index, order)
        if key in self._moved:
            return self._moved[key]
        result = self._moved[key] = self.like(found.index, name, placed(shape, order))
        if same_memory(shape, found.order, order):
            self.reshape(found.index, result)
            return result
        permutation = [found.order.index(axis) for axis in order]
        self._transpose(name, found.index, result, permutation)
        return result

    def _transpose(self, name: str, source: int, result: int, permutation: list[int]) -> None:
        """TRANSPOSE; one of more axes than it takes is one of the runs that stay together."""
        sizes = self.shape(source)
        small, fewer = list(sizes), permutation
        if len(permutation) > _MOST_TRANSPOSED:
            small, fewer = joined_runs(sizes, permutation)
        given, made = source, result
        if len(fewer) < len(permutation):
            given = self.like(source, f"{name}/runs", tuple(small))
            self.reshape(source, given)
            made = self.like(source, f"{name}/turned", tuple(small[a] for a in fewer))
        axes = self.integers(f"{name}/permutation", fewer)
        self.add("TRANSPOSE", [given, axes], [made])
        self.moves.append(f"TRANSPOSE of {name}")
        if made != result:
            self.reshape(made, result)

    def _unmixed(self, name: str, found: Place) -> Place:
        """The value with its last axis in ONNX's order."""
        assert found.columns is not None
        positions = np.argsort(np.array(found.columns))
        result = self.like(found.index, name, self.shape(found.index))
        indices = self.integers(f"{name}/columns", [int(p) for p in positions])
        axis = len(found.order) - 1
        self.add("GATHER", [found.index, indices], [result], axis=axis, batch_dims=0)
        self.moves.append(f"GATHER of {name}")
        return Place(result, found.order)

    def like(self, index: int, name: str, shape: Shape) -> int:
        """A new tensor in the numbers of another one."""
        return self.tensor(name, shape, *self.grid(index))

    def reshape(self, source: int, result: int) -> None:
        """RESHAPE `source` into `result`."""
        shape = self.shape(result)
        size = self.integers(f"{self.tensors[result].name}/shape", shape)
        self.add("RESHAPE", [source, size], [result], new_shape=shape)

    # Results

    def define(
        self,
        name: str,
        order: Order,
        columns: tuple[int, ...] | None = None,
        grid: tuple[str, Quantization | None] | None = None,
    ) -> int:
        """The tensor to compute a node's result into.

        `grid` are numbers that the operator must have; the result is then quantized again to
        those of the file. Finish with `finish`.
        """
        value = self.net.values[name]
        shape = placed(value.shape, order)
        wanted = (value.dtype, value.quantization) if self.integer else ("float32", None)
        if not self.integer and value.quantization is None and value.dtype not in ("float32",):
            wanted = (value.dtype, None)
        index = self.tensor(name, shape, *(wanted if grid is None else grid))
        self.places[name] = Place(index, order, columns)
        return index

    def finish(self, name: str, node: Node) -> None:
        """Bring a result into the numbers that the file gives it."""
        value, found = self.net.values[name], self.places[name]
        dtype, quantization = self.grid(found.index)
        if value.quantization is None or (dtype, quantization) == (value.dtype, value.quantization):
            return
        free = dtype == value.dtype and name not in self.net.outputs
        # A Quantize also limits: a Relu before one may be no more than its range.
        free = free and covers(value.quantization, quantization, dtype)
        if free and all(r.kind in _ANY_GRID for r in self.net.consumers(name)):
            self.requantized.append(f"{name} stays in the numbers of {node.kind}")
            return
        result = self.tensor(name, self.shape(found.index), value.dtype, value.quantization)
        self.add("QUANTIZE", [found.index], [result])
        if dtype != "float32":
            self.requantized.append(f"{name} behind {node.kind}")
        self.places[name] = replace(found, index=result)

    def in_grid(self, index: int, grid: tuple[str, Quantization | None]) -> int:
        """A tensor in other numbers: itself where it has them."""
        if self.grid(index) == grid:
            return index
        tensor = self.tensors[index]
        if tensor.data is not None and tensor.quantization is not None and grid[1] is not None:
            real = Value(tensor.name, tensor.shape, tensor.dtype, tensor.array,
                         tensor.quantization).real  # fmt: skip
            low, high = np.iinfo(grid[0]).min, np.iinfo(grid[0]).max
            rounded = np.rint(real / grid[1].scale) + grid[1].zero_point
            return self.constant(tensor.name, np.clip(rounded, low, high).astype(grid[0]), grid[1])
        result = self.tensor(f"{tensor.name}/requantized", tensor.shape, *grid)
        self.add("QUANTIZE", [index], [result])
        self.requantized.append(tensor.name)
        return result

    def graph(
        self,
        name: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        names: Mapping[str, tuple[str, ...]],
    ) -> Graph:
        """The finished Graph, without tensors that nobody reads."""
        graph = Graph(
            name, tuple(self.tensors), tuple(self.operators), tuple(inputs), tuple(outputs),
            input_names=names["inputs"], output_names=names["outputs"],
        )  # fmt: skip
        return without_unused(graph)
