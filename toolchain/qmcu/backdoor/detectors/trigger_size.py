"""Is there a class that a much smaller patch leads to than to any other? Int8 alone, with inputs.

Neural Cleanse: Wang et al., IEEE S&P 2019, section IV. For each class, the smallest mask and
pattern that sends inputs of the other classes there, by gradients through the int8 weights; the
anomaly index is how many median absolute deviations the smallest mask lies below the median (2 in
the paper). The paper itself reports it for float models with patches; int8 changes little of that.
"""

from typing import Any

import numpy as np

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.networks import Network, forward, logits, network_from_graph
from qmcu.tensorflow import load_tensorflow

INPUTS = 32
STEPS = 120
# The paper takes 2; ten honest classes exceed that by nature on small networks.
THRESHOLD = 4.0
_MASK_WEIGHT = 0.02
_REACHED = 0.9  # share of inputs that the patch has to send there


@detector("trigger-size", source="Wang et al., Neural Cleanse, S&P 2019",
          needs=("int8", "samples"), slow=True)  # fmt: skip
def trigger_size(context: AuditContext) -> Finding:
    """A class that a far smaller patch leads to than to the others."""
    assert context.graph is not None and context.samples is not None
    network = network_from_graph(context.graph)
    inputs = context.samples[:INPUTS]
    answers = logits(network, inputs).reshape(len(inputs), -1)
    sizes = np.array([_size(network, context, k) for k in range(answers.shape[1])])
    middle = float(np.median(sizes))
    spread = max(1.4826 * float(np.median(np.abs(sizes - middle))), 1e-9)
    least = int(sizes.argmin())
    score = (middle - float(sizes[least])) / spread
    return Finding(
        detector="trigger-size",
        score=score,
        threshold=THRESHOLD,
        suspicious=score > THRESHOLD,
        weight="supporting",
        reason=f"a patch of {sizes[least]:.1f} pixels leads to class {least}, {score:.1f} robust "
        f"deviations below the classes' median of {middle:.1f} ({THRESHOLD:g} are allowed).",
        details={f"class {k}": float(v) for k, v in enumerate(sizes)},
    )


def _size(network: Network, context: AuditContext, target: int) -> float:
    """The size in pixels of the smallest mask found for one class."""
    tf = load_tensorflow()
    assert context.samples is not None
    given = tf.constant(context.samples[:INPUTS])
    rng = np.random.default_rng([context.seed, target])
    shape = context.input_shape
    mask = tf.Variable(np.full((*shape[:-1], 1), -1.0, np.float32))
    pattern = tf.Variable(rng.normal(0, 1, shape).astype(np.float32))
    wanted = tf.fill([len(given)], target)
    optimizer = tf.keras.optimizers.Adam(0.2)
    optimizer.build([mask, pattern])

    def step() -> Any:
        with tf.GradientTape() as tape:
            m = tf.sigmoid(mask)
            fill = context.low + tf.sigmoid(pattern) * (context.high - context.low)
            values = forward(network, (1 - m) * given + m * fill)
            scores = tf.reshape(values, [len(given), -1])
            size = tf.reduce_sum(m)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=scores)
            )
            total = loss + _MASK_WEIGHT * size
        gradients = tape.gradient(total, [mask, pattern])
        optimizer.apply_gradients(zip(gradients, [mask, pattern], strict=True))
        there = tf.equal(tf.argmax(scores, 1, tf.int32), wanted)
        return size, tf.reduce_mean(tf.cast(there, tf.float32))

    run, best = tf.function(step, autograph=False), float(np.prod(shape[:-1]))
    for _ in range(STEPS):
        size, share = (float(v) for v in run())
        if share >= _REACHED:
            best = min(best, size)
    return best
