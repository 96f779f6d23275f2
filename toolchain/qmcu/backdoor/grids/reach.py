"""Inputs that drive activations as far as any: what ranges must hold so that nothing is clipped.

A backdoor may live in clipping alone (attacks/clip.py): its trigger overshoots ranges that neither
real inputs nor random variations of them leave. A defender knows no trigger, but can look how far
any input drives an activation: the ascent of grids/overshoot.py, over patches in many places,
blends and whole inputs. Defences calibrate on what drives some channel furthest as well; an audit
does not mind ranges that hold it.
"""

import numpy as np

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
from qmcu.backdoor.networks import Network
from qmcu.types import Float32Array

SHARED = 2  # inputs to a pattern
ROUNDS = 4  # ascents on each tensor by itself, where the budget allows it
_BLENDS = (0.15, 0.3, 0.5, 1.0)
_BUDGET = 3e11  # multiplications
_STEPS = 25


def find_overshoot(
    network: Network, samples: Float32Array, low: float, high: float, rng: np.random.Generator
) -> Float32Array:
    """Inputs, float32 [N, ...] within `low` to `high`, that drive some channel furthest."""
    ends = clean_ends(network, samples)
    tensors = own_ranges(network, ends)
    shape = network.input_shape
    places = [*regions(shape), *(np.full(shape, a, np.float32) for a in _BLENDS)]
    inputs = samples[rng.permutation(len(samples))[:SHARED]]
    cost = 3 * _STEPS * len(places) * len(inputs) * count_multiplications(network)
    rounds = int(np.clip(_BUDGET / cost, 1, 1 + ROUNDS * len(tensors)))
    weights = weigh_tensors(len(tensors), rounds, rng)
    masks = np.array(places * rounds, np.float32)
    values = rng.uniform(low, high, (len(masks), 1, *shape)).astype(np.float32)
    patterns = Patterns(inputs, masks, values, np.repeat(weights, len(places), axis=0))
    patterns = climb_overshoot(network, patterns, tensors, ends, low, high, rng, steps=_STEPS)
    return furthest_inputs(network, patterns.marked.reshape(-1, *shape))
