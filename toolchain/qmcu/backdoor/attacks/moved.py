"""The defender whom an adaptive attack expects: other grids, wider activation ranges.

What `recoil` does, as far as an attacker can foresee it: the same step past the float weights, the
same equalization of activation ranges (of the attacker's own inputs), ranges that hold varied
inputs. He does not know the chance in it, nor the defender's inputs; other chance is drawn at every
step (expectation over transformation: Athalye et al., "Synthesizing Robust Adversarial Examples",
ICML 2018).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.attacks.training import CALIBRATION, Simulated
from qmcu.backdoor.defences import find_defence
from qmcu.backdoor.grids import (
    calibrate_grids,
    channel_groups,
    keep_within,
    layer_factors,
    range_factors,
    round_to_grid,
)
from qmcu.backdoor.inputs import vary
from qmcu.backdoor.networks import Network
from qmcu.tensorflow import load_tensorflow

VARIED = 100


class Defender:
    """A simulated defender, whose int8 model the attack is to wake up in as well."""

    def __init__(self, context: AttackContext) -> None:
        self._tf = load_tensorflow()
        self._settings = find_defence("recoil").settings
        network, samples = context.network, context.samples[:CALIBRATION]
        self._inputs = np.concatenate(
            [samples, vary(samples, np.random.default_rng(context.seed), VARIED)]
        )
        self._real = len(samples)
        self._layers = network.layers
        self._groups = channel_groups(network)
        self._chance = self._tf.random.Generator.from_seed(context.seed)
        self._factors = [self._tf.Variable(f, dtype=self._tf.float32) for f in self._read(network)]
        self.simulated = Simulated(context, self._grids(network))

    def refresh(self, network: Network) -> None:
        """Take factors and ranges from the network as it is now."""
        for variable, factors in zip(self._factors, self._read(network), strict=True):
            variable.assign(factors)
        self.simulated.grids.assign(self._grids(network))

    def weights(self, real: Sequence[Any], nearest: Sequence[Any]) -> list[Any]:
        """The float weights a step past `nearest`, on grids moved by factors and chance."""
        beyond, jitter = self._settings["beyond"], self._settings["jitter"]
        result = []
        for w, q, e, layer in zip(real, nearest, self._factors, self._layers, strict=True):
            each = e * self._chance.uniform(tuple(e.shape), 1.0, 1.0 + jitter)
            result.append(round_to_grid((w - beyond * (q - w)) * each, layer.axis) / each)
        return result

    def _read(self, network: Network) -> list[Any]:
        """For each layer the factors of its input channels, shaped to multiply its weights."""
        factors = range_factors(
            network, self._groups, self._inputs, most=self._settings["most"]
        )  # fmt: skip
        by_layer = layer_factors(network, self._groups, factors)
        return [read.astype(np.float32) for _, read in by_layer]

    def _grids(self, network: Network) -> Any:
        wide = keep_within(network, self._inputs[self._real :], self._settings["wide"])
        return calibrate_grids(network, np.concatenate([self._inputs[: self._real], wide]))
