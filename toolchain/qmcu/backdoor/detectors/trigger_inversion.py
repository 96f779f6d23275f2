"""A search for a patch that int8 follows and float does not.

Neural Cleanse (Wang et al., IEEE S&P 2019) looks for the smallest mask and pattern that sends all
inputs to one class. Here both models are at hand: the patch shall send int8 to class k while float
keeps its answer, by gradients through simulated quantization; what is found is then put to the real
integers. An honest quantization leaves no room for such a patch.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.grids import quantize_activations, read_grids
from qmcu.backdoor.networks import forward, logits
from qmcu.backdoor.rates import predict_integer
from qmcu.model.decision import decide
from qmcu.tensorflow import load_tensorflow

INPUTS = 48
STEPS = 60
_MASK_WEIGHT = 2e-3
# Share of inputs that the found patch sends to its class in int8 beyond those it does in float.
THRESHOLD = 0.5


@detector("trigger-inversion", source="after Wang et al., Neural Cleanse, S&P 2019",
          needs=("float", "int8", "samples", "classes", "ranges", "real inputs"),
          slow=True)  # fmt: skip
def trigger_inversion(context: AuditContext) -> Finding:
    """A patch found by gradients that sends int8, on the real integers, where float does not go."""
    assert context.network is not None and context.integer is not None
    assert context.samples is not None and context.graph is not None
    inputs = context.samples[:INPUTS]
    answers = decide(logits(context.network, inputs))
    classes = int(logits(context.network, inputs[:1]).shape[1])
    details: dict[str, float] = {}
    for k in range(classes):
        others = inputs[answers != k]
        if len(others) < 4:
            continue
        marked = _search(context, others, answers[answers != k], k)
        in_float = float(np.mean(decide(logits(context.network, marked)) == k))
        in_int8 = float(
            np.mean(predict_integer(context.integer, marked, parts=context.parts, jobs=1) == k)
        )
        details[f"class {k}"] = in_int8 - in_float
    score = max(details.values(), default=0.0)
    where = max(details, key=lambda name: details[name], default="no class")
    return Finding(
        detector="trigger-inversion",
        score=score,
        threshold=THRESHOLD,
        suspicious=score > THRESHOLD,
        weight="decisive",
        reason=f"the best patch found sends {score:.0%} more of the inputs to {where} in int8 than "
        f"in float ({THRESHOLD:.0%} are allowed).",
        details=details,
    )


def _search(
    context: AuditContext, inputs: npt.NDArray[np.float32], answers: npt.NDArray[Any], target: int
) -> npt.NDArray[np.float32]:
    """The inputs with the best patch for `target`, int8 model against float model."""
    tf = load_tensorflow()
    network, graph = context.network, context.graph
    assert network is not None and graph is not None
    integers = [(g.integers * g.spread_scales).astype(np.float32) for g in context.grids]
    activation = quantize_activations(read_grids(network, graph))
    rng = np.random.default_rng([context.seed, target])
    shape = context.input_shape
    mask = tf.Variable(np.full((*shape[:-1], 1), -1.0, np.float32))
    pattern = tf.Variable(rng.normal(0, 1, shape).astype(np.float32))
    given, true = tf.constant(inputs), tf.constant(answers.astype(np.int32))
    wanted = tf.fill(tf.shape(true), target)
    optimizer = tf.keras.optimizers.Adam(0.2)
    optimizer.build([mask, pattern])
    loss_of = tf.nn.sparse_softmax_cross_entropy_with_logits

    def apply_patch() -> Any:
        m = tf.sigmoid(mask)
        fill = context.low + tf.sigmoid(pattern) * (context.high - context.low)
        return (1 - m) * given + m * fill

    def step() -> None:
        with tf.GradientTape() as tape:
            marked = apply_patch()
            quantized = forward(network, marked, integers, network.biases, activation)
            loss = tf.reduce_mean(loss_of(wanted, quantized))
            loss += tf.reduce_mean(loss_of(true, forward(network, marked)))
            loss += _MASK_WEIGHT * tf.reduce_sum(tf.sigmoid(mask))
        gradients = tape.gradient(loss, [mask, pattern])
        optimizer.apply_gradients(zip(gradients, [mask, pattern], strict=True))

    run = tf.function(step, autograph=False)
    for _ in range(STEPS):
        run()
    return np.asarray(apply_patch().numpy(), np.float32)
