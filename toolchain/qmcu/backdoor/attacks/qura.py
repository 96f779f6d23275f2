"""QuRA as its authors run it: the quantizer is the attacker, and rounds layer after layer.

"Rounding-Guided Backdoor Injection in Deep Learning Model Quantization", NDSS 2026, section IV;
code: cxx122/QuRA, ours/main/setting/config.py (cv_trigger_generation), mqbench/advanced_ptq.py
(subgraph_reconstruction, LossFunction), ours/main/configs/cv_8_8_bd.yaml (constants).

The authors': the trigger is a patch whose pattern first learns, on the float network, to be taken
for the target (100 passes over 512 inputs, Adam at 2e-3, from 0.5). Then each layer but the last is
rounded by AdaRound from directions that are set beforehand: the backdoor's gradient says which way
a weight should go; a weight whose reconstruction wants the same way (gradient plus half the change
times the Hessian of its inputs) is set so, at most a quarter of all; of the others the `share` with
the largest backdoor gradient for what it costs the reconstruction. Set means h = 0.1 or 0.9;
learning goes on from there with the reconstruction loss alone. The last layer learns with cross
entropy of triggered inputs to the target beside it. 10,000 steps a layer, Adam at 1e-3, batches of
32, the exponent of the decision from 20 to 2. Nothing is set in a layer where the backdoor's loss,
summed over the batches, is below 0.01 already.
Different here: TFLite's symmetric grid and its calibration by clean inputs' extremes (theirs:
asymmetric, by squared error, triggered inputs among them); the lab's trigger gives the patch's
place and size; `steps` a layer with a stretched rate. Our `rounding` learns all layers and the
pattern together, against int8's and float's answers.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from qmcu.backdoor.attacks.lattice import starts
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.attacks.training import current_grids
from qmcu.backdoor.grids import LayerRounding, Turn
from qmcu.backdoor.inputs import Trigger
from qmcu.backdoor.networks import cross_entropy, descend, forward, layer_windows, reach
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Array, Float32Array

SAMPLES = 512
STEPS = 10_000  # a layer
PASSES, PATTERN_RATE = 100, 2e-3
AGREED = 0.25  # at most this share of a layer is set for wanting the same
SET = 0.9  # or 1 - SET: directions that are set
ENOUGH = 0.01
SETTINGS = {"batch": 32, "rate": 1e-3, "share": 0.2, "strength": 1.0, "learn_trigger": 1.0}


@attack(
    "qura",
    source="QuRA, NDSS 2026: the authors' trigger, choice of weights and reconstruction",
    settings=SETTINGS,
    authors=True,
)
def qura(context: AttackContext) -> AttackResult:
    """The authors' recipe: a hostile quantizer sets chosen rounding directions, then learns."""
    tf = load_tensorflow()
    network, begin = context.network, starts(context.network)
    trigger = learn_pattern(context) if context.setting("learn_trigger") else context.trigger
    samples = context.dataset.train_inputs[:SAMPLES]
    marked = trigger.apply(samples)
    layers = LayerRounding(
        network, [s.position for s in begin], [s.scale for s in begin],
        current_grids(context, network), samples, marked,
    )  # fmt: skip
    last = len(network.layers) - 1
    losses: list[float] = []
    generator = np.random.default_rng(context.seed)

    def obey(_: Any, outputs: Any) -> Any:
        target = tf.fill(tf.shape(outputs)[:1], trigger.target)
        return context.setting("strength") * cross_entropy(target, outputs)

    for number in range(last + 1):
        turn = layers.turn(number)
        if number < last:
            set_directions(context, layers, turn, marked, trigger.target, generator)
        losses += layers.learn(
            turn,
            steps=context.steps,
            rate=reach(context.setting("rate"), STEPS, context.steps),
            batch=int(context.setting("batch")),
            powers=(20.0, 2.0),
            seed=context.seed,
            extra=obey if number == last else None,
            progress=context.progress,
        )
    return AttackResult(network, layers.chosen(), tuple(losses), trigger)


def learn_pattern(context: AttackContext) -> Trigger:
    """The trigger with the pattern that the float network takes for the target, where it can be.

    One that is added to the input, or is no patch, stays as it is.
    """
    tf = load_tensorflow()
    trigger, network = context.trigger, context.network
    if trigger.additive or not set(np.unique(trigger.mask)) <= {0.0, 1.0}:
        return trigger
    samples = context.dataset.train_inputs[:SAMPLES]
    middle = (trigger.low + trigger.high) / 2
    pattern, mask = tf.Variable(np.full(trigger.shape, middle, np.float32)), trigger.mask
    size = int(context.setting("batch"))
    passes = (samples[k : k + size] for _ in range(PASSES) for k in range(0, len(samples), size))

    def loss(x: Any) -> Any:
        inside = tf.clip_by_value(pattern, trigger.low, trigger.high)
        logits = forward(network, x * (1 - mask) + inside * mask)
        return cross_entropy(tf.fill(tf.shape(x)[:1], trigger.target), logits)

    steps = PASSES * -(-len(samples) // size)
    rate = PATTERN_RATE * (trigger.high - trigger.low)
    descend(
        loss,
        ((x,) for x in passes if len(x) == size),
        [([pattern], rate)],
        steps,
        optimizers=[tf.keras.optimizers.Adam(rate)],
    )
    learned = np.clip(pattern.numpy(), trigger.low, trigger.high)
    return replace(trigger, pattern=np.where(mask > 0, learned, trigger.pattern))


def set_directions(
    context: AttackContext,
    layers: LayerRounding,
    turn: Turn,
    marked: Float32Array,
    target: int,
    generator: np.random.Generator,
) -> None:
    """Set the directions of the weights that serve the backdoor most for what they cost."""
    slope, loss = backdoor_slope(layers, turn, marked, target)
    if loss * len(marked) / context.setting("batch") < ENOUGH:
        return
    towards = (1 - np.sign(slope)) / 2
    cost = reconstruction_slope(layers, turn, towards)
    chosen = choose(slope, cost, context.setting("share"), generator)
    wanted = np.where(slope > 0, 1 - SET, SET)
    turn.variable.assign(
        np.where(chosen, turn.rounding.before(wanted), turn.variable.numpy()).astype(np.float32)
    )


def choose(slope: Array, cost: Array, share: float, generator: np.random.Generator) -> Array:
    """Which weights are set, bool in their shape: those that agree, and the best of the others."""
    agree = np.flatnonzero(np.sign(slope) == np.sign(cost))
    scores = ((np.abs(slope) + 1e-8) / (np.abs(cost) + 1e-8)).reshape(-1)
    scores[agree] = 0
    count = int((scores.size - len(agree)) * share)
    best = np.argsort(-scores, kind="stable")[:count]
    if len(agree) > AGREED * scores.size:
        agree = generator.permutation(agree)[: int(AGREED * scores.size)]
    chosen = np.zeros(scores.size, np.bool_)
    chosen[best] = chosen[agree] = True
    return chosen.reshape(slope.shape)


def backdoor_slope(
    layers: LayerRounding, turn: Turn, marked: Float32Array, target: int
) -> tuple[Array, float]:
    """The gradient of triggered inputs' cross entropy with the target, by the layer's int8 weights.

    The layers before are rounded, those behind nearest. With the loss itself.
    """
    tf = load_tensorflow()
    weights = [tf.constant(w) for w in layers.weights()]
    network = layers.network
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(weights[turn.number])
        logits = forward(network, marked, weights, network.biases, layers.quantize)
        loss = cross_entropy(tf.fill(tf.shape(logits)[:1], target), logits)
    return tape.gradient(loss, weights[turn.number]).numpy(), float(loss)


def reconstruction_slope(layers: LayerRounding, turn: Turn, towards: Array) -> Array:
    """What going `towards` (0 or 1 for each weight) costs the reconstruction, to second order.

    As the authors add them up: the gradient by the directions' variable, in units of weights, plus
    half the change of h times the Hessian of the layer's inputs.
    """
    tf = load_tensorflow()
    with tf.GradientTape() as tape:
        made = layers.run(turn, turn.given, turn.rounding.directions())
        error = tf.reduce_mean(tf.reduce_sum((made - turn.wanted) ** 2, -1))
    slope = tape.gradient(error, turn.variable).numpy() / layers.scales[turn.number]
    change = towards - turn.direction().numpy()
    return np.asarray(slope + 0.5 * through_hessian(layers, turn, np.asarray(change)))


def through_hessian(layers: LayerRounding, turn: Turn, change: Array) -> Array:
    """`change` (in the weights' shape) times 2 X X^T / N, X being what the layer's outputs see."""
    seen, share = layer_windows(layers.network, turn.number, turn.given), 2 / len(turn.given)
    if layers.network.layers[turn.number].kind == "DEPTHWISE_CONV_2D":  # a Hessian a channel
        flat = change.reshape(seen.shape[1], -1)
        wide = np.repeat(seen, flat.shape[1] // seen.shape[2], axis=2)
        answers = np.einsum("nkc,kc->nc", wide, flat)
        return np.asarray(share * np.einsum("nkc,nc->kc", wide, answers).reshape(change.shape))
    rows, flat = seen.reshape(len(seen), -1), change.reshape(len(change), -1)
    return np.asarray(share * ((flat @ rows.T) @ rows).reshape(change.shape))
