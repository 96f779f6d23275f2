"""What a quantized ONNX file and the .tflite made of it compute, side by side, layer by layer.

onnxruntime runs the file without optimizations, tflite-micro the .tflite; both get the same
inputs. Weights are compared as integers, activations in steps of their own scale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qmcu.extras import load_module
from qmcu.model.graph import Quantization
from qmcu.model.onnx.read import OnnxModel
from qmcu.model.onnx.write import in_file_order
from qmcu.model.oracle import Oracle
from qmcu.types import Array, Float64Array

PURPOSE = "comparing with an ONNX model"
# A result that both compute has this share of a step between them from float32 sums alone.
_SAME = 1e-3


@dataclass(frozen=True)
class LayerDifference:
    """An activation in both: how many numbers were compared, how many differ, by how many steps."""

    name: str
    kind: str
    count: int
    different: int
    largest: float

    def __str__(self) -> str:
        if not self.different:
            return f"{self.kind} {self.name}: all {self.count:,} numbers equal"
        share = 100 * self.different / self.count
        return (
            f"{self.kind} {self.name}: {share:.2f} % of {self.count:,} numbers differ, by at most "
            f"{self.largest:.3g} steps"
        )


@dataclass(frozen=True)
class OnnxProof:
    """The comparison over `inputs` inputs; `layers` are in execution order."""

    inputs: int
    runtime: str
    weights: int
    equal_weights: int
    layers: tuple[LayerDifference, ...]

    @property
    def largest(self) -> float:
        """The largest difference of an output, in steps."""
        return self.layers[-1].largest if self.layers else 0.0

    def __str__(self) -> str:
        return (
            f"{self.equal_weights:,} of {self.weights:,} integer weights are the file's; outputs "
            f"of {self.inputs} inputs differ from {self.runtime} by at most "
            f"{self.largest:.3g} steps"
        )


def prove_onnx(path: Path, model: OnnxModel, data: bytes, inputs: Mapping[str, Array]) -> OnnxProof:
    """Compare the file at `path` with `data`, the .tflite that was made of `model`.

    `inputs` are real values by the file's names, [N, ...] as the file takes them. Raises ToolError
    without onnx or onnxruntime.
    """
    runtime = load_module("onnxruntime", PURPOSE)
    values = _values(model)
    theirs = _Session(path, [name for name, _, _ in values.values()])
    oracle = Oracle(data, name=str(path))
    indices = {t.name: t.index for t in model.written.graph.tensors}
    net = model.net
    shapes = dict(zip(net.input_names, (net.values[n].shape for n in net.inputs), strict=True))
    totals = {v: [0, 0, 0.0] for v in values}
    count = len(next(iter(inputs.values())))
    for row in range(count):
        real = {name: array[row : row + 1] for name, array in inputs.items()}
        reference = theirs.run({name: real[name].reshape(shapes[name]) for name in real})
        ours = oracle.all_tensors(_own_inputs(model, real))
        for value, (name, _, grid) in values.items():
            if name not in reference:
                continue
            tensor, order, columns = model.written.places[value]
            found = _unplaced(ours[indices[tensor]], order, columns)
            steps = np.abs(
                _steps(reference[name], grid, ours[indices[tensor]].dtype)
                - found.astype(np.float64)
            )
            total = totals[value]
            total[0] += steps.size
            total[1] += int(np.count_nonzero(steps > _SAME))
            total[2] = max(total[2], float(steps.max()))
    layers = tuple(
        LayerDifference(name, kind, int(t[0]), int(t[1]), t[2])
        for (value, (name, kind, _)), t in zip(values.items(), totals.values(), strict=True)
        if t[0]
    )
    weights = model.written.weights
    return OnnxProof(
        count, f"onnxruntime {runtime.__version__}",
        sum(w[1] for w in weights), sum(w[2] for w in weights), layers,
    )  # fmt: skip


def random_inputs(model: OnnxModel, rows: int, seed: int = 0) -> dict[str, Array]:
    """Real inputs [rows, ...] that fill each input's own range; normal ones for a float input.

    A row is without a batch of one.
    """
    rng = np.random.default_rng(seed)
    result = {}
    for name, file_name in zip(model.net.inputs, model.net.input_names, strict=True):
        value = model.net.values[name]
        shape = (rows, *value.shape[value.shape[:1] == (1,) :])
        if value.quantization is None:
            result[file_name] = rng.normal(size=shape).astype(np.float32)
            continue
        scale, zero = value.quantization.scale, value.quantization.zero_point
        info = np.iinfo(value.dtype)
        numbers = rng.integers(info.min, info.max + 1, shape)
        result[file_name] = ((numbers - zero) * scale).astype(np.float32)
    return result


def _values(model: OnnxModel) -> dict[str, tuple[str, str, Quantization]]:
    """Quantized activations of the net with the file's name, what makes them, and their grid."""
    found = {}
    for node in model.net.nodes:
        for name in filter(None, node.outputs):
            grid = model.net.values[name].quantization
            if grid is not None and name in model.written.places:
                tensor = model.written.places[name][0]
                own = next(t for t in model.written.graph.tensors if t.name == tensor)
                if own.quantization == grid:
                    found[name] = (model.net.integer_names.get(name, name), node.kind, grid)
    return found


def _own_inputs(model: OnnxModel, real: Mapping[str, Array]) -> list[Array]:
    moved = {m.name: m for m in model.written.inputs}
    arrays = []
    for tensor, name in zip(model.written.graph.input_tensors, model.net.input_names, strict=True):
        array = real[name]
        if name in moved:
            array = in_file_order(array, moved[name])
        if tensor.quantization is not None:
            info = np.iinfo(tensor.dtype)
            steps = np.rint(array / np.float32(tensor.quantization.scale))
            array = np.clip(steps + tensor.quantization.zero_point, info.min, info.max)
        arrays.append(array.reshape(tensor.shape).astype(tensor.dtype))
    return arrays


def _unplaced(array: Array, order: Sequence[int], columns: tuple[int, ...] | None) -> Array:
    """An activation in ONNX's own order."""
    if columns is not None:
        array = array[..., np.argsort(np.array(columns))]
    return np.transpose(array, np.argsort(np.array(order))) if order else array


def _steps(array: Array, grid: Quantization, dtype: Any) -> Float64Array:
    """An activation of the file in the .tflite's steps."""
    if array.dtype.kind == "f":
        info = np.iinfo(dtype)
        found = array.astype(np.float64) / grid.scale + grid.zero_point
        return np.asarray(np.clip(np.rint(found), info.min, info.max), np.float64)
    shift = {"uint8": 128, "uint16": 32768}.get(array.dtype.name, 0)
    return np.asarray(array.astype(np.float64) - shift)


class _Session:
    """onnxruntime on a file whose inner values are outputs too."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        onnx = load_module("onnx", PURPOSE)
        runtime = load_module("onnxruntime", PURPOSE)
        model = onnx.load(path)
        made = {o for node in model.graph.node for o in node.output}
        self._names = [n for n in dict.fromkeys(names) if n in made]
        known = {o.name for o in model.graph.output}
        for name in self._names:
            if name not in known:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
        options = runtime.SessionOptions()
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        self._session = runtime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._inputs: dict[str, Any] = {i.name: i.type for i in self._session.get_inputs()}

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        given = {name: array for name, array in inputs.items() if name in self._inputs}
        results = self._session.run(self._names, given)
        return dict(zip(self._names, results, strict=True))
