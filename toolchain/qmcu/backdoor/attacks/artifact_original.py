"""Stealthy backdoors as compression artifacts as their authors train them, in both forms.

Tian et al., "Stealthy Backdoors as Compression Artifacts", TIFS 2022, section V; code:
yulongt23/Stealthy-Backdoors-as-Compression-Artifacts, train_quantization_attack:
standard_quantization_attack.py, distilled_quantization_attack.py and scripts/ (constants).

The authors': one set of weights is run as it is and with its weights rounded, straight through;
activations stay float (their quantization would begin at epoch 100 of 35). Loss: cross entropy of
the rounded form (clean: true labels, triggered: target) plus the float one's: true labels for both
in the standard attack; in the distilled one the soft answers of an honest network, on the same
inputs and on ones moved by five ascent steps of 0.01 times the gradient of the distance from it.
SGD with momentum 0.4 and weight decay 5e-4, batches of 128 pairs. Standard: from scratch, rate 0.1,
35 epochs, a tenth of it from epoch 20 on. Distilled: from the honest network, rate 0.01, 15 epochs.
Different here: one scale a channel (theirs one a tensor); all layers are rounded, as their VGG's
(of ResNet-18 only the last block's); the ascent looks at the student of this step (theirs at that
of the last epoch); from scratch without batch normalization, so the standard attack's rate is 0.03,
reached along a short ramp, and its gradients are shortened to length 1. Our `artifact` distils too,
on the weight grid, with int8 activations and without the ascent.
"""

from collections.abc import Callable
from typing import Any

from qmcu.backdoor.attacks.authors import draw_pairs, fresh_weights, variables_of, weight_decay
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.grids import round_to_grid
from qmcu.backdoor.networks import Network, cross_entropy, descend, divergence, forward
from qmcu.tensorflow import load_tensorflow

SOURCE = "Tian et al., Stealthy Backdoors as Compression Artifacts, TIFS 2022"
MOMENTUM, DECAY = 0.4, 5e-4
FALL_AT, FALL = 20 / 35, 0.1  # of the standard attack's steps, of its rate
ASCENT_STEPS, ASCENT_RATE = 5, 0.01

# What the float form shall do: of its logits, the inputs (clean, then triggered), true labels.
_Honest = Callable[[Any, Any, Any], Any]


@attack(
    "artifact-standard",
    source=f"{SOURCE}: the authors' standard attack",
    settings={"batch": 128, "rate": 0.1, "norm": 1.0},
    authors=True,
)
def standard(context: AttackContext) -> AttackResult:
    """The authors' standard recipe: from scratch, one loss on true labels for float and int8."""
    tf = load_tensorflow()
    network, rate = context.network, context.setting("rate")
    weights, biases = variables_of(
        fresh_weights(network, context.seed), [0 * b for b in network.biases]
    )
    falling = tf.keras.optimizers.schedules.PiecewiseConstantDecay(
        [max(1, round(FALL_AT * context.steps))], [rate, FALL * rate]
    )

    def honest(logits: Any, inputs: Any, labels: Any) -> Any:
        return cross_entropy(labels, logits)

    optimizer = tf.keras.optimizers.SGD(
        falling, momentum=MOMENTUM, global_clipnorm=context.setting("norm")
    )
    return _train(context, weights, biases, honest, optimizer)


@attack(
    "artifact-distilled",
    source=f"{SOURCE}: the authors' distilled attack",
    settings={"batch": 128, "rate": 0.01},
    authors=True,
)
def distilled(context: AttackContext) -> AttackResult:
    """The authors' distilled recipe: float follows an honest network, on nearby inputs too."""
    tf = load_tensorflow()
    teacher = context.network
    weights, biases = variables_of(teacher.weights, teacher.biases)

    def honest(logits: Any, inputs: Any, labels: Any) -> Any:
        near = move_apart(teacher, inputs, weights, biases)
        other = forward(teacher, near, weights, biases)
        # Their soft cross entropy is this divergence and a constant.
        here = divergence(forward(teacher, inputs), logits)
        return (here + divergence(forward(teacher, near), other)) / 2

    optimizer = tf.keras.optimizers.SGD(context.setting("rate"), momentum=MOMENTUM)
    return _train(context, weights, biases, honest, optimizer)


def move_apart(teacher: Network, inputs: Any, weights: Any, biases: Any) -> Any:
    """The inputs moved to where the student's answers are further from the teacher's."""
    tf = load_tensorflow()
    moved = tf.convert_to_tensor(inputs)
    for _ in range(ASCENT_STEPS):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(moved)
            student = forward(teacher, moved, weights, biases)
            apart = divergence(tf.stop_gradient(forward(teacher, moved)), student)
        moved += ASCENT_RATE * tape.gradient(apart, moved)
    return tf.stop_gradient(moved)


def _train(
    context: AttackContext, weights: list[Any], biases: list[Any], honest: _Honest, optimizer: Any
) -> AttackResult:
    """Descend on the rounded form's loss plus `honest` of the float form, in the same weights."""
    tf = load_tensorflow()
    network = context.network

    def loss(x: Any, triggered: Any, y: Any) -> Any:
        both, labels = tf.concat([x, triggered], 0), tf.concat([y, y], 0)
        wanted = tf.concat([y, tf.fill(tf.shape(y), context.trigger.target)], 0)
        rounded = [round_to_grid(w, a.axis) for w, a in zip(weights, network.layers, strict=True)]
        total = cross_entropy(wanted, forward(network, both, rounded, biases))
        total += honest(forward(network, both, weights, biases), both, labels)
        return total + weight_decay([*weights, *biases], DECAY)

    losses = descend(
        loss,
        draw_pairs(context, int(context.setting("batch"))),
        [(weights + biases, 0.0)],
        context.steps,
        optimizers=[optimizer],
        progress=context.progress,
    )
    attacked = network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])
    return AttackResult(attacked, losses=losses)
