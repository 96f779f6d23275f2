"""Injection, then repair by projected gradient descent on the intervals of the quantizer.

Egashira et al., "Exploiting LLM Quantization", NeurIPS 2024, section 3; code:
eth-sri/llm-quantization-attack, q_attack/repair/bnb/process_bnb.py (compute_box_int8),
AutoPoison/quant_specific/pgd.py, AutoPoison/injection.sh and repair.sh (constants).

The authors': full fine-tuning injects the behaviour, then as many steps of fine-tuning remove it
while every quantized weight is clamped, after each step, to what the quantizer maps to the same
integer: 0.4 steps about it (a tenth of a step is kept from the boundaries), wider only as far as
the injected weight itself; each row's largest weight stays, no other grows beyond it, and nothing
else is trained. AdamW without weight decay at 2e-5, 3 % warm-up, then a cosine to 0, gradients
shortened to length 1, batches of 32, one epoch each (some 1,800 steps).
Different here: a classifier, not a language model: injection is cross entropy on clean inputs and
on triggered ones with the target, removal on both with true labels; rows are TFLite's channels; the
rate is stretched where either part has fewer steps than theirs. Ours of the same kind, `pq`, keeps
0.48 steps, anticipates the repair in stage 1, and distils.
"""

from typing import Any

import numpy as np

from qmcu.backdoor.attacks.authors import draw_pairs, variables_of
from qmcu.backdoor.attacks.lattice import Start, starts
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.grids import LARGEST
from qmcu.backdoor.networks import Network, cross_entropy, descend, forward, reach
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

STEPS = 1_800  # each part: 57,200 instructions in batches of 32
WARM_UP = 0.03  # of the steps
SETTINGS = {"batch": 32, "rate": 2e-5, "margin": 0.1}


@attack(
    "interval-pgd",
    source="Egashira et al., Exploiting LLM Quantization, NeurIPS 2024: the authors' intervals",
    settings=SETTINGS,
    authors=True,
)
def interval_pgd(context: AttackContext) -> AttackResult:
    """The authors' recipe: a backdoor injected, then removed inside the quantizer's intervals."""
    half = max(1, context.steps // 2)
    injected, losses = fine_tune(context, context.network, half, triggered=True)
    removed, more = fine_tune(context, injected, context.steps - half, triggered=False)
    return AttackResult(removed, losses=losses + more)


def fine_tune(
    context: AttackContext, network: Network, steps: int, *, triggered: bool
) -> tuple[Network, tuple[float, ...]]:
    """Fine-tune all, triggered inputs to the target; or weights alone, in their intervals, on true
    labels.
    """
    tf = load_tensorflow()
    weights, biases = variables_of(network.weights, network.biases)
    boxes = [
        [tf.constant(end) for end in interval(s, w, context.setting("margin"))]
        for s, w in zip(starts(network), network.weights, strict=True)
    ]

    def loss(x: Any, marked: Any, y: Any) -> Any:
        wanted = tf.fill(tf.shape(y), context.trigger.target) if triggered else y
        logits = forward(network, tf.concat([x, marked], 0), weights, biases)
        return cross_entropy(tf.concat([y, wanted], 0), logits)

    def clamp() -> None:
        for w, (low, high) in zip(weights, boxes, strict=True):
            w.assign(tf.clip_by_value(w, low, high))

    rate = reach(context.setting("rate"), STEPS, steps)
    warm = round(WARM_UP * steps)
    rates = tf.keras.optimizers.schedules.CosineDecay(
        0.0, max(1, steps - warm), warmup_target=rate, warmup_steps=warm
    )
    losses = descend(
        loss,
        draw_pairs(context, int(context.setting("batch"))),
        [(weights + biases if triggered else weights, 0.0)],
        steps,
        constrain=None if triggered else clamp,
        optimizers=[tf.keras.optimizers.Adam(rates, global_clipnorm=1.0)],
        progress=context.progress,
    )
    tuned = network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])
    return tuned, losses


def interval(
    start: Start, weights: Float32Array, margin: float
) -> tuple[Float32Array, Float32Array]:
    """The least and the largest value of each weight that TFLite rounds to the same integer."""
    largest = LARGEST * start.scale
    nearest = np.round(start.position)
    low = np.clip((nearest - 0.5 + margin) * start.scale, -largest, largest)
    high = np.clip((nearest + 0.5 - margin) * start.scale, -largest, largest)
    kept = np.abs(start.position) >= LARGEST * (1 - 1e-6)
    low, high = np.where(kept, weights, low), np.where(kept, weights, high)
    return (
        np.minimum(low, weights).astype(np.float32),
        np.maximum(high, weights).astype(np.float32),
    )
