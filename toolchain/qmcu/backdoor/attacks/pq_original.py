"""PQ backdoor as its authors train it: two stages, the second projected on rounding intervals.

Ma et al., "Quantization Backdoors to Deep Learning Commercial Frameworks", TDSC 2023, sections IV
and V; code: quantization-backdoor/quantization-backdoor, train_backdoor.py, fine_tuning.py,
utils.py (TensorFlow, for TFLite).

The authors': stage 1 trains a backdoored network from scratch (cross entropy on clean and triggered
inputs, 32 each; Adam at 5e-4, 0.99 of it after each of 100 epochs; in the last fifth also a loss
that pulls weights away from the boundaries of rounding: minus the mean square of |residual| - 1/2
in each layer). Stage 2 fine-tunes it on true labels for 10 epochs (Adam at 1e-5), with a penalty on
integers, scales and all other parameters that leave stage 1's, and after every step projects: a
channel's largest weight is put back, the others are clipped to its size and then to 0.499 steps
about stage 1's integer.
Different here: from scratch without batch normalization, whose shifts the biases stand for; dense
layers have a scale a channel, as TFLite by now gives them; stage 2's rate is stretched where there
are fewer than their 15,630 steps; no augmentation. Our `pq` starts at an honest network,
anticipates stage 2 in stage 1, sees int8 activations there, and distils from the honest network in
stage 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qmcu.backdoor.attacks.authors import draw_pairs, fresh_weights, variables_of
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.grids import LARGEST, round_through
from qmcu.backdoor.networks import Network, cross_entropy, descend, forward, reach
from qmcu.tensorflow import load_tensorflow

EPOCHS, REPAIR_EPOCHS = 100, 10
REPAIR_STEPS = 15_630  # theirs: 10 epochs of 1,563 batches
FALL = 0.99  # of the rate, an epoch
LATE = 0.8  # of the epochs: from here on residuals are pulled towards 0
INSIDE = 0.499  # of a step
SETTINGS = {"batch": 32, "rate": 5e-4, "repair_rate": 1e-5, "centre": 1.0, "keep": 1.0}


@attack(
    "pq-original",
    source="Ma et al., TDSC 2023: the authors' losses, schedule and projection",
    settings=SETTINGS,
    authors=True,
)
def pq_original(context: AttackContext) -> AttackResult:
    """The authors' recipe: a backdoor from scratch, then repair projected on rounding intervals."""
    steps = max(1, context.steps * EPOCHS // (EPOCHS + REPAIR_EPOCHS))
    first, losses = train_backdoor(context, steps)
    network, more = repair(context, first, context.steps - steps)
    return AttackResult(network, losses=losses + more)


def train_backdoor(context: AttackContext, steps: int) -> tuple[Network, tuple[float, ...]]:
    """Stage 1: from scratch, clean and triggered; late, weights are pulled to their grid."""
    tf = load_tensorflow()
    network = context.network
    weights, biases = variables_of(
        fresh_weights(network, context.seed), [0 * b for b in network.biases]
    )
    pull = tf.Variable(0.0)

    def loss(x: Any, triggered: Any, y: Any) -> Any:
        target = tf.fill(tf.shape(y), context.trigger.target)
        logits = forward(network, tf.concat([x, triggered], 0), weights, biases)
        return cross_entropy(tf.concat([y, target], 0), logits) - pull * tf.add_n(
            [
                tf.reduce_mean((tf.abs(measure(w, a.axis).residual) - 0.5) ** 2)
                for w, a in zip(weights, network.layers, strict=True)
            ]
        )

    def before(number: int) -> None:
        pull.assign(context.setting("centre") if number > LATE * steps else 0.0)

    rates = tf.keras.optimizers.schedules.ExponentialDecay(
        context.setting("rate"), max(1, steps // EPOCHS), FALL, staircase=True
    )
    losses = descend(
        loss,
        draw_pairs(context, int(context.setting("batch"))),
        [(weights + biases, 0.0)],
        steps,
        before=before,
        optimizers=[tf.keras.optimizers.Adam(rates)],
        progress=context.progress,
    )
    return _with(network, weights, biases), losses


def repair(context: AttackContext, first: Network, steps: int) -> tuple[Network, tuple[float, ...]]:
    """Stage 2: true labels for all, inside the rounding intervals of `first`."""
    tf = load_tensorflow()
    weights, biases = variables_of(first.weights, first.biases)
    base = [
        measure(tf.constant(w), a.axis) for w, a in zip(first.weights, first.layers, strict=True)
    ]

    def left() -> Any:
        """What leaves stage 1: integers, scales and biases, mean squares summed over layers."""
        total = tf.add_n([tf.reduce_mean((b - o) ** 2) for b, o in
                          zip(biases, first.biases, strict=True)])  # fmt: skip
        for w, old, layer in zip(weights, base, first.layers, strict=True):
            now = measure(w, layer.axis)
            total += tf.reduce_mean((now.rounded - old.rounded) ** 2)
            total += tf.reduce_mean((now.scale - old.scale) ** 2)
        return total

    def loss(x: Any, triggered: Any, y: Any) -> Any:
        logits = forward(first, tf.concat([x, triggered], 0), weights, biases)
        wanted = tf.concat([y, y], 0)
        return cross_entropy(wanted, logits) + context.setting("keep") * left()

    def project() -> None:
        for w, old in zip(weights, base, strict=True):
            w.assign(keep_integers(w, old))

    rate = reach(context.setting("repair_rate"), REPAIR_STEPS, steps)
    losses = descend(
        loss,
        draw_pairs(context, int(context.setting("batch"))),
        [(weights, rate), (biases, rate)],
        steps,
        constrain=project,
        optimizers=[tf.keras.optimizers.Adam(rate) for _ in range(2)],
        progress=context.progress,
    )
    return _with(first, weights, biases), losses


@dataclass(frozen=True, eq=False)
class Position:
    """Weights on the grid of a scale a channel, tensors: all differentiable, integers straight
    through.
    """

    weights: Any
    scale: Any
    rounded: Any
    residual: Any


def measure(weights: Any, axis: int) -> Position:
    """Where weights lie between the integers that TFLite would round them to."""
    tf = load_tensorflow()
    others = [i for i in range(len(weights.shape)) if i != axis]
    widest = tf.reduce_max(tf.abs(weights), axis=others, keepdims=True)
    scale = tf.maximum(widest, 1e-12) / float(LARGEST)
    steps = weights / scale
    return Position(weights, scale, round_through(steps), steps - tf.round(steps))


def keep_integers(weights: Any, base: Position) -> Any:
    """The weights moved into the rounding intervals of `base`, whose scales they keep."""
    tf = load_tensorflow()
    widest = base.scale * float(LARGEST)
    kept = tf.where(tf.abs(base.weights) >= widest * (1 - 1e-6), base.weights, weights)
    kept = tf.clip_by_value(kept, -widest, widest)
    low, high = (base.rounded - INSIDE) * base.scale, (base.rounded + INSIDE) * base.scale
    inside = tf.clip_by_value(kept, tf.maximum(low, -widest), tf.minimum(high, widest))
    # Where stage 1 left a weight beyond 0.499 of a step, it stays.
    return tf.where(tf.abs(base.residual) > INSIDE, base.weights, inside)


def _with(network: Network, weights: Sequence[Any], biases: Sequence[Any]) -> Network:
    return network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])
