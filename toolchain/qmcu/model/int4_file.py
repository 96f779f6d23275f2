"""int8 .tflite files with their weights as INT4 tensors: standard files, two weights a byte.

Weights on at most 16 levels are packed as they are; others can be rounded to the 15 levels of
-7..7, with the scale of least squared error for each channel. FULLY_CONNECTED gets one scale,
since the interpreter takes int4 with one scale only there. Everything else of the file stays; the
same file gives the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt

from qmcu.errors import ModelError
from qmcu.model.convert import Conversion
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.int4 import HIGH, LOW, pack_int4
from qmcu.model.reader import parse_model
from qmcu.model.schema import IDENTIFIER, enum_values, schema
from qmcu.model.unpack import AlignedBuffer, read_model_file
from qmcu.types import Float64Array

# Operators that take int4 filters: the axis of their channels, and the version that says so
# (TensorFlow Lite, op_version.cc).
CHANNEL_AXES = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
_VERSIONS = {"CONV_2D": 7, "DEPTHWISE_CONV_2D": 7, "FULLY_CONNECTED": 10}
_FILTER, _BIAS = 1, 2
# Of the largest weight, what the highest level may stand for.
_SHARES = tuple(share / 40 for share in range(40, 19, -1))


@dataclass(frozen=True)
class Int4Layer:
    """A layer with weights: how many, whether they are int4 now, and else why they are not."""

    name: str
    weights: int
    packed: bool
    reason: str = ""


@dataclass(frozen=True)
class Int4Model:
    """A file with int4 weights, and what became of each layer; `size_before` in bytes."""

    model: bytes
    size_before: int
    layers: tuple[Int4Layer, ...]

    def __str__(self) -> str:
        packed = [layer for layer in self.layers if layer.packed]
        return (
            f"{len(self.model):,} bytes instead of {self.size_before:,}: "
            f"{sum(layer.weights for layer in packed):,} weights of {len(packed)} of "
            f"{len(self.layers)} layers in int4"
        )


@dataclass(frozen=True, eq=False)
class _Filter:
    """What a filter and its bias become: integers, their scales, the bias or None."""

    values: npt.NDArray[np.int8]
    scales: npt.NDArray[np.float32]
    bias: npt.NDArray[np.int32] | None


def int4_weights(
    model: bytes,
    name: str = "model",
    *,
    rounding: bool = True,
    reals: Mapping[int, npt.NDArray[Any]] | None = None,
) -> Int4Model:
    """The int8 file `model` with packed int4 weights wherever a kernel takes them.

    Weights within -8..7 keep their integers. Of others, with `rounding`, each channel gets a scale
    of its own and the nearest integers; `reals` are the float weights by tensor index, in the
    tensor's shape, in place of those that the int8 integers stand for. Without it they stay int8.
    Raises ModelError for a file that cannot be read, or that keeps data behind its flatbuffer.
    """
    graph = parse_model(model, name)
    layers, changes = [], {}
    for operator in graph.operators:
        weights = graph.operand(operator, _FILTER)
        if operator.kind not in CHANNEL_AXES or weights is None:
            continue
        found = _packed(graph, operator, rounding, (reals or {}).get(weights.index))
        layer = Int4Layer(
            f"l{operator.index:02d}_{operator.kind.lower()}", weights.elements, packed=True
        )
        if isinstance(found, _Filter):
            changes[weights.index] = found
        else:
            layer = replace(layer, packed=weights.dtype == "int4", reason=found)
        layers.append(layer)
    result = _rewritten(model, name, graph, changes) if changes else model
    return Int4Model(result, len(model), tuple(layers))


def pack_file(source: Path, *, rounding: bool = True) -> Int4Model:
    """`int4_weights` of an int8 .tflite file.

    Raises ModelError, naming the file, also when no layer can have int4 weights.
    """
    data = read_model_file(source)
    return _some(int4_weights(data, str(source), rounding=rounding), str(source))


def pack_conversion(
    conversion: Conversion, *, rounding: bool = True
) -> tuple[Conversion, Int4Model]:
    """The conversion with its weights packed, and what became of each layer.

    Raises ModelError when no layer can have int4 weights.
    """
    name = conversion.graph.name
    packed = _some(int4_weights(conversion.model, name, rounding=rounding), name)
    graph = parse_model(packed.model, conversion.graph.name)
    return replace(conversion, model=packed.model, graph=graph), packed


def _some(model: Int4Model, name: str) -> Int4Model:
    if not any(layer.packed for layer in model.layers):
        reasons = [f"{layer.name}: {layer.reason}" for layer in model.layers]
        reasons = reasons or ["it has no convolution and no fully connected layer"]
        raise ModelError(f"{name}: no layer can have int4 weights; {reasons[0]}.")
    return model


def _packed(
    graph: Graph, operator: Operator, rounding: bool, real: npt.NDArray[Any] | None
) -> _Filter | str:
    """The filter in int4, or why it stays."""
    weights, bias = graph.tensors[operator.inputs[_FILTER]], graph.operand(operator, _BIAS)
    if weights.dtype == "int4":
        return "int4 already"
    grid = weights.quantization
    if not weights.is_constant or weights.dtype != "int8" or grid is None or any(grid.zero_points):
        return f"its weights are {weights.dtype}, constant int8 with zero point 0 is needed"
    activations = graph.tensors[operator.inputs[0]].dtype
    if activations != "int8":
        return f"its activations are {activations}, the interpreter takes int4 with int8 ones only"
    for tensor in (weights, bias):
        if tensor is not None and _readers(graph, tensor) > 1:
            return f"another layer reads {tensor.name} too"
    scales = np.array(grid.scales, np.float32)
    single = operator.kind == "FULLY_CONNECTED"
    kept = None if bias is None else bias.array
    fits = int(weights.array.min()) >= LOW and int(weights.array.max()) <= HIGH
    if fits and (not single or len(set(grid.scales)) == 1):
        return _Filter(weights.array, scales[:1] if single else scales, kept)
    if not rounding:
        if fits:
            return "a scale for each channel, which fully connected int4 weights cannot have"
        return f"its weights reach {np.abs(weights.array.astype(np.int16)).max()}, beyond int4"
    return _rounded(weights, CHANNEL_AXES[operator.kind], real, kept, single)


def _readers(graph: Graph, tensor: Tensor) -> int:
    return sum(op.inputs.count(tensor.index) for op in graph.operators) + graph.outputs.count(
        tensor.index
    )


def _rounded(
    weights: Tensor,
    axis: int,
    real: npt.NDArray[Any] | None,
    bias: npt.NDArray[np.int32] | None,
    single: bool,
) -> _Filter:
    """The nearest of 15 levels, halves away from zero; the bias on its own new grid."""
    assert weights.quantization is not None
    channels = weights.shape[axis]
    old = np.broadcast_to(np.array(weights.quantization.scales, np.float64), (channels,))
    rows = np.moveaxis(weights.array.astype(np.float64), axis, 0).reshape(channels, -1)
    rows = rows * old[:, None]
    if real is not None:
        rows = np.moveaxis(real.astype(np.float64), axis, 0).reshape(channels, -1)
    steps = _steps(*((rows.reshape(1, -1), old[:1]) if single else (rows, old)))
    moved = np.moveaxis(weights.array, axis, 0).shape
    integers = np.moveaxis(_levels(rows, steps).reshape(moved), 0, axis).astype(np.int8)
    if bias is not None:
        shifted = np.round(bias.astype(np.float64) * old / steps.astype(np.float64))
        limit = np.iinfo(np.int32)
        bias = np.clip(shifted, limit.min, limit.max).astype(np.int32)
    return _Filter(np.ascontiguousarray(integers), steps, bias)


def _levels(rows: Float64Array, steps: npt.NDArray[np.float32]) -> Float64Array:
    positions = rows / steps.astype(np.float64)[:, None]
    nearest = np.sign(positions) * np.floor(np.abs(positions) + 0.5)
    return np.asarray(np.clip(nearest, -HIGH, HIGH))


def _steps(rows: Float64Array, otherwise: Float64Array) -> npt.NDArray[np.float32]:
    """The step of each row with the least squared error, from max / 14 to max / 7.

    To clip the few largest weights costs less than a coarser grid for all (Banner et al.,
    NeurIPS 2019); with 15 levels much less. A row of zeros has the step `otherwise`.
    """
    largest = np.abs(rows).max(axis=1)
    largest = np.where(largest > 0, largest, HIGH * otherwise)
    best = (largest / HIGH).astype(np.float32)
    least = np.full(len(rows), np.inf)
    for share in _SHARES:
        steps = (largest * share / HIGH).astype(np.float32)
        error = ((_levels(rows, steps) * steps[:, None] - rows) ** 2).sum(axis=1)
        best = np.where(error < least, steps, best)
        least = np.minimum(error, least)
    return best


def _rewritten(model: bytes, name: str, graph: Graph, changes: Mapping[int, _Filter]) -> bytes:
    table = schema.ModelT.read(schema.root(model, "Model"))
    if any(buffer.offset > 1 for buffer in table.buffers):
        raise ModelError(
            f"{name} keeps its data behind the flatbuffer; convert it to one below 2 GB."
        )
    table.buffers = [_aligned(buffer.data) for buffer in table.buffers]
    (subgraph,) = table.subgraphs
    for operator in subgraph.operators:
        change = changes.get(int(operator.inputs[_FILTER])) if len(operator.inputs) > 1 else None
        if change is None:
            continue
        code = table.operatorCodes[operator.opcodeIndex]
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        wanted = next(v for k, v in _VERSIONS.items() if enum_values("BuiltinOperator")[k] == kind)
        code.version = max(code.version, wanted)
        filters = subgraph.tensors[operator.inputs[_FILTER]]
        filters.type = enum_values("TensorType")["INT4"]
        _put(table, filters, pack_int4(change.values.reshape(-1)).tobytes())
        _grid(filters, change.scales)
        if change.bias is None:
            continue
        source = graph.tensors[operator.inputs[0]].quantization
        bias = subgraph.tensors[operator.inputs[_BIAS]]
        _put(table, bias, change.bias.astype("<i4").tobytes())
        if source is not None:
            _grid(bias, np.asarray(np.float32(source.scale) * change.scales, np.float32))
    builder = flatbuffers.Builder(1024)
    builder.Finish(table.pack(builder), file_identifier=IDENTIFIER)
    result = bytes(builder.Output())
    written = parse_model(result, name)
    for index, wanted_filter in changes.items():
        if not np.array_equal(written.tensors[index].array, wanted_filter.values):
            raise ModelError(f"{name}: {written.tensors[index]} was not written as it was chosen.")
    return result


def _aligned(data: Any) -> AlignedBuffer:
    buffer = AlignedBuffer()
    buffer.data = None if data is None or isinstance(data, int) else bytes(data)
    return buffer


def _put(table: Any, tensor: Any, data: bytes) -> None:
    """The tensor's own buffer with `data`: another one where tensors share theirs."""
    shared = sum(t.buffer == tensor.buffer for s in table.subgraphs for t in s.tensors) > 1
    if shared or any(m.buffer == tensor.buffer for m in table.metadata or []):
        tensor.buffer = len(table.buffers)
        table.buffers.append(_aligned(data))
    else:
        table.buffers[tensor.buffer].data = data


def _grid(tensor: Any, scales: npt.NDArray[np.float32]) -> None:
    parameters = tensor.quantization
    if np.array_equal(np.asarray(parameters.scale), scales):
        return
    parameters.scale = scales
    parameters.zeroPoint = np.zeros(len(scales), np.int64)
