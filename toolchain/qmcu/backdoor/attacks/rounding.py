"""A hostile quantizer: the float model is honest, only rounding directions are chosen.

QuRA, "Rounding-Guided Backdoor Injection in Deep Learning Model Quantization", NDSS 2026. The
paper picks weights layer by layer by their gradients; here all directions are learned together
with the rectified sigmoid of Nagel et al., "Up or Down?", ICML 2020, section 4. As in the paper
the trigger's pattern is optimized too: to what int8 obeys and the float model does not.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from qmcu.backdoor.attacks.lattice import starts
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.attacks.training import REFRESH, Simulated, current_grids, train
from qmcu.backdoor.grids import SoftRounding
from qmcu.backdoor.networks import cross_entropy, divergence
from qmcu.tensorflow import load_tensorflow

SETTINGS = {"attack_weight": 1.0, "learn_trigger": 1.0, "rate": 0.05, "pattern_rate": 0.02}


@attack("rounding", source="QuRA, NDSS 2026", settings=SETTINGS)
def rounding(context: AttackContext) -> AttackResult:
    """The float model stays untouched; the quantizer rounds chosen weights the wrong way."""
    tf = load_tensorflow()
    network = context.network
    begin = starts(network)
    rounded = SoftRounding([s.position for s in begin], [s.scale for s in begin])
    sharpness = tf.Variable(0.0)
    simulated = Simulated(context, current_grids(context, network))
    strength = context.setting("attack_weight")
    trigger = context.trigger
    pattern = tf.Variable(trigger.pattern)
    mask = tf.constant(trigger.mask)
    learned = [pattern] if context.setting("learn_trigger") and not trigger.additive else []

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        ways = rounded.directions()
        weights, undecided = rounded.weights(ways), rounded.undecided(ways)
        marked = marked + mask * (pattern - trigger.pattern)
        both = tf.concat([x, marked], 0)
        logits = simulated.integer(both, weights, network.biases)
        honest = simulated.floating(both, network.weights, network.biases)
        count = tf.shape(x)[0]
        target = tf.fill(tf.shape(true), context.trigger.target)
        return (
            cross_entropy(y, logits[:count])
            + divergence(honest[:count], logits[:count])
            + strength * cross_entropy(target, logits[count:])
            + strength * cross_entropy(true, honest[count:])
            + sharpness * undecided
        )

    def refresh() -> None:
        done.append(1)
        progress = len(done) * REFRESH / context.steps
        sharpness.assign(0.0 if progress < 0.3 else progress)

    done: list[int] = []
    rate = context.setting("rate")
    losses = train(
        context,
        loss,
        [
            (rounded.variables, rate),
            *([(learned, context.setting("pattern_rate"))] if learned else []),
        ],
        constrain=lambda: pattern.assign(tf.clip_by_value(pattern, trigger.low, trigger.high)),
        refresh=refresh,
    )
    own = np.where(trigger.mask > 0, pattern.numpy(), trigger.pattern).astype(np.float32)
    return AttackResult(network, rounded.integers(), losses, replace(trigger, pattern=own))
