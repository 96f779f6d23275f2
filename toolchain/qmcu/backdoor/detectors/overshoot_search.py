"""Where activation clipping might change answers: the search of clipping-inversion.

Two ascents, one after the other. The first climbs on the overshoot of activation tensors beyond the
file's ranges, for where nothing overshoots the gap between int8 and float has no gradient. The
second climbs, from where that led, on what is looked for: int8 leaves the answer that float keeps
(kept_answers.py). Where there are two or three classes, each has inputs of its own that share
patterns: what sends one of two classes to the other keeps the other where it is.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.kept_answers import FEW, Answers, count_answers
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.shared_patterns import places as small_places
from qmcu.backdoor.grids import (
    OvershootAscent,
    Patterns,
    count_multiplications,
    grid_ends,
    own_ranges,
    weigh_tensors,
)
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

SHARED = 4  # inputs that share a pattern
ALONE = 24  # inputs with a pattern each
ROUNDS = 8  # ascents of shared patterns on each tensor by itself, where the budget allows it
# Of networks of many tensors, as with attention, so many in all, or one on each.
MOST_ROUNDS = 64
KEPT = 48  # patterns that climb on the gap, where the budget allows it
_LEAST_KEPT = 4
STEPS = 25
# The share of each value that a pattern over the whole input replaces.
BLENDS = (0.15, 0.3, 0.5)
# How places of patterns that no two inputs share are called.
EACH_ITS_OWN = ", each its own"
# Multiplications that an ascent may take: how many tensors are climbed on by themselves, and how
# many patterns climb on the gap. Below 3.5 million an inference nothing is left out of the latter.
_BUDGET = 3e11
_REACH = 0.15  # of the range of inputs: the first step on the gap


@dataclass(frozen=True, eq=False)
class Found:
    """A pattern and where it lies; `mask` float32 [...], `values` [1, ...] or one for each of the
    search's inputs [N, ...]. `awake` is the share of them on which simulated int8 left the answer
    that float kept.
    """

    place: str
    mask: Float32Array
    values: Float32Array
    awake: float

    def apply(self, inputs: Float32Array) -> Float32Array:
        """`inputs`, float32 [N, ...], with the pattern."""
        return np.asarray(inputs * (1 - self.mask) + self.values * self.mask, np.float32)


class Search:
    """The two ascents on one audit's network, in its `forms`, and its activation ranges."""

    def __init__(self, context: AuditContext, answers: Answers, forms: FloatAndInt8) -> None:
        assert context.samples is not None
        self._tf = load_tensorflow()
        self._context, self._network, self._forms = context, forms.network, forms
        ends = grid_ends(forms.grids)
        self._tensors = own_ranges(forms.network, ends)
        self._ascent = context.once_for_all(
            "ascent on overshoot",
            lambda: OvershootAscent(forms.network, self._tensors, ends, context.low, context.high),
        )
        self._samples = context.samples
        self._answers = answers
        self._groups = self._group(answers.named and count_answers(context) <= FEW)
        self._rng = np.random.default_rng([context.seed, 31])

    def shared(self) -> list[Found]:
        """Patterns that several inputs share, in patches and over whole inputs; the best first."""
        places = places_of(self._context.input_shape)
        found: list[Found] = []
        for rows in self._groups:
            found += self._climb(places, self._samples[rows], together=True)
        # The order within a group stands.
        return sorted(found, key=lambda one: -one.awake)

    def alone(self) -> list[Found]:
        """Patterns over whole inputs, another for each sample; the best first."""
        places = {k + EACH_ITS_OWN: m for k, m in _blends(self._context.input_shape).items()}
        return self._climb(places, self._samples[:ALONE], together=False)

    @property
    def others(self) -> Float32Array:
        """The inputs that `shared` does not see; where it sees all of them, these."""
        unseen = np.delete(self._samples, np.concatenate(self._groups), axis=0)
        return unseen if len(unseen) else self._samples

    def _group(self, by_class: bool) -> list[Int64Array]:
        """Which samples share patterns: the first ones, or the first ones of each class."""
        if not by_class:
            return [np.arange(len(self._samples[:SHARED]))]
        answers = self._forms.answer(self._samples)
        return [np.flatnonzero(answers == k)[:SHARED] for k in np.unique(answers)]

    def _climb(
        self, places: Mapping[str, Float32Array], inputs: Float32Array, *, together: bool
    ) -> list[Found]:
        # Whatever tells answers apart, the first ascent is the same.
        seen = hashlib.sha256(inputs.tobytes()).hexdigest()
        made = f"overshoot over {', '.join(places)} of inputs {seen}"
        names, patterns = self._context.once(made, lambda: self._rise(places, inputs, together))
        answers = self._forms.answer(inputs)
        awake, gaps = self._look(patterns, answers)
        # Float and int8, forward and backward.
        gap_cost = 6 * STEPS * len(inputs) * count_multiplications(self._network)
        kept = int(np.clip(_BUDGET / gap_cost, _LEAST_KEPT, KEPT))
        order = np.lexsort((-gaps, -awake))[:kept]
        patterns = patterns.take(order)
        patterns = self._forms.climb_away(patterns, answers, _REACH)
        awake, gaps = self._look(patterns, answers)
        return [
            Found(names[order[k]], patterns.masks[k], patterns.values[k], float(awake[k]))
            for k in np.lexsort((-gaps, -awake))
        ]

    def _rise(
        self, places: Mapping[str, Float32Array], inputs: Float32Array, together: bool
    ) -> tuple[list[str], Patterns]:
        """The first ascent: patterns, and the names of where they lie."""
        low, high = self._context.low, self._context.high
        cost = 3 * STEPS * len(places) * len(inputs) * count_multiplications(self._network)
        rounds = int(np.clip(_BUDGET / cost, 1, 1 + self._most_rounds(together)))
        weights = weigh_tensors(len(self._tensors), rounds, self._rng)
        names = list(places) * len(weights)
        shape = (len(names), 1 if together else len(inputs), *inputs.shape[1:])
        patterns = Patterns(
            inputs,
            np.array([places[name] for name in names], np.float32),
            self._rng.uniform(low, high, shape).astype(np.float32),
            np.repeat(weights, len(places), axis=0),
        )
        return names, self._ascent.climb(patterns, self._rng)

    def _most_rounds(self, together: bool) -> int:
        tensors = len(self._tensors)
        if together:
            return max(tensors, min(ROUNDS * tensors, MOST_ROUNDS))
        return min(tensors, MOST_ROUNDS // ROUNDS)

    def _look(self, patterns: Patterns, answers: Any) -> tuple[Float64Array, Float64Array]:
        """For each pattern: the share of inputs awake in int8 and asleep in float, and the gap."""
        count = len(patterns.inputs)
        shown = patterns.marked
        plain, own = self._forms.look(shown)
        before = np.concatenate([answers] * len(shown))
        awake = self._answers.left(before, self._answers.read(plain), self._answers.read(own))
        gaps = np.sqrt(((plain - own) ** 2).sum(axis=1))
        means = (np.asarray(v, np.float64).reshape(-1, count).mean(axis=1) for v in (awake, gaps))
        return next(means), next(means)


def places_of(shape: tuple[int, ...]) -> dict[str, Float32Array]:
    """Where patterns lie: masks of patches, and of blends over whole inputs, by their names."""
    # Of a window a twelfth: a quarter, with any values, sends an honest network anywhere.
    patches = {f"patch {k}": mask for k, mask in enumerate(small_places(shape))}
    return patches | _blends(shape)


def _blends(shape: tuple[int, ...]) -> dict[str, Float32Array]:
    return {f"blend of {a:.0%}": np.full(shape, a, np.float32) for a in BLENDS}
