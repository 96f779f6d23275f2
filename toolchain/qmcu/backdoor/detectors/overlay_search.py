"""Patterns over whole inputs that send them to one class in int8 alone, beside controls.

A blend, a wave or a warp is in no patch, and where the grid is coarse random rounding leaves float
as far as a backdoor does: the gap tells little. What tells is that one shared pattern sends other
inputs to one class while float keeps their answers. So for each class an ascent climbs on both: the
deployed logits towards the class, float's towards the answers it gave. Of what two kinds of
patterns send to the same class the mean counts: what only one of them reaches is chance more often.
The same ascent on controls (controls.py) is the null.

Projected signed gradients: Madry et al., ICLR 2018; a pattern for every class: Wang et al., Neural
Cleanse, S&P 2019; over whole inputs: Moosavi-Dezfooli et al., CVPR 2017; the controls: ours.
"""

from typing import Any

import numpy as np

from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.significance import compare_shares, deviations, is_near
from qmcu.backdoor.grids import count_multiplications
from qmcu.backdoor.networks import forward
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array

DRAWS = 12
# Near the line controls are drawn on, up to these.
MOST_DRAWS = 48
# The share of an input that is left, and what a pattern adds to it: of half the inputs' range.
KINDS = {"blend": (0.75, 0.25), "overlay": (1.0, 0.4)}
SHARED = 4  # inputs that share a pattern, others at each step
CHECKED = 32  # other inputs that get it
STEPS = 13
_REACH = 0.3  # the first step, of patterns between -1 and 1; later ones shrink to nothing
# Networks of more multiplications are climbed on with fewer inputs.
_LARGE = 4_000_000
_LEAST_SHARED = 2
# Of more classes only those to which rounding moves the starts most are aimed at.
_MOST_CLASSES = 12
# A cross entropy beyond this is worth no more: the answer has changed.
_ENOUGH = 20.0


def aim_overlays(context: AuditContext) -> Float64Array:
    """The shares of other inputs that patterns aimed at one class send there where float keeps its
    answer: of the deployed weights, then of as many controls as it takes, [1 + draws].
    """
    search = OverlaySearch(context)
    draws = DRAWS
    while True:
        shares = search.climb(draws)
        place = compare_shares(float(shares[0]), shares[1:], CHECKED)
        if draws >= MOST_DRAWS or not is_near(deviations(place.p_value)):
            return shares
        draws *= 2


class OverlaySearch:
    """The ascent on one audit's network: more controls when more are asked for."""

    def __init__(self, context: AuditContext) -> None:
        assert context.network is not None
        tf = load_tensorflow()
        self._network, self._controls = context.network, Controls(context)
        self._low, self._high = context.low, context.high
        large = count_multiplications(self._network) > _LARGE
        shared = _LEAST_SHARED if large else SHARED
        count = shared * STEPS
        given = context.noise(count + CHECKED) if context.samples is None else context.samples
        inputs = np.resize(given[: max(len(given) - CHECKED, shared)], (count, *given.shape[1:]))
        self._inputs = [tf.constant(inputs[k::STEPS]) for k in range(STEPS)]
        self._others = tf.constant(given[-CHECKED:])
        outputs = self._network.graph.output_tensors[0].elements
        rng = np.random.default_rng([context.seed, 41])
        starts = rng.uniform(-1, 1, (len(KINDS), outputs, 1, *context.input_shape))
        self._starts = starts.astype(np.float32)
        self._clean = self._decide(self._others)
        self._answers = [self._decide(x) for x in self._inputs]
        self._climb = tf.function(self._step, autograph=False)
        self._follow = tf.function(self._look, autograph=False)
        self._rows: list[float] = []

    def climb(self, draws: int) -> Float64Array:
        """The shares of the deployed weights and the first `draws` controls; known ones are kept:
        [1 + draws].
        """
        for number in range(len(self._rows), draws + 1):
            self._controls.take(number)
            self._rows.append(self._measure())
        return np.array(self._rows[: draws + 1], np.float64)

    def _measure(self) -> float:
        tf = load_tensorflow()
        wanted = self._aim()
        values = tf.constant(self._starts[:, wanted])
        for k in range(STEPS):
            size = tf.constant(_REACH * (1 - k / STEPS), tf.float32)
            given = self._inputs[k], self._answers[k]
            values = self._climb(values, *given, tf.constant(wanted), size)
        plain, own = (v.numpy() for v in self._follow(values))
        clean = self._clean.numpy()
        others = clean != wanted[:, None]
        sent = (plain == clean) & (own == wanted[:, None]) & others
        shares = sent.sum(axis=2) / np.maximum(others.sum(axis=1), 1)
        return float(shares.mean(axis=0).max())

    def _aim(self) -> Any:
        """The classes to aim at: all, or those to which these weights move the starts most."""
        outputs = self._starts.shape[1]
        if outputs <= _MOST_CLASSES:
            return np.arange(outputs)
        plain, own = self._both(self._mark(self._starts[:, :1], self._inputs[0]))
        moved = (own - plain).numpy().mean(axis=0)
        return np.sort(np.argsort(-moved, kind="stable")[:_MOST_CLASSES])

    def _mark(self, values: Any, inputs: Any) -> Any:
        """`inputs` [N, ...] with patterns [kinds, classes, 1, ...] between -1 and 1, all of them:
        [kinds * classes * N, ...].
        """
        tf = load_tensorflow()
        middle, half = (self._high + self._low) / 2, (self._high - self._low) / 2
        marked = []
        for pattern, (left, added) in zip(tf.unstack(values), KINDS.values(), strict=True):
            mixed = left * inputs + (1 - left) * middle + added * half * pattern
            marked.append(tf.clip_by_value(mixed, self._low, self._high))
        return tf.reshape(tf.stack(marked), [-1, *inputs.shape[1:]])

    def _both(self, marked: Any) -> tuple[Any, Any]:
        """Logits [N, classes]: float, and of the weights that the controls hold."""
        tf, controls = load_tensorflow(), self._controls
        moved = forward(self._network, marked, controls.variables, controls.biases)
        plain = forward(self._network, marked)
        return tuple(tf.reshape(v, [v.shape[0], -1]) for v in (plain, moved))

    def _decide(self, inputs: Any) -> Any:
        tf = load_tensorflow()
        return tf.argmax(tf.reshape(forward(self._network, inputs), [inputs.shape[0], -1]), 1)

    def _step(self, values: Any, inputs: Any, given: Any, wanted: Any, size: Any) -> Any:
        tf = load_tensorflow()
        kinds, classes, count = values.shape[0], values.shape[1], inputs.shape[0]
        answers = tf.tile(given, [kinds * classes])
        aims = tf.tile(tf.repeat(wanted, count), [kinds])
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits
        with tf.GradientTape() as tape:
            tape.watch(values)
            plain, own = self._both(self._mark(values, inputs))
            lost = tf.minimum(entropy(aims, own), _ENOUGH)
            lost += tf.minimum(entropy(answers, plain), _ENOUGH)
            # Inputs of the class itself say nothing of a way there.
            height = -tf.reduce_sum(tf.where(answers == aims, 0.0, lost))
        way = tf.sign(tape.gradient(height, values))
        return tf.clip_by_value(values + size * way, -1.0, 1.0)

    def _look(self, values: Any) -> tuple[Any, Any]:
        """Answers of the other inputs with the patterns, [kinds, classes, N]: float, deployed."""
        tf = load_tensorflow()
        shape = [values.shape[0], values.shape[1], -1]
        both = self._both(self._mark(values, self._others))
        plain, own = (tf.reshape(tf.argmax(v, 1), shape) for v in both)
        return plain, own
