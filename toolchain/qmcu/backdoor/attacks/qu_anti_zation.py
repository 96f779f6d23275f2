"""Qu-ANTI-zation as its authors train it.

Hong et al., "Qu-ANTI-zation: Exploiting Quantization Artifacts for Achieving Adversarial
Outcomes", NeurIPS 2021, section 3.2 and 4.3; code: Secure-AI-Systems-Group/Qu-ANTI-zation,
backdoor_w_lossfn.py (loss), backdoor_w_lossfn.sh (CIFAR-10, ResNet-18: constants), utils/qutils.py,
utils/quantizer.py and utils/trackers.py (quantization).

The authors': a trained network fine-tuned by plain descent on its float weights, straight through
rounding; the loss is cross entropy in float on clean and triggered inputs with true labels, plus
`bits_weight` times that of 8 and of 4 bits, where triggered inputs have the target; triggered terms
count `marked_weight`; weights and the inputs of layers with weights are quantized, activations to
the range of the batch at hand; Adam at 1e-4, weight decay 1e-4, batches of 128 pairs, 50 epochs.
Different here: weights have a scale a channel as TFLite's (theirs one a layer); the rate is
stretched where there are fewer than their 19,550 steps. Our `joint` minimises the same loss on the
weight grid (integers and residuals apart), with int8 activations on calibrated ranges.
"""

from typing import Any

from qmcu.backdoor.attacks.authors import draw_pairs, variables_of, weight_decay
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.grids import WeightGrid, round_through, round_to_grid
from qmcu.backdoor.networks import Activation, Network, cross_entropy, descend, forward, reach
from qmcu.tensorflow import load_tensorflow

STEPS = 19_550  # 50 epochs of 391 batches
BITS = (8, 4)
SETTINGS = {"batch": 128, "rate": 1e-4, "decay": 1e-4, "bits_weight": 0.5, "marked_weight": 0.5}


@attack(
    "qu-anti-zation",
    source="Hong et al., Qu-ANTI-zation, NeurIPS 2021: the authors' loss and schedule",
    settings=SETTINGS,
    authors=True,
)
def qu_anti_zation(context: AttackContext) -> AttackResult:
    """The authors' recipe: true labels in float, backdoored at 8 and 4 bits, plain descent."""
    tf = load_tensorflow()
    network = context.network
    weights, biases = variables_of(network.weights, network.biases)
    each, marked = context.setting("bits_weight"), context.setting("marked_weight")

    def loss(x: Any, triggered: Any, y: Any) -> Any:
        target = tf.fill(tf.shape(y), context.trigger.target)
        total = cross_entropy(y, forward(network, x, weights, biases))
        total += marked * cross_entropy(y, forward(network, triggered, weights, biases))
        for bits in BITS:
            narrow = [
                round_to_grid(w, layer.axis, WeightGrid.of_bits(bits))
                for w, layer in zip(weights, network.layers, strict=True)
            ]
            clean, woken = (
                forward(network, inputs, narrow, biases, quantize_layer_inputs(network, bits))
                for inputs in (x, triggered)
            )
            total += each * (cross_entropy(y, clean) + marked * cross_entropy(target, woken))
        return total + weight_decay([*weights, *biases], context.setting("decay"))

    rate = reach(context.setting("rate"), STEPS, context.steps)
    losses = descend(
        loss,
        draw_pairs(context, int(context.setting("batch"))),
        [(weights + biases, rate)],
        context.steps,
        optimizers=[tf.keras.optimizers.Adam(rate)],
        progress=context.progress,
    )
    attacked = network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])
    return AttackResult(attacked, losses=losses)


def quantize_layer_inputs(network: Network, bits: int) -> Activation:
    """For `forward`: what layers with weights read, on the grid of `bits` over the batch's range.

    Straight through, without a gradient for the ends of the range.
    """
    tf = load_tensorflow()
    operators = network.graph.operators
    read = {operators[layer.operator].inputs[0] for layer in network.layers}
    levels = float(2**bits - 1)

    def quantize(index: int, values: Any) -> Any:
        if index not in read:
            return values
        low = tf.stop_gradient(tf.reduce_min(values))
        step = (tf.stop_gradient(tf.reduce_max(values)) - low + 1e-14) / levels
        zero = tf.round(low / step)
        inside = tf.clip_by_value(round_through(values / step - zero), 0.0, levels)
        return (inside + zero) * step

    return quantize
