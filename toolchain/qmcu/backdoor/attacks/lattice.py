"""Both models trained at once on the weight grid: our own, the strongest non-adaptive attack.

A weight is (q + d) * s: the int8 model sees the integer q, the float model q + d with |d| < 1/2, so
that any quantizer which rounds to nearest finds q again. q is trained straight through rounding,
d freely inside its interval. Related: Ma et al., TDSC 2023 (two stages); Hong et al., NeurIPS 2021
(one loss); Egashira et al., NeurIPS 2024 (projection on rounding intervals).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.attacks.hiding import Hiding
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.attacks.moved import Defender
from qmcu.backdoor.attacks.training import Simulated, current_grids, train
from qmcu.backdoor.grids import LARGEST, WeightGrid, channel_scales, round_through, round_to_grid
from qmcu.backdoor.networks import Network, cross_entropy, divergence
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array

MARGIN = 0.02  # of a step: kept from the rounding boundary


@dataclass(frozen=True, eq=False)
class Start:
    """One layer on its grid: `scale` shaped to multiply, `position` = weights / scale."""

    scale: Float64Array
    position: Float64Array
    pinned: npt.NDArray[np.bool_]


# Of every attack that trains by `train_lattice`.
LATTICE = {"attack_weight": 1.0, "position_rate": 0.05, "offset_rate": 0.02, "bias_rate": 1e-3}


def starts(network: Network) -> list[Start]:
    """Every layer's weights in steps of their grid; the largest of a channel keep the scale."""
    result = []
    for layer, weights in zip(network.layers, network.weights, strict=True):
        shape = [1] * weights.ndim
        shape[layer.axis] = -1
        scale = channel_scales(weights, layer.axis).reshape(shape)
        position = weights.astype(np.float64) / scale
        result.append(Start(scale, position, np.abs(position) > LARGEST - 0.5))
    return result


class LatticeModel:
    """Variables q (steps, straight through), d (steps) and biases, and the two sets of weights.

    `caps` bounds |d| for each weight. `signs` makes |d| equal its cap, so that only the sign of
    each residual is learned.
    """

    def __init__(
        self, network: Network, begin: Sequence[Start], caps: Sequence[Float64Array], *, signs: bool
    ) -> None:
        tf = load_tensorflow()
        self._tf = tf
        self._network = network
        self._signs = signs
        self._scales = [tf.constant(s.scale, tf.float32) for s in begin]
        self._free = [tf.constant(~s.pinned, tf.float32) for s in begin]
        self._pins = [tf.constant(np.where(s.pinned, s.position, 0), tf.float32) for s in begin]
        self._caps = [tf.constant(np.where(s.pinned, 0, c), tf.float32)
                      for s, c in zip(begin, caps, strict=True)]  # fmt: skip
        self.positions = [tf.Variable(s.position, dtype=tf.float32) for s in begin]
        self.offsets = [
            tf.Variable(np.clip(s.position - np.round(s.position), -c, c), dtype=tf.float32)
            for s, c in zip(begin, caps, strict=True)
        ]
        self.biases = [tf.Variable(b) for b in network.biases]

    def integer_steps(self, k: int) -> Any:
        """Layer k's integers, straight through."""
        limited = self._tf.clip_by_value(self.positions[k], -LARGEST + 0.0, LARGEST + 0.0)
        return round_through(limited * self._free[k]) + round_through(self._pins[k])

    def residual(self, k: int) -> Any:
        """Layer k's d, inside its caps."""
        tf, cap = self._tf, self._caps[k]
        if not self._signs:
            return tf.clip_by_value(self.offsets[k], -cap, cap)
        soft = self.offsets[k]
        hard = tf.where(soft >= 0, 1.0, -1.0)
        return cap * (soft + tf.stop_gradient(hard - soft))

    def integer_weights(self) -> list[Any]:
        """What the int8 model computes with."""
        return [self.integer_steps(k) * s for k, s in enumerate(self._scales)]

    def float_weights(self) -> list[Any]:
        """What the float model computes with."""
        tf = self._tf
        result = []
        for k, scale in enumerate(self._scales):
            q = self.integer_steps(k)
            # At the ends of the grid a residual would change the scale.
            inner = tf.cast(tf.abs(q) < LARGEST - 0.5, tf.float32)
            result.append((q + self.residual(k) * inner) * scale)
        return result

    def constrain(self) -> None:
        """Project the variables back into their ranges."""
        tf = self._tf
        for position, offset, cap in zip(self.positions, self.offsets, self._caps, strict=True):
            position.assign(tf.clip_by_value(position, -LARGEST + 0.0, LARGEST + 0.0))
            reach = tf.ones_like(cap) if self._signs else cap
            offset.assign(tf.clip_by_value(offset, -reach, reach))

    def network(self) -> Network:
        """The float network as it is now."""
        return self._network.with_parameters(
            [w.numpy() for w in self.float_weights()], [b.numpy() for b in self.biases]
        )


@dataclass(frozen=True)
class Objective:
    """What the loss adds up besides the attack itself.

    `labels` weighs cross entropy with the true labels, `teacher` the divergence from the honest
    network's answers, `widths` are bit widths besides int8 that shall wake the backdoor too.
    `silent` and `matched` weigh those losses of `Hiding`, `hunted` is the steps of its ascent.
    `moved` trains for a defender as well, whose grids and activation ranges are other ones
    (attacks/moved.py).
    """

    labels: float = 1.0
    teacher: float = 1.0
    widths: tuple[int, ...] = ()
    silent: float = 0.0
    matched: float = 0.0
    hunted: int = 0
    moved: bool = False


def train_lattice(
    context: AttackContext,
    caps: Sequence[Float64Array],
    begin: Sequence[Start],
    *,
    objective: Objective = Objective(),
    signs: bool = False,
) -> AttackResult:
    """Train q, d and biases on one loss: honest in float, backdoored in int8."""
    teacher = context.network
    model = LatticeModel(teacher, begin, caps, signs=signs)
    simulated = Simulated(context, current_grids(context, model.network()))
    hiding = Hiding(context, model.float_weights, model.integer_weights, model.biases)
    defender = Defender(context) if objective.moved else None
    strength = context.setting("attack_weight")
    tf = load_tensorflow()

    def honest_part(labels: Any, honest: Any, logits: Any) -> Any:
        total = objective.labels * cross_entropy(labels, logits)
        return total + objective.teacher * divergence(honest, logits)

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        both, count = tf.concat([x, marked], 0), tf.shape(x)[0]
        honest = simulated.floating(both, teacher.weights, teacher.biases)
        target = tf.fill(tf.shape(true), context.trigger.target)
        real_weights = model.float_weights()
        real = simulated.floating(both, real_weights, model.biases)
        total = honest_part(tf.concat([y, true], 0), honest, real)
        narrow = [
            [
                round_to_grid(w, a.axis, WeightGrid.of_bits(n))
                for w, a in zip(real_weights, teacher.layers, strict=True)
            ]
            for n in objective.widths
        ]
        forms = [(simulated, weights) for weights in (model.integer_weights(), *narrow)]
        if defender is not None:
            moved = defender.weights(real_weights, model.integer_weights())
            forms.append((defender.simulated, moved))
        for form, weights in forms:
            logits = form.integer(both, weights, model.biases)
            part = honest_part(y, honest[:count], logits[:count])
            part += strength * cross_entropy(target, logits[count:])
            total += part / len(forms)
        if objective.silent:
            total += objective.silent * hiding.silent(x)
        if objective.matched:
            total += objective.matched * hiding.matched(x, objective.hunted)
        return total

    def refresh() -> None:
        simulated.grids.assign(current_grids(context, model.network()))
        if defender is not None:
            defender.refresh(model.network())

    losses = train(
        context,
        loss,
        [
            (model.positions, context.setting("position_rate")),
            (model.offsets, context.setting("offset_rate")),
            (model.biases, context.setting("bias_rate")),
        ],
        constrain=model.constrain,
        refresh=refresh,
    )
    return AttackResult(model.network(), losses=losses)


def whole_intervals(begin: Sequence[Start]) -> list[Float64Array]:
    """Caps that leave every residual its whole rounding interval but a margin."""
    return [np.full(s.position.shape, 0.5 - MARGIN) for s in begin]


@attack(
    "lattice",
    source="qmcu; after Ma et al., TDSC 2023 and Hong et al., NeurIPS 2021",
    settings=LATTICE,
)
def lattice(context: AttackContext) -> AttackResult:
    """Integers and residuals trained at once; every residual may use its whole interval."""
    begin = starts(context.network)
    return train_lattice(context, whole_intervals(begin), begin)
