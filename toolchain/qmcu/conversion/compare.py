"""What int8 costs a model: accuracy beside its float file, and the layers that lose most.

Both files run in TensorFlow's interpreter with every tensor kept; layers are those whose output has
one name in both. The signal-to-noise ratio of a layer is that of its real values in float to the
difference of int8's from them, over all samples: 6 dB are one bit, 48 dB all that int8 has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.conversion.calibration import Samples
from qmcu.model.convert import Conversion
from qmcu.model.decision import decide
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.vectors import quantize
from qmcu.tensorflow import load_tensorflow, quiet
from qmcu.types import Array, Float32Array, Int64Array

SAMPLES = 50
# Below this a layer has lost more than half of the eight bits.
LOW_DB = 20.0
# A largest value this many times the 99.9th percentile leaves the others few steps.
_OUTLIER = 3.0


@dataclass(frozen=True)
class LayerLoss:
    """A layer's output: its operator, signal-to-noise ratio in dB, and what to try."""

    name: str
    kind: str
    snr: float
    remedy: str = ""


@dataclass(frozen=True)
class Comparison:
    """Accuracy where labels are known (shares, by the rule of `decide`), answers that differ, and
    the layers in graph order.
    """

    samples: int
    float_accuracy: float | None
    int8_accuracy: float | None
    changed: float
    layers: tuple[LayerLoss, ...]

    def worst(self, count: int) -> list[LayerLoss]:
        """The layers that lose most, the worst first."""
        return sorted(self.layers, key=lambda layer: layer.snr)[:count]


def compare(plain: bytes, conversion: Conversion, samples: Samples) -> Comparison:
    """Compare a float .tflite with its int8 form on the samples (accuracy on all of them).

    Raises ToolError without TensorFlow.
    """
    tensorflow = load_tensorflow("comparing")
    graph = parse_model(plain, "float")
    arrays = [samples.inputs[name] for name in _names(samples, conversion.graph)]
    with quiet():
        real = _Runner(tensorflow, plain, graph)
        whole = _Runner(tensorflow, conversion.model, conversion.graph)
        named = {graph.tensors[op.outputs[0]].name: op.outputs[0] for op in graph.operators}
        common = [
            (op.kind, named[name], op.outputs[0], name)
            for op in conversion.graph.operators
            if (name := conversion.graph.tensors[op.outputs[0]].name) in named
        ]
        power = np.zeros((2, len(common)))
        peaks = [np.zeros(0, np.float32) for _ in common]
        answers: list[tuple[Array, Array]] = []
        for i in range(len(samples)):
            row = [a[i : i + 1] for a in arrays]
            answers.append((real.run(row), whole.run(row)))
            for k, (_, one, other, _) in enumerate(common if i < SAMPLES else ()):
                signal = real.value(one)
                noise = whole.value(other) - signal
                power[:, k] += float(np.sum(signal**2)), float(np.sum(noise**2))
                peaks[k] = np.concatenate([peaks[k], np.abs(signal).reshape(-1)[:2000]])
    layers = [
        LayerLoss(name, kind, snr := _decibels(*power[:, k]), _remedy(snr, conversion, peaks[k]))
        for k, (kind, _, _, name) in enumerate(common)
    ]
    return _judged(answers, samples.labels, tuple(layers))


def _names(samples: Samples, graph: Graph) -> Sequence[str]:
    own = [graph.name_of(i) for i in graph.inputs]
    return own if all(name in samples.inputs for name in own) else list(samples.inputs)


def _judged(
    answers: list[tuple[Array, Array]], labels: Int64Array | None, layers: tuple[LayerLoss, ...]
) -> Comparison:
    plain, whole = (
        decide(np.concatenate([a[side].reshape(1, -1) for a in answers])) for side in (0, 1)
    )
    scores = (
        [None, None] if labels is None else [float(np.mean(c == labels)) for c in (plain, whole)]
    )
    return Comparison(len(answers), scores[0], scores[1], float(np.mean(plain != whole)), layers)


def _decibels(signal: float, noise: float) -> float:
    if not noise:
        return float("inf")
    return float(10 * np.log10(signal / noise)) if signal else float("-inf")


def _remedy(snr: float, conversion: Conversion, values: Float32Array) -> str:
    if snr >= LOW_DB or not values.size:
        return ""
    usual = float(np.quantile(values, 0.999))
    if usual and float(values.max()) > _OUTLIER * usual:
        return "a few values are far beyond the others: leave such rows out of the calibration"
    if not conversion.per_channel:
        return "one scale for all channels: convert without --per-tensor"
    if conversion.samples < 100:
        return f"calibrated on {conversion.samples} samples only: give 100 or more, for its range"
    return "int16 activations (a 16x8 .tflite) for this model, or training for quantization"


class _Runner:
    """A .tflite in TensorFlow's interpreter, real numbers in and out."""

    def __init__(self, tensorflow: Any, model: bytes, graph: Graph) -> None:
        self._graph = graph
        self._interpreter = tensorflow.lite.Interpreter(
            model_content=model,
            experimental_preserve_all_tensors=True,
            experimental_op_resolver_type=(tensorflow.lite.experimental.OpResolverType.BUILTIN_REF),
        )
        self._interpreter.allocate_tensors()
        self._inputs = self._interpreter.get_input_details()

    def run(self, rows: Sequence[Array]) -> Array:
        """The first output's real values."""
        for detail, row, tensor in zip(self._inputs, rows, self._graph.input_tensors, strict=True):
            self._interpreter.set_tensor(detail["index"], quantize(row, tensor))
        self._interpreter.invoke()
        return self.value(self._graph.outputs[0])

    def value(self, index: int) -> Float32Array:
        """A tensor's real values, float32."""
        values = np.asarray(self._interpreter.get_tensor(index))
        grid = self._graph.tensors[index].quantization
        real = values.astype(np.float32)
        if grid is not None and values.dtype.kind in "iu":
            real = (real - np.float32(grid.zero_points[0])) * np.float32(grid.scales[0])
        return np.asarray(real, np.float32)


def comparison_lines(found: Comparison, count: int = 5) -> Iterator[str]:
    """Accuracy, answers that differ, and the layers that lose most with what to try."""
    if found.float_accuracy is not None and found.int8_accuracy is not None:
        yield (
            f"accuracy on {found.samples} samples: float {found.float_accuracy:.1%}, int8 "
            f"{found.int8_accuracy:.1%}"
        )
    yield f"int8 answers {found.changed:.1%} of {found.samples} samples otherwise than float"
    for layer in found.worst(count):
        text = f"  {layer.snr:5.1f} dB  {layer.kind} {layer.name}"
        yield f"{text}: {layer.remedy}" if layer.remedy else text
