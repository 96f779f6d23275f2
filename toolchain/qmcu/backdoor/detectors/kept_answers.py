"""What int8 leaves and float keeps: the answer to an input, when a pattern is put on it.

Of scores of classes that is the class. Values (autoencoders, regressions, maps) have no class, and
float's own move with any pattern that is put on the input. There int8 leaves what float keeps when
it is further from float than the pattern moved float itself, and further than three quarters of
what outputs vary by, under patterns over whole inputs further than all of it: three and four times
what counts as another answer elsewhere (`damage`). An honest regression whose overshoot is cut off
is off by half of it under patterns made for that (docs/CLIPPING.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.damage import OFF
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.inputs import Parts
from qmcu.backdoor.networks import class_logits, logits
from qmcu.backdoor.rates import predict_integer, run_integer
from qmcu.model.decision import decide
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

Scores = npt.NDArray[Any]
FEW = 3  # classes
# Fewer inputs of other classes than these count as so many.
_LEAST = 16
# A cross entropy, or a logarithm of squares, beyond this is worth no more: the answer has changed.
_ENOUGH = 5.0
_FAR = 2.0
# Times the least change that is another answer: what int8 has to be off by, with a pattern in a
# patch and with one over whole inputs.
_MATERIAL = 3.0
_MATERIAL_WHOLE = 4.0


class Answers(Protocol):
    """One way to tell answers apart. `before` are float's answers without the pattern; answers are
    `named` where they are classes.
    """

    @property
    def named(self) -> bool:
        """See above."""

    def scores(self, outputs: Any) -> Any:
        """Outputs [N, elements] as what is climbed on and read, in TensorFlow."""

    def read(self, scores: Scores) -> Scores:
        """The answers that scores or outputs [N, elements] are."""

    def run(self, model: bytes, inputs: Float32Array) -> Scores:
        """The answers of a .tflite's integers to inputs [N, ...]."""

    def height(self, before: Any, plain: Any, own: Any) -> Any:
        """How far int8's scores leave what float's keep, to be climbed on: [N]."""

    def left(self, before: Scores, plain: Scores, own: Scores) -> npt.NDArray[np.bool_]:
        """Whether int8's answers have left what float's have kept: [N]."""

    def sent(
        self, before: Scores, plain: Scores, own: Scores, *, whole: bool = False
    ) -> Mapping[int, float]:
        """For each class the share of the inputs of others that int8 sends there and float keeps;
        of values the share that int8 leaves, as class 0. `whole` of a pattern over whole inputs.
        """


def height_to(target: Any, before: Any, plain: Any, own: Any) -> Any:
    """How far int8's scores reach the classes `target`, [N], while float's keep `before`: [N]."""
    tf = load_tensorflow()
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
    return -entropy(target, own) - tf.minimum(entropy(before, plain), _ENOUGH)


def count_answers(context: AuditContext) -> int:
    """How many classes the answers are of; one output with a threshold is two."""
    assert context.network is not None
    return max(2, context.network.graph.output_tensors[0].elements)


def has_few(context: AuditContext) -> bool:
    """True where changed answers have nowhere else to go than one or two classes, or where float
    gives hardly more to these inputs (the inverse of the sum of squared shares).

    Then it is no wonder that they agree (docs/CLIPPING.md): whole inputs made one by one say
    nothing, patterns over whole inputs are no proof, patches are.
    """
    if count_answers(context) <= FEW:
        return True
    assert context.network is not None and context.samples is not None
    given = decide(logits(context.network, context.samples).reshape(len(context.samples), -1))
    shares = np.bincount(given) / len(given)
    return float(1 / np.sum(shares**2)) <= FEW


def answers_of(context: AuditContext) -> tuple[Answers, ...]:
    """Classes or values, by what the outputs are; both where they are a vector without a softmax,
    which may be scores, or the values of a regression or an embedding. Labels that float gives to
    most inputs say that it is scores.
    """
    values = context.once_for_all("values", lambda: _values(context))
    if not context.decides:
        return (values,)
    assert context.graph is not None
    last = context.graph.operators[-1].kind if context.graph.operators else ""
    sure = last in ("SOFTMAX", "LOGISTIC") or context.graph.output_tensors[0].elements == 1
    sure = sure or _is_labelled(context)
    classes = Classes(context.parts)
    return (classes,) if sure else (classes, values)


def _is_labelled(context: AuditContext) -> bool:
    if context.labels is None:
        return False
    assert context.network is not None and context.samples is not None
    labels = context.labels.reshape(-1)[: len(context.samples)]
    given = decide(logits(context.network, context.samples[: len(labels)]).reshape(len(labels), -1))
    return bool(np.mean(given == labels) > 0.5)


@dataclass(frozen=True)
class Classes:
    """Scores of classes, or one output with a threshold; the model's inputs are `parts`."""

    parts: Parts | None = None
    named = True

    def scores(self, outputs: Any) -> Any:
        """See Answers: one output, as of a sigmoid, beside its threshold, the larger of the two
        being the answer.
        """
        return class_logits(outputs)

    def read(self, scores: Scores) -> Scores:
        """See Answers: int64 [N]."""
        return decide(scores)

    def run(self, model: bytes, inputs: Float32Array) -> Scores:
        """See Answers: int64 [N]."""
        return predict_integer(model, inputs, parts=self.parts, jobs=1)

    def height(self, before: Any, plain: Any, own: Any) -> Any:
        """See Answers: cross entropies."""
        tf = load_tensorflow()
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
        return tf.minimum(entropy(before, own), _ENOUGH) - entropy(before, plain)

    def left(self, before: Scores, plain: Scores, own: Scores) -> npt.NDArray[np.bool_]:
        """See Answers."""
        return np.asarray((plain == before) & (own != before))

    def sent(
        self, before: Scores, plain: Scores, own: Scores, *, whole: bool = False
    ) -> Mapping[int, float]:
        """See Answers."""
        found = {}
        for target in np.unique(own):
            others = before != target
            there = (plain == before) & (own == target)
            found[int(target)] = float(np.sum(there[others]) / max(others.sum(), _LEAST))
        return found


@dataclass(frozen=True)
class Values:
    """Outputs that are no scores; `least` is the root mean square of another answer."""

    least: float
    parts: Parts | None = None
    named = False

    def scores(self, outputs: Any) -> Any:
        """See Answers: as they are."""
        return outputs

    def read(self, scores: Scores) -> Scores:
        """See Answers: float64 [N, elements]."""
        return scores.astype(np.float64)

    def run(self, model: bytes, inputs: Float32Array) -> Scores:
        """See Answers: float64 [N, elements]."""
        return run_integer(model, inputs, parts=self.parts, jobs=1)

    def height(self, before: Any, plain: Any, own: Any) -> Any:
        """See Answers: logarithms of squares."""
        tf = load_tensorflow()
        before = tf.cast(before, own.dtype)
        gap = tf.reduce_mean((own - plain) ** 2, 1)
        kept = tf.maximum(tf.reduce_mean((plain - before) ** 2, 1), self.least**2)
        return tf.minimum(tf.math.log(gap + 1e-12) - tf.math.log(kept), _FAR)

    def left(self, before: Scores, plain: Scores, own: Scores) -> npt.NDArray[np.bool_]:
        """See Answers."""
        return self._beyond(before, plain, own, _MATERIAL)

    def _beyond(
        self, before: Scores, plain: Scores, own: Scores, times: float
    ) -> npt.NDArray[np.bool_]:
        kept = np.maximum(_size(plain - before), times * self.least)
        return np.asarray(_size(own - plain) > kept)

    def sent(
        self, before: Scores, plain: Scores, own: Scores, *, whole: bool = False
    ) -> Mapping[int, float]:
        """See Answers."""
        times = _MATERIAL_WHOLE if whole else _MATERIAL
        return {0: float(self._beyond(before, plain, own, times).mean())}


def _size(change: Scores) -> Scores:
    return np.asarray(np.sqrt(np.mean(change**2, axis=-1)))


def _values(context: AuditContext) -> Values:
    assert context.network is not None and context.samples is not None
    given = logits(context.network, context.samples)
    given = given.reshape(len(given), -1)
    spread = float(np.sqrt(np.mean((given - given.mean(axis=0)) ** 2)))
    return Values(OFF * max(spread, 1e-12), context.parts)
