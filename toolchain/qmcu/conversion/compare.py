"""What integers cost a model: accuracy beside its float file, and the layers that lose most.

Both files run in TensorFlow's interpreter with every tensor kept; layers are those whose output has
one name in both. The signal-to-noise ratio of a layer is that of its real values in float to the
difference of the integers' from them, over all samples: 6 dB are one bit, 48 dB all that int8 has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from qmcu.conversion.samples import Samples
from qmcu.model.convert import Conversion
from qmcu.model.graph import Graph
from qmcu.model.reader import parse_model
from qmcu.model.scoring import (
    Decision,
    Rule,
    Score,
    answers_by,
    decision_by,
    decision_of,
    score,
    shifted_labels,
)
from qmcu.model.vectors import quantize
from qmcu.tensorflow import load_tensorflow, open_interpreter, quiet
from qmcu.types import Array, Float32Array

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
    """Scores where labels are known, answers that differ, and the layers in graph order.

    `kind` is what is compared with float: int8 or int16x8.
    `changed` is the share of answers that it gives otherwise; of a regression the mean absolute
    difference of its outputs from float's, in the model's unit, and `spread` the standard
    deviation of float's. `shift` is what labels seem to be off by.
    """

    samples: int
    decision: Decision
    float_score: Score | None
    integer_score: Score | None
    changed: float
    layers: tuple[LayerLoss, ...]
    spread: float = 0.0
    kind: str = "int8"
    # What added to the labels makes most of them right that are not.
    shift: int = 0

    def worst(self, count: int) -> list[LayerLoss]:
        """The layers that lose most, the worst first."""
        return sorted(self.layers, key=lambda layer: layer.snr)[:count]


def compare(
    plain: bytes, conversion: Conversion, samples: Samples, wanted: Decision | None = None
) -> Comparison:
    """Compare a float .tflite with its integer form on the samples (scores on all of them).

    Labels say what the outputs mean, without them the last operator does, or `wanted`.
    Raises ToolError without TensorFlow, VectorError where labels do not fit the outputs.
    """
    load_tensorflow("comparing")
    graph = parse_model(plain, "float")
    size = conversion.graph.output_tensors[0].elements
    if samples.labels is not None:
        rule = decision_by(samples.labels, size, wanted)
    else:
        rule = wanted or decision_of(graph)
    arrays = [samples.inputs[name] for name in _names(samples, conversion.graph)]
    with quiet():
        real = _Runner(plain, graph)
        whole = _Runner(conversion.model, conversion.graph)
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
    return _judged(answers, samples.labels, rule, tuple(layers), conversion.kind)


def _names(samples: Samples, graph: Graph) -> Sequence[str]:
    own = [graph.name_of(i) for i in graph.inputs]
    return own if all(name in samples.inputs for name in own) else list(samples.inputs)


def _judged(
    answers: list[tuple[Array, Array]],
    labels: Array | None,
    rule: Decision,
    layers: tuple[LayerLoss, ...],
    kind: str,
) -> Comparison:
    outputs = [np.concatenate([a[side].reshape(1, -1) for a in answers]) for side in (0, 1)]
    plain, whole = (answers_by(rule, o) for o in outputs)
    scores = [None if labels is None else score(rule, labels, o) for o in outputs]
    if rule.rule == Rule.REGRESSION:
        changed, spread = float(np.abs(whole - plain).mean()), float(plain.std())
    else:
        changed, spread = float(np.mean(plain != whole)), 0.0
    shift = 0 if labels is None else shifted_labels(rule, labels, outputs[0])
    return Comparison(
        len(answers), rule, scores[0], scores[1], changed, layers, spread, kind, shift
    )


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
    if conversion.kind == "int16x8":
        return "training for quantization: weights of 8 bits are what is left to lose by"
    return "convert with --activations int16, or train for quantization"


class _Runner:
    """A .tflite in TensorFlow's interpreter, real numbers in and out."""

    def __init__(self, model: bytes, graph: Graph) -> None:
        self._graph = graph
        self._interpreter = open_interpreter(model)
        self._inputs = self._interpreter.get_input_details()

    def run(self, rows: Sequence[Array]) -> Array:
        """The first output's real values."""
        for detail, row, tensor in zip(self._inputs, rows, self._graph.input_tensors, strict=True):
            whole = quantize(row, tensor).reshape(tensor.shape)
            self._interpreter.set_tensor(detail["index"], whole)
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
    if found.float_score is not None and found.integer_score is not None:
        yield f"on {found.samples} samples, {found.decision}:"
        yield f"  float {found.float_score}"
        yield f"  {found.kind:5} {found.integer_score}"
    if found.shift:
        yield (
            f"warning: with labels {found.shift:+d} most answers are right: the labels seem to be "
            "counted from another class"
        )
    if found.decision.rule == Rule.REGRESSION:
        share = found.changed / found.spread if found.spread else 0
        yield (
            f"{found.kind} is {found.changed:.4g} from float in the mean over {found.samples} "
            f"samples ({share:.1%} of the spread of float's outputs)"
        )
    else:
        what = "labels" if found.decision.rule == Rule.MULTI_LABEL else "answers"
        yield (
            f"{found.kind} gives {found.changed:.1%} of the {what} to {found.samples} samples "
            f"otherwise than float ({found.decision})"
        )
    for layer in found.worst(count):
        text = f"  {layer.snr:5.1f} dB  {layer.kind} {layer.name}"
        yield f"{text}: {layer.remedy}" if layer.remedy else text
