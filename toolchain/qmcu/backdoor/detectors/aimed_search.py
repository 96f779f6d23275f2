"""Where activation clipping might send answers to one class: ascents aimed at each class.

What overshoots furthest (overshoot_search.py) need not be what matters: on a large network its
patterns move the few inputs that they climbed with, and hardly others. A backdoor has a class, and
a pattern that sends one input there sends others too. So from values at random a pattern climbs for
each place and class, on int8's evidence for that class and on float's for the answer that it had;
those that move most of the inputs that they did not climb with climb on, with more inputs.

A target for every pattern: Wang et al., Neural Cleanse, S&P 2019; sign steps: Madry et al., ICLR
2018; what is climbed on is ours.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from qmcu.backdoor.detectors.dealt_inputs import Dealt
from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.kept_answers import count_answers
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.overshoot_search import Found, places_of
from qmcu.backdoor.grids import Patterns, count_multiplications
from qmcu.types import Float32Array, Float64Array, Int64Array

FIRST, STEPS, REACH = 4, 12, 0.15  # inputs that share a pattern, steps, the first one's size
KEPT, MORE_STEPS, MORE_REACH = 4, 60, 0.1  # of those that climb on
# Multiplications of all first ascents, and of all second ones: 35 CPU seconds of a network with 12
# million an inference. Of more places and classes some are drawn.
_BUDGET, _BUDGET_MORE = 8e11, 4e11
_LEAST = 16  # places and classes, whatever they cost


class AimedSearch:
    """The ascents on one audit's network, in both its forms."""

    def __init__(self, context: AuditContext, forms: FloatAndInt8, dealt: Dealt) -> None:
        self._context, self._forms = context, forms
        self._rng = np.random.default_rng([context.seed, 37])
        self._taught, self._looked = dealt.taught, dealt.looked

    def patterns(self) -> list[Found]:
        """Patterns that send inputs to a class in int8 alone; the best first, KEPT at most.

        `awake` is the share of the inputs looked at, of other classes, that int8 sends there and
        float keeps.
        """
        places = places_of(self._context.input_shape)
        names, targets = self._draw(places)
        patterns = self._begin(np.array([places[n] for n in names], np.float32))
        patterns = self._forms.climb_to(patterns, targets, steps=STEPS, reach=REACH)
        best = np.argsort(-self._share(patterns, targets), kind="stable")[: self._kept()]
        patterns, targets = patterns.take(best), targets[best]
        patterns = replace(patterns, inputs=self._taught)
        patterns = self._forms.climb_to(patterns, targets, steps=MORE_STEPS, reach=MORE_REACH)
        awake = self._share(patterns, targets)
        return [
            Found(names[best[k]], patterns.masks[k], patterns.values[k], float(awake[k]))
            for k in np.argsort(-awake, kind="stable")
        ]

    def _draw(self, places: Mapping[str, Float32Array]) -> tuple[list[str], Int64Array]:
        """Every place with every class, or as many as the budget allows, at random."""
        pairs = [(name, k) for name in places for k in range(count_answers(self._context))]
        most = int(max(_LEAST, _BUDGET / self._cost(FIRST, STEPS)))
        if len(pairs) > most:
            pairs = [pairs[k] for k in np.sort(self._rng.permutation(len(pairs))[:most])]
        return [name for name, _ in pairs], np.array([k for _, k in pairs], np.int64)

    def _kept(self) -> int:
        return int(np.clip(_BUDGET_MORE / self._cost(len(self._taught), MORE_STEPS), 1, KEPT))

    def _cost(self, inputs: int, steps: int) -> float:
        """Multiplications of one pattern's ascent: float and int8, forward and backward."""
        return 6.0 * steps * inputs * max(1, count_multiplications(self._forms.network))

    def _begin(self, masks: Float32Array) -> Patterns:
        low, high = self._context.low, self._context.high
        inputs = self._taught[:FIRST]
        values = self._rng.uniform(low, high, (len(masks), 1, *inputs.shape[1:]))
        weights = np.zeros((len(masks), 0), np.float32)
        return Patterns(inputs, masks, values.astype(np.float32), weights)

    def _share(self, patterns: Patterns, targets: Int64Array) -> Float64Array:
        """Of the inputs looked at."""
        marked = replace(patterns, inputs=self._looked).marked
        return self._forms.sent(self._looked, marked, targets)
