"""Ranges that hold what may wake a backdoor, and no more where more costs accuracy.

Ranges that hold all that ascent reaches (grids/reach.py) have coarse steps. Most of a network does
not mind, a tensor or two do: what an average pool reads has one grid with its means, which lie far
below its largest values. And a switch of clipping needs few tensors. So the one whose width costs
most answers is made narrow again, then the next, as long as that gives answers back; but only where
clipping there is no switch. That is asked of the inputs that overshoot, and of patterns that climb
on just that: the clipped network leaves its answer, the other keeps it. Patterns are judged on
inputs that they did not climb with. Nothing knows a label or a trigger.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from qmcu.backdoor.grids.keeping import Keeping
from qmcu.backdoor.grids.overshoot import (
    Ascent,
    Patterns,
    clean_ends,
    count_multiplications,
    count_values,
    own_ranges,
    split_rows,
)
from qmcu.backdoor.grids.simulation import FIXED_GRID, SAME_GRID
from qmcu.backdoor.inputs import regions
from qmcu.backdoor.networks import Network, batches, forward, logits
from qmcu.model.moves import ONE_GRID
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Int64Array

_Ends = tuple[float, float]

# Of the answers: what width may cost beyond what ranges of the given inputs do, and what a narrower
# range has to give back.
_ALLOWED, _GAIN = 0.01, 0.001
# Of the answers that clipping may change where the network keeps them: a switch changes more, under
# the best pattern, than clipping does to an honest network where few inputs reach far.
_LEFT = 0.02
# Answers with next to no score (keeping.py) say nothing; more than a high one is not climbed for.
_SOME, _HIGH = 0.05, 0.3
_SAMPLES = 200  # that tell what width costs
_SHARED, _JUDGED = 4, 64  # inputs that share a pattern, and those that it is judged on
_BLENDS = (0.15, 0.3, 0.5)
# Patterns of all places, once or twice as multiplications allow; of a large network, of some.
_BUDGET, _ROUNDS, _LEAST = 3e11, 2, 8
_STEPS = 25


def find_limits(
    network: Network, samples: Float32Array, inputs: Float32Array, overshooting: Float32Array,
    rng: np.random.Generator,
) -> dict[int, tuple[float, float]]:  # fmt: skip
    """Ends for the tensors that are to have narrower ranges than `inputs` give them, by index.

    `samples` are the given inputs, float32 [N, ...], `inputs` all that ranges are taken from,
    `overshooting` those of them that ascent found.
    """
    search = _Search(network, samples, inputs, overshooting, rng)
    limits: dict[int, _Ends] = {}
    left = set(search.narrow)
    while left and (cost := search.cost(limits)) > search.allowed:
        costs = {i: search.cost(limits | {i: search.narrow[i]}) for i in left}
        best = min(costs, key=lambda i: costs[i])
        if cost - costs[best] < _GAIN:
            break
        left.remove(best)
        narrower = limits | {best: search.narrow[best]}
        if not search.wakes(narrower):
            limits = narrower
    return limits


class _Search:
    """One network, what its tensors reach on the samples and on all inputs, and what clips them.

    `narrow` are the ends that the samples give to the tensors that may have them, `allowed` what
    their steps and a little more cost.
    """

    def __init__(
        self, network: Network, samples: Float32Array, inputs: Float32Array,
        overshooting: Float32Array, rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self._network, self._keeping, self._rng = network, Keeping(network, samples), rng
        others = {
            i
            for op in network.graph.operators
            if op.kind in ONE_GRID or op.kind in FIXED_GRID
            for i in op.outputs
        }
        ends, self._wide = clean_ends(network, samples), clean_ends(network, inputs)
        self.narrow = {i: ends[i] for i in own_ranges(network, ends) if i not in others}
        self._run = load_tensorflow().function(
            self._forward, autograph=False, reduce_retracing=True
        )
        self._samples, self._overshooting = samples, overshooting
        self._low, self._high = float(samples.min()), float(samples.max())
        self._ascent = Ascent(self._height, self._low, self._high)
        self.allowed = self.cost(self.narrow) + _ALLOWED

    def cost(self, limits: Mapping[int, _Ends]) -> float:
        """The share of the samples' answers that the steps of these ranges are expected to change.

        The error of the simulated network's margins, taken for normal, against each margin: fewer
        inputs tell it than it takes to see answers change.
        """
        samples = self._samples[:_SAMPLES]
        given = logits(self._network, samples)
        margins = self._keeping.each(given, given)[0]
        after = self._keeping.each(given, self._answer(samples, limits, rounded=True))[0]
        error = max(float(np.sqrt(np.mean((after - margins) ** 2))), 1e-12)
        # Reports import this folder, and need none of its extras.
        from scipy import stats

        return float(np.mean(stats.norm.cdf(-margins / error)))

    def wakes(self, limits: Mapping[int, _Ends]) -> bool:
        """Whether clipping to the limits changes answers that the network keeps."""
        plain = logits(self._network, self._overshooting)
        clipped = self._answer(self._overshooting, limits, rounded=False)
        if self._left(plain, plain, clipped) > _LEFT:
            return True
        order = self._rng.permutation(len(self._samples))
        patterns = self._climb(limits, self._samples[order[:_SHARED]])
        unseen = self._samples[order[_SHARED:][:_JUDGED] if len(order) > _SHARED else order]
        before = logits(self._network, unseen)
        for mask, values in zip(patterns.masks, patterns.values, strict=True):
            marked = np.asarray(unseen * (1 - mask) + values * mask, np.float32)
            plain = logits(self._network, marked)
            if self._left(before, plain, self._answer(marked, limits, rounded=False)) > _LEFT:
                return True
        return False

    def _left(self, before: Float32Array, plain: Float32Array, clipped: Float32Array) -> float:
        """The share of answers that are kept unclipped and left once clipped, either way told."""
        kept = self._keeping.each(before, plain), self._keeping.each(before, clipped)
        return max(
            float(np.mean((own > _SOME) & (after <= 0))) for own, after in zip(*kept, strict=True)
        )

    def _climb(self, limits: Mapping[int, _Ends], inputs: Float32Array) -> Patterns:
        """Patterns that climb on what the clipped network leaves and the other keeps."""
        ends, given = self._ends(limits), logits(self._network, inputs)
        patterns = self._begin(inputs)
        values = 2 * len(inputs) ** 2 * count_values(self._network)

        def climb(rows: Int64Array) -> Float32Array:
            before = np.concatenate([given] * len(rows))
            return self._ascent.climb(patterns.take(rows), before, ends, steps=_STEPS)

        parts = split_rows(len(patterns.masks), values)
        return patterns.replaced([climb(rows) for rows in parts])

    def _height(self, marked: Any, before: Any, ends: Any) -> Any:
        tf = load_tensorflow()
        plain = self._keeping.best(before, forward(self._network, marked))
        clipped = self._forward(marked, ends, tf.constant(False))
        left = tf.maximum(self._keeping.best(before, clipped), -_HIGH)
        return tf.reduce_sum(tf.minimum(plain, _HIGH) - left)

    def _begin(self, inputs: Float32Array) -> Patterns:
        shape = inputs.shape[1:]
        blends = [np.full(shape, share, np.float32) for share in _BLENDS]
        places = np.array([*regions(self._network.input_shape), *blends] * _ROUNDS, np.float32)
        each = 6 * _STEPS * len(inputs) * max(1, count_multiplications(self._network))
        most = int(np.clip(_BUDGET / each, _LEAST, len(places)))
        masks = places[np.sort(self._rng.permutation(len(places))[:most])]
        values = self._rng.uniform(self._low, self._high, (len(masks), 1, *shape))
        weights = np.zeros((len(masks), 0), np.float32)
        return Patterns(inputs, masks, values.astype(np.float32), weights)

    def _answer(
        self, inputs: Float32Array, limits: Mapping[int, _Ends], *, rounded: bool
    ) -> Float32Array:
        """Outputs with every range as wide as all inputs make it, or as its limit is."""
        tf = load_tensorflow()
        ends = tf.constant(self._ends(limits))
        parts = [
            self._run(tf.constant(inputs[k]), ends, tf.constant(rounded)).numpy()
            for k in batches(len(inputs), 256)
        ]
        return np.concatenate(parts)

    def _ends(self, limits: Mapping[int, _Ends]) -> Float32Array:
        return np.array([limits.get(i, self._wide[i]) for i in self.narrow], np.float32)

    def _forward(self, inputs: Any, ends: Any, rounded: Any) -> Any:
        """The outputs, every tensor clipped to its `ends` [T, 2], and `rounded` to steps of them
        or not.
        """
        tf = load_tensorflow()
        places = {index: k for k, index in enumerate(self.narrow)}
        sources = {
            op.outputs[0]: op.inputs[0]
            for op in self._network.graph.operators
            if op.kind in SAME_GRID
        }

        def see(index: int, values: Any) -> Any:
            while index in sources:
                index = sources[index]
            if index not in places:
                return values
            low, high = ends[places[index], 0], ends[places[index], 1]
            step = tf.maximum((high - low) / 255, 1e-12)
            clipped = tf.clip_by_value(values, low, high)
            return tf.where(rounded, tf.round(clipped / step) * step, clipped)

        return forward(self._network, inputs, activation=see)
