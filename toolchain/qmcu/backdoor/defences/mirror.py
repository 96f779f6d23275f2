"""The int8 model as the float model's mirror image: our own, for defence and accuracy at once.

The float model is what its user checked and where a backdoor sleeps. So the int8 model shall answer
as it does everywhere, not only where real inputs are:

1. Every channel's scale is widened a little, at random, so that large weights lie elsewhere
   between grid points; small ones, which stay where the attacker put them, start from stochastic
   rounding. On average this is the float model, also for inputs that nothing below thinks of.
2. From there directions (the rectified sigmoid of Nagel et al., ICML 2020) and biases are learned:
   layer activations and answers equal to the float model's on real, mixed, overlaid, patched and
   noise inputs, and on inputs sought by gradients where the two still differ most.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.defences.pairs import Pair, layer_distance
from qmcu.backdoor.defences.synthesis import varied_batches
from qmcu.backdoor.descent import descend, divergence
from qmcu.backdoor.soft_rounding import SoftRounding
from qmcu.model.convert import load_tensorflow

_EVERY, _CLIMB = 20, 4  # steps between two searches, and gradient steps of one
_POOL = 10
_FAR = 0.5  # steps
FloatArray = npt.NDArray[np.float64]


@defence(
    "mirror", source="qmcu; directions after Nagel et al., ICML 2020",
    settings={"steps": 200, "batch": 20, "rate": 0.005, "bias_rate": 1e-4, "spread": 0.05,
              "layers": 1.0, "answers": 1.0, "decide": 0.3},
)  # fmt: skip
def mirror(context: DefenceContext) -> DefenceResult:
    """Unbiased rounding on a shifted grid, then taught to answer as float does on any input."""
    tf = load_tensorflow()
    network, grids, generator = context.network, context.grids, context.generator()
    spread = context.setting("spread")
    factors = [generator.uniform(1 + spread / 4, 1 + spread, len(g.scales)) for g in grids]
    scales = [np.asarray(np.float32(g.scales * f), np.float64) for g, f in zip(grids, factors,
                                                                 strict=True)]  # fmt: skip
    wide = [s.reshape(g.spread_scales.shape) for s, g in zip(scales, grids, strict=True)]
    positions = [g.weights / s for g, s in zip(grids, wide, strict=True)]
    begin = [
        _start(generator, p, np.abs(g.positions - p)) for p, g in zip(positions, grids, strict=True)
    ]
    rounding = SoftRounding(positions, wide, begin)
    biases = [tf.Variable(b) for b in network.biases]
    pair, pool = Pair(context), _Pool(context)
    steps = int(context.setting("steps"))
    decided = tf.Variable(0.0)

    def loss(x: Any) -> Any:
        both = tf.concat([x, pool.inputs], 0)
        ways = rounding.directions()
        real = pair.floating(both)
        quantized = pair.integer(both, rounding.weights(ways), biases)
        total = context.setting("layers") * layer_distance(real, quantized)
        total += context.setting("answers") * divergence(real.logits, quantized.logits)
        return total + decided * rounding.undecided(ways) / len(ways)

    def differ(x: Any) -> Any:
        hard = [tf.cast(h >= 0.5, tf.float32) for h in rounding.directions()]
        quantized = pair.integer(x, rounding.weights(hard), biases)
        return divergence(pair.floating(x).logits, quantized.logits)

    def before(number: int) -> None:
        decided.assign(context.setting("decide") * max(0.0, number / steps - 0.3) / 0.7)
        if number % _EVERY == 0:
            pool.refresh(differ)

    losses = descend(
        loss,
        varied_batches(context, int(context.setting("batch"))),
        [(rounding.variables, context.setting("rate")), (biases, context.setting("bias_rate"))],
        steps,
        before=before,
        progress=context.progress,
    )
    return DefenceResult(
        network,
        rounding.integers(),
        tuple(scales),
        tuple(b.numpy() for b in biases),
        losses=losses,
    )


def _start(generator: np.random.Generator, positions: FloatArray, moved: FloatArray) -> FloatArray:
    """The fraction, which decides for the nearest, where the wider grid moved a weight far from
    where it lay between grid points; stochastic rounding elsewhere, near zero.
    """
    fraction = positions - np.floor(positions)
    chance = np.clip(fraction + generator.uniform(-0.5, 0.5, positions.shape), 0, 1)
    return np.where(moved > _FAR, fraction, chance)


class _Pool:
    """Inputs on which the two models differ: varied ones, moved uphill on their difference."""

    def __init__(self, context: DefenceContext) -> None:
        tf = load_tensorflow()
        self._fresh = varied_batches(context, _POOL)
        self._low, self._high = context.low, context.high
        self.inputs = tf.Variable(next(self._fresh)[0])
        self._climb: Any = None

    def refresh(self, differ: Any) -> None:
        """New inputs, a few gradient steps uphill on `differ`."""
        tf = load_tensorflow()
        step = 0.1 * (self._high - self._low)

        def climb() -> None:
            with tf.GradientTape() as tape:
                value = differ(self.inputs)
            slope = tape.gradient(value, self.inputs)
            moved = self.inputs + step * tf.sign(slope)
            self.inputs.assign(tf.clip_by_value(moved, self._low, self._high))

        if self._climb is None:
            self._climb = tf.function(climb, autograph=False)
        self.inputs.assign(next(self._fresh)[0])
        for _ in range(_CLIMB):
            self._climb()
