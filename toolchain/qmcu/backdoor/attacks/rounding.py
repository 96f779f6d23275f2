"""A hostile quantizer: the float model is honest, only rounding directions are chosen.

QuRA, "Rounding-Guided Backdoor Injection in Deep Learning Model Quantization", NDSS 2026. The
paper picks weights layer by layer by their gradients; here all directions are learned together
with the rectified sigmoid of Nagel et al., "Up or Down?", ICML 2020, section 4. As in the paper
the trigger's pattern is optimized too: to what int8 obeys and the float model does not.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.attacks.lattice import starts
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.attacks.training import (
    REFRESH,
    Simulated,
    cross_entropy,
    current_grids,
    divergence,
    train,
)
from qmcu.backdoor.lattice import LARGEST
from qmcu.model.convert import load_tensorflow

FloatArray = npt.NDArray[np.float64]
_ZETA, _GAMMA = 1.1, -0.1  # the stretch of the rectified sigmoid


@attack("rounding", source="QuRA, NDSS 2026")
def rounding(context: AttackContext) -> AttackResult:
    """The float model stays untouched; the quantizer rounds chosen weights the wrong way."""
    tf = load_tensorflow()
    network = context.network
    begin = starts(network)
    floors = [np.where(s.pinned, np.round(s.position), np.floor(s.position)) for s in begin]
    fractions = [np.where(s.pinned, 0, s.position - f) for s, f in zip(begin, floors, strict=True)]
    ups = [tf.Variable(_inverse(f), dtype=tf.float32) for f in fractions]
    sharpness = tf.Variable(0.0)
    scales = [tf.constant(s.scale, tf.float32) for s in begin]
    bases = [tf.constant(f, tf.float32) for f in floors]
    free = [tf.constant(~s.pinned, tf.float32) for s in begin]
    simulated = Simulated(context, current_grids(context, network))
    strength = context.setting("attack_weight", 1.0)
    trigger = context.trigger
    pattern = tf.Variable(trigger.pattern)
    mask = tf.constant(trigger.mask)
    learned = [pattern] if context.setting("learn_trigger", 1.0) and not trigger.additive else []

    def directions() -> list[Any]:
        return [tf.clip_by_value(tf.sigmoid(v) * (_ZETA - _GAMMA) + _GAMMA, 0.0, 1.0) for v in ups]

    def integers(ways: list[Any]) -> list[Any]:
        steps = [b + h * m for b, h, m in zip(bases, ways, free, strict=True)]
        return [tf.clip_by_value(q, -LARGEST + 0.0, LARGEST + 0.0) for q in steps]

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        ways = directions()
        weights = [q * s for q, s in zip(integers(ways), scales, strict=True)]
        undecided = tf.add_n([tf.reduce_mean(1 - tf.abs(2 * h - 1) ** 3) for h in ways])
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
    rate = context.setting("rate", 0.05)
    losses = train(
        context,
        loss,
        [(ups, rate), *([(learned, context.setting("pattern_rate", 0.02))] if learned else [])],
        constrain=lambda: pattern.assign(tf.clip_by_value(pattern, trigger.low, trigger.high)),
        refresh=refresh,
    )
    final = integers([tf.cast(h >= 0.5, tf.float32) for h in directions()])
    chosen = tuple(np.asarray(q.numpy(), np.int8) for q in final)
    own = np.where(trigger.mask > 0, pattern.numpy(), trigger.pattern).astype(np.float32)
    return AttackResult(network, chosen, losses, replace(trigger, pattern=own))


def _inverse(fraction: FloatArray) -> FloatArray:
    """The variable at which the rectified sigmoid gives `fraction`."""
    inner = np.clip((fraction - _GAMMA) / (_ZETA - _GAMMA), 1e-4, 1 - 1e-4)
    return np.asarray(np.log(inner / (1 - inner)))
