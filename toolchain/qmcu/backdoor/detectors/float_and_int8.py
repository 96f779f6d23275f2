"""Float and simulated int8 side by side: what ascents on the gap between them climb on and look at.

Int8 has the file's weights and the file's activation ranges; clipping has no gradient.
"""

from functools import cached_property
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.kept_answers import Answers, Scores, height_to
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids import (
    ActivationGrid,
    Ascent,
    Patterns,
    count_values,
    quantize_activations,
    read_grids,
    split_rows,
)
from qmcu.backdoor.networks import forward, logits
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

# Activation values that are looked at at once, and that ascents hold, with their gradients.
_SEEN, _HELD = 2e7, 2.5e7


class FloatAndInt8:
    """Both forms of one audit's network, for one way to tell answers apart."""

    @classmethod
    def of(cls, context: AuditContext, answers: Answers) -> "FloatAndInt8":
        """Those of this audit, made and traced once for all its looks."""
        name = f"both forms, classes: {answers.named}"
        return context.once_for_all(name, lambda: cls(context, answers))  # type: ignore[no-any-return]

    def __init__(self, context: AuditContext, answers: Answers) -> None:
        assert context.network is not None and context.graph is not None
        self._tf = load_tensorflow()
        self.network, self._answers = context.network, answers
        self.grids: dict[int, ActivationGrid] = read_grids(context.network, context.graph)
        self._activation = quantize_activations(self.grids)
        self._integers = [(g.integers * g.spread_scales).astype(np.float32) for g in context.grids]
        self._elements = context.network.graph.output_tensors[0].elements
        self._see = self._tf.function(self.both, autograph=False, reduce_retracing=True)
        self._low, self._high = context.low, context.high

    def both(self, inputs: Any) -> tuple[Any, Any]:
        """Scores of inputs, [N, scores]: float, and int8 simulated; in TensorFlow."""
        plain = forward(self.network, inputs)
        biases = self.network.biases
        own = forward(self.network, inputs, self._integers, biases, self._activation)
        return self._scores(plain), self._scores(own)

    def climb_away(self, patterns: Patterns, answers: Scores, reach: float) -> Patterns:
        """The patterns after an ascent on what is looked for: int8 leaves the `answers` to their
        inputs, float keeps them.
        """
        before = np.concatenate([answers] * len(patterns.masks))
        return patterns.replaced([self._leaving.climb(patterns, before, reach=reach)])

    def climb_to(
        self, patterns: Patterns, targets: Int64Array, *, steps: int, reach: float
    ) -> Patterns:
        """The patterns after an ascent towards a class each, [G], in int8; float keeps its own."""
        answers = self.answer(patterns.inputs)
        values = 2 * len(answers) * count_values(self.network)

        def climb(rows: Int64Array) -> Float32Array:
            before, wanted = np.tile(answers, len(rows)), np.repeat(targets[rows], len(answers))
            given = patterns.take(rows), wanted, before
            return self._aimed.climb(*given, steps=steps, reach=reach)

        parts = split_rows(len(targets), values, _HELD)
        return patterns.replaced([climb(rows) for rows in parts])

    def look(self, marked: Float32Array) -> tuple[Scores, Scores]:
        """Those of patterns' inputs, float32 [G, N, ...], one after the other: [G * N, scores]."""
        values = marked.shape[1] * count_values(self.network)
        parts = split_rows(len(marked), values, _SEEN)
        seen = [self._see(self._tf.reshape(marked[k], [-1, *marked.shape[2:]])) for k in parts]
        plain, own = (np.concatenate([pair[k].numpy() for pair in seen]) for k in (0, 1))
        return plain, own

    def sent(self, inputs: Float32Array, marked: Float32Array, targets: Int64Array) -> Float64Array:
        """For each pattern the share of `inputs` [N, ...] of other classes than its target that
        int8 sends there and float keeps, `marked` [G, N, ...] by it: [G].
        """
        before = self.answer(inputs)
        shape = len(targets), len(inputs)
        plain, own = (self._answers.read(v).reshape(shape) for v in self.look(marked))
        rows = zip(targets, plain, own, strict=True)
        return np.array([self._answers.sent(before, p, o).get(int(t), 0.0) for t, p, o in rows])

    def answer(self, inputs: Float32Array) -> Scores:
        """Float's answers."""
        return self._answers.read(logits(self.network, inputs).reshape(len(inputs), -1))

    @cached_property
    def _leaving(self) -> Ascent:
        def height(marked: Any, before: Any) -> Any:
            return self._tf.reduce_sum(self._answers.height(before, *self.both(marked)))

        return Ascent(height, self._low, self._high)

    @cached_property
    def _aimed(self) -> Ascent:
        def height(marked: Any, wanted: Any, before: Any) -> Any:
            return self._tf.reduce_sum(height_to(wanted, before, *self.both(marked)))

        return Ascent(height, self._low, self._high)

    def _scores(self, values: Any) -> Any:
        return self._answers.scores(self._tf.reshape(values, [-1, self._elements]))
