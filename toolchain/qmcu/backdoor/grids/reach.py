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
    Patterns,
    clean_ends,
    climb_overshoot,
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


def find_overshoot(
    network: Network, samples: Float32Array, low: float, high: float, rng: np.random.Generator
) -> Float32Array:
    """Inputs, float32 [N, ...] within `low` to `high`, that drive some channel furthest."""
    patterns = _climb(network, samples, (*_BLENDS, _WHOLE), low, high, rng)
    return furthest_inputs(network, patterns.marked.reshape(-1, *network.input_shape))


def find_kept_overshoot(
    network: Network, samples: Float32Array, low: float, high: float, rng: np.random.Generator
) -> Float32Array:
    """Those that do so while the network keeps the answers to the inputs without the patterns.

    A pattern that replaces the whole input leaves nothing to keep an answer to: there is none.
    """
    keeping = Keeping(network, samples)
    patterns = _climb(network, samples, _BLENDS, low, high, rng, keeping)
    before = np.concatenate([logits(network, patterns.inputs)] * len(patterns.masks))
    found = []
    for share in _SHARES:
        weaker = patterns.inputs + share * (patterns.marked - patterns.inputs)
        inputs = np.asarray(weaker.reshape(-1, *network.input_shape), np.float32)
        found.append(inputs[keeping.best(before, logits(network, inputs)).numpy() > 0])
    kept = np.concatenate(found)
    return furthest_inputs(network, kept) if len(kept) else kept


def _climb(
    network: Network, samples: Float32Array, blends: tuple[float, ...], low: float, high: float,
    rng: np.random.Generator, keeping: Keeping | None = None,
) -> Patterns:  # fmt: skip
    """Patterns in patches all over inputs and in blends, after the ascent."""
    ends = clean_ends(network, samples)
    tensors = own_ranges(network, ends)
    shape = network.input_shape
    places = [*regions(shape), *(np.full(shape, a, np.float32) for a in blends)]
    inputs = samples[rng.permutation(len(samples))[:SHARED]]
    cost = 3 * _STEPS * len(places) * len(inputs) * count_multiplications(network)
    rounds = int(np.clip(_BUDGET / cost, 1, 1 + ROUNDS * len(tensors)))
    weights = weigh_tensors(len(tensors), rounds, rng)
    masks = np.array(places * rounds, np.float32)
    values = rng.uniform(low, high, (len(masks), 1, *shape)).astype(np.float32)
    patterns = Patterns(inputs, masks, values, np.repeat(weights, len(places), axis=0))
    return climb_overshoot(
        network, patterns, tensors, ends, low, high, rng, steps=_STEPS, keeping=keeping
    )
