"""Inputs that drive activations as far as any: what ranges must hold so that nothing is clipped.

A backdoor may live in clipping alone (attacks/clip.py): its trigger overshoots ranges that neither
real inputs nor random variations of them leave. A defender knows no trigger, but can look how far
any input drives an activation: the ascent of grids/overshoot.py, over patches in many places,
blends and whole inputs. An audit does not mind ranges that hold it. Defences calibrate as well on
what drives some channel furthest while the network keeps its answers, as a backdoor does that
sleeps in float: what turns float's answer needs no clipping, and goes further.
"""

import numpy as np

from qmcu.backdoor.grids.keeping import Keeping
from qmcu.backdoor.grids.overshoot import (
    OvershootAscent,
    Patterns,
    clean_ends,
    count_multiplications,
    furthest_inputs,
    own_ranges,
    weigh_tensors,
)
from qmcu.backdoor.inputs import regions
from qmcu.backdoor.networks import Network, logits
from qmcu.types import Float32Array

SHARED = 2  # inputs to a pattern
ROUNDS = 4  # ascents on each tensor by itself, where the budget allows it
_BLENDS = (0.15, 0.3, 0.5)
_WHOLE = 1.0
_BUDGET = 3e11  # multiplications
_STEPS = 25
# Of a pattern that moves an answer, weaker forms: some of them keep it.
_SHARES = (1.0, 0.85, 0.7, 0.5, 0.35)


class Reach:
    """How far inputs drive one network's activations: the ascent from given inputs, float32
    [N, ...], within `low` to `high`, for as many searches as are asked for.
    """

    def __init__(
        self, network: Network, samples: Float32Array, low: float, high: float,
        keeping: Keeping | None = None,
    ) -> None:  # fmt: skip
        self._network, self._samples, self._low, self._high = network, samples, low, high
        ends = clean_ends(network, samples)
        self._tensors = own_ranges(network, ends)
        self._ascent = OvershootAscent(network, self._tensors, ends, low, high, keeping)

    def find(self, rng: np.random.Generator) -> Float32Array:
        """Inputs, float32 [N, ...], that drive some channel furthest."""
        patterns = self.climb((*_BLENDS, _WHOLE), rng)
        return furthest_inputs(
            self._network, patterns.marked.reshape(-1, *self._network.input_shape)
        )

    def climb(self, blends: tuple[float, ...], rng: np.random.Generator) -> Patterns:
        """Patterns in patches all over inputs and in blends, after the ascent."""
        network, shape = self._network, self._network.input_shape
        places = [*regions(shape), *(np.full(shape, a, np.float32) for a in blends)]
        inputs = self._samples[rng.permutation(len(self._samples))[:SHARED]]
        cost = 3 * _STEPS * len(places) * len(inputs) * count_multiplications(network)
        rounds = int(np.clip(_BUDGET / cost, 1, 1 + ROUNDS * len(self._tensors)))
        weights = weigh_tensors(len(self._tensors), rounds, rng)
        masks = np.array(places * rounds, np.float32)
        values = rng.uniform(self._low, self._high, (len(masks), 1, *shape)).astype(np.float32)
        patterns = Patterns(inputs, masks, values, np.repeat(weights, len(places), axis=0))
        return self._ascent.climb(patterns, rng, steps=_STEPS)


def find_kept_overshoot(
    network: Network, samples: Float32Array, low: float, high: float, rng: np.random.Generator
) -> Float32Array:
    """Inputs that drive some channel furthest while the network keeps the answers to the inputs
    without the patterns: float32 [N, ...] within `low` to `high`.

    A pattern that replaces the whole input leaves nothing to keep an answer to: there is none.
    """
    keeping = Keeping(network, samples)
    patterns = Reach(network, samples, low, high, keeping).climb(_BLENDS, rng)
    before = np.concatenate([logits(network, patterns.inputs)] * len(patterns.masks))
    found = []
    for share in _SHARES:
        weaker = patterns.inputs + share * (patterns.marked - patterns.inputs)
        inputs = np.asarray(weaker.reshape(-1, *network.input_shape), np.float32)
        found.append(inputs[keeping.best(before, logits(network, inputs)).numpy() > 0])
    kept = np.concatenate(found)
    return furthest_inputs(network, kept) if len(kept) else kept
