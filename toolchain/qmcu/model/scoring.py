"""How well outputs do by labels of any kind: classes, several labels at once, or real numbers.

A rule (`Decision`) turns real outputs into answers: the largest of several (argmax), one output
above a threshold, each output above it (multi-label), or none, because the outputs are the answer
(regression). Labels say which is meant; `--decision` says otherwise.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from qmcu.errors import UsageError, VectorError
from qmcu.model.decision import THRESHOLD, decide, deciding
from qmcu.model.graph import Graph
from qmcu.types import Array, Float64Array, Int64Array

# What stands between the operator that decides and the output.
_ENDS = ("QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE", "CAST")


class Rule(StrEnum):
    """How outputs are an answer."""

    ARGMAX = "argmax"
    THRESHOLD = "threshold"
    MULTI_LABEL = "multi-label"
    REGRESSION = "regression"


@dataclass(frozen=True)
class Decision:
    """A rule, with the threshold of those that have one."""

    rule: Rule
    threshold: float = THRESHOLD

    def __str__(self) -> str:
        return {
            Rule.ARGMAX: "the largest output",
            Rule.THRESHOLD: f"the output above {self.threshold:g}",
            Rule.MULTI_LABEL: f"each output above {self.threshold:g}",
            Rule.REGRESSION: "outputs are real numbers",
        }[self.rule]


@dataclass(frozen=True)
class Score:
    """What outputs of some rows are worth by labels.

    `right` of `total` answers, or labels where a row has several (`rows` are then those with all
    labels right). Of a regression `error` is the mean absolute difference from the labels, `rms`
    the root of the mean square, in the model's unit.
    """

    decision: Decision
    right: int = 0
    total: int = 0
    rows: int | None = None
    error: float | None = None
    rms: float | None = None

    def __str__(self) -> str:
        if self.error is not None:
            return f"mean absolute error {self.error:.4g} (root mean square {self.rms:.4g})"
        share = f"{100 * self.right / max(1, self.total):.1f} %"
        what = "right" if self.rows is None else f"labels right, {self.rows:,} rows in all labels"
        return f"{self.right:,} of {self.total:,} {what} ({share})"


def parse_decision(text: str) -> Decision:
    """`argmax`, `threshold`, `threshold=0.3`, `multi-label=0.3`, `regression`.

    Raises UsageError for another word or a threshold that is no number.
    """
    word, _, number = text.partition("=")
    try:
        rule = Rule(word)
        threshold = float(number) if number else THRESHOLD
        if not np.isfinite(threshold) or (number and rule in (Rule.ARGMAX, Rule.REGRESSION)):
            raise ValueError
    except ValueError:
        raise UsageError(
            f"--decision {text} is none of argmax, threshold[=T], multi-label[=T], regression."
        ) from None
    return Decision(rule, threshold)


def class_rule(text: str | None, cluster: str | None = None) -> AbstractContextManager[None]:
    """The rule of a command that judges classes, in force within the context.

    argmax and threshold=T are such rules; a threshold is kept in this process, and no `cluster`
    gets it. Raises UsageError.
    """
    if text is None:
        return nullcontext()
    rule = parse_decision(text)
    if rule.rule not in (Rule.ARGMAX, Rule.THRESHOLD):
        raise UsageError(f"--decision {text} gives no classes, which are judged here.")
    if rule.rule == Rule.ARGMAX:
        return nullcontext()
    if cluster is not None:
        raise UsageError(f"--decision {text} does not reach the workers of --cluster {cluster}.")
    return deciding(rule.threshold)


def read_labels(array: Array, rows: int, source: str) -> Array:
    """Labels as they come in a file: int64 [N] or [N, K], float32 [N, ...] if they are real.

    Rows with a single 1 among zeros are classes. Raises VectorError, naming `source`, when they are
    no numbers, not finite or not one for each row.
    """
    if array.ndim == 0 or len(array) != rows or array.dtype.kind not in "biuf":
        raise VectorError(
            f"{source}: labels is {array.dtype} {list(array.shape)}; {rows} classes, or {rows} "
            "rows of numbers, are needed."
        )
    flat = array.reshape(rows, -1)
    if array.dtype.kind == "f" and not np.isfinite(flat).all():
        bad = int(np.argmax(~np.isfinite(flat).all(axis=1)))
        raise VectorError(f"{source}: the label of row {bad} is not a finite number.")
    if flat.shape[1] > 1 and np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all():
        return np.asarray(flat.argmax(axis=1), np.int64)
    if flat.shape[1] == 1:
        flat = flat[:, 0]
    if array.dtype.kind == "f" and not np.array_equal(flat, np.floor(flat)):
        return np.asarray(flat, np.float32)
    return np.asarray(flat, np.int64)


def class_labels(labels: Array, source: str) -> Int64Array:
    """Labels of `read_labels` that have to be classes. Raises VectorError, naming `source`."""
    if labels.ndim != 1 or labels.dtype.kind != "i":
        raise VectorError(
            f"{source}: labels is {labels.dtype} {list(labels.shape)}; a class for each of "
            f"{len(labels)} inputs is needed here."
        )
    return np.asarray(labels, np.int64)


def decision_by(labels: Array, outputs: int, wanted: Decision | None = None) -> Decision:
    """The rule that labels (of `read_labels`) and a model with so many outputs mean.

    Raises VectorError when labels and outputs, or the wanted rule, do not go together.
    """
    width = labels.shape[1] if labels.ndim > 1 else 1
    if width not in (1, outputs):
        raise VectorError(
            f"the labels have {width} numbers a row and the model has {outputs} outputs."
        )
    flags = np.isin(labels, (0, 1)).all()
    if wanted is None:
        if labels.dtype.kind == "f":
            rule = Rule.REGRESSION
        elif outputs == 1:
            rule = Rule.THRESHOLD if flags else Rule.REGRESSION
        elif width == 1:
            rule = Rule.ARGMAX
        else:
            rule = Rule.MULTI_LABEL if flags else Rule.REGRESSION
        wanted = Decision(rule)
    needs = {
        Rule.ARGMAX: outputs > 1 == width and labels.dtype.kind == "i",
        Rule.THRESHOLD: outputs == 1 and bool(flags),
        Rule.MULTI_LABEL: width == outputs and bool(flags),
        Rule.REGRESSION: width == outputs,
    }
    if not needs[wanted.rule]:
        kind = "classes" if width == 1 and labels.dtype.kind == "i" else f"{width} numbers a row"
        raise VectorError(
            f"{wanted.rule} does not go with a model of {outputs} outputs and labels of {kind}."
        )
    if wanted.rule == Rule.ARGMAX:
        _require_classes(labels, outputs)
    return wanted


def _require_classes(labels: Array, outputs: int) -> None:
    low, high = int(labels.min()), int(labels.max())
    if low >= 0 and high < outputs:
        return
    cause = ""
    if low == 1 and high == outputs:
        cause = ": they are counted from 1; give labels - 1"
    elif low == -1:
        cause = ": leave out the rows with -1"
    raise VectorError(
        f"the labels run from {low} to {high} and the model's {outputs} outputs are the classes 0 "
        f"to {outputs - 1}{cause}."
    )


def shifted_labels(decision: Decision, labels: Array, outputs: Array) -> int:
    """By how much labels seem to be off, 1 or -1: as many more answers are then right; else 0.

    Classes are counted from 0, and lists with a background in front of them from 1.
    """
    if decision.rule != Rule.ARGMAX or not len(labels):
        return 0
    answers = answers_by(decision, outputs)
    shares = {shift: float(np.mean(answers == labels + shift)) for shift in (0, 1, -1)}
    best = max(shares, key=lambda shift: shares[shift])
    return best if shares[best] > max(0.5, 2 * shares[0]) else 0


def decision_of(graph: Graph) -> Decision:
    """The rule that a graph's last operator means, for want of labels.

    A sigmoid of one output is thresholded, of several it is multi-label; one output of another
    operator, and outputs of the input's size (an autoencoder's), are real numbers.
    """
    by_output = {index: op for op in graph.operators for index in op.outputs}
    index, size = graph.outputs[0], _size(graph, graph.outputs[0])
    while (operator := by_output.get(index)) is not None and operator.kind in _ENDS:
        index = operator.inputs[0]
    if operator is not None and operator.kind == "LOGISTIC":
        return Decision(Rule.THRESHOLD if size == 1 else Rule.MULTI_LABEL)
    if operator is not None and operator.kind == "SOFTMAX":
        return Decision(Rule.ARGMAX)
    if size == 1 or (size > 2 and size == _size(graph, graph.inputs[0])):
        return Decision(Rule.REGRESSION)
    return Decision(Rule.ARGMAX)


def _size(graph: Graph, index: int) -> int:
    return int(np.prod(graph.tensors[index].shape))


def answers_by(decision: Decision, outputs: Array) -> Array:
    """Answers to real outputs [N, K]: classes int64 [N], labels int64 [N, K], or the outputs."""
    rows = outputs.reshape(len(outputs), -1)
    if decision.rule == Rule.REGRESSION:
        return rows
    if decision.rule == Rule.MULTI_LABEL:
        return np.asarray(rows > decision.threshold, np.int64)
    return decide(rows, threshold=decision.threshold)


def score(decision: Decision, labels: Array, outputs: Array) -> Score:
    """What real outputs [N, K] are worth by labels of `read_labels` and a rule that fits them."""
    answers = answers_by(decision, outputs)
    if decision.rule == Rule.REGRESSION:
        apart: Float64Array = answers.astype(np.float64) - labels.reshape(len(labels), -1)
        error, rms = float(np.abs(apart).mean()), float(np.sqrt(np.square(apart).mean()))
        return Score(decision, error=error, rms=rms)
    if decision.rule == Rule.MULTI_LABEL:
        same = answers == labels
        rows = int(same.all(axis=1).sum())
        return Score(decision, int(same.sum()), same.size, rows)
    return Score(decision, int((answers == labels).sum()), len(labels))
