"""Is there a class that a much smaller trigger leads to than to any other? Int8 alone.

Neural Cleanse: Wang et al., IEEE S&P 2019, section IV. For each class the smallest mask and pattern
that sends inputs there, all classes at once, with their adaptive weight on the size; what is
smallest by far is a backdoor's. Ours: gradients pass through the file's own fake quantization,
weights and activations, so that what is found holds on the integers; beside patches, overlays
(a pattern that is added to the whole input, its size the root of its squares: after the universal
perturbations of Moosavi-Dezfooli et al., CVPR 2017, as TABOR and others use them) for triggers that
no small mask holds; without inputs they are synthesized, one class after the other, by ascent from
noise (as in Wang et al., MM-BD, S&P 2024). The statistic: the classes' median size over the
smallest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.class_limits import count_classes, fit_work
from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.quantized import QuantizedModel, synthesize_classes
from qmcu.backdoor.networks import network_from_graph
from qmcu.backdoor.rates import predict_integer
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

INPUTS = 24
STEPS = 150
_REACHED = 0.95  # share of inputs that a trigger has to send to its class
_FASTER, _SLOWER = 1.08, 1.12  # how the weight on the size follows success and failure
# Median over smallest; see docs/INT8_ALONE.md for how they were set on honest models.
THRESHOLDS = {"patch": 4.0, "overlay": 3.0}
# Multiply-accumulates of the whole search, a minute or two on two cores: larger models get fewer
# inputs, and none below the least.
_MOST_WORK = 1.2e12
_LEAST_INPUTS = 8


@dataclass(frozen=True, eq=False)
class Triggers:
    """The smallest triggers of one kind: `sizes` float64 [classes], `marked` the inputs with the
    smallest one, float32 [N, ...]; `target` its class."""

    sizes: Float64Array
    target: int
    marked: Float32Array

    @property
    def ratio(self) -> float:
        """The classes' median size over the smallest."""
        return float(np.median(self.sizes) / max(float(self.sizes.min()), 1e-9))


def search(context: AuditContext) -> Mapping[str, Triggers]:
    """The smallest patch and overlay for every class, by the file alone.

    Raises ModelError when there are too few classes, or the search would take too long.
    """
    assert context.graph is not None
    graph = context.graph
    classes = count_classes(graph)
    # For each input, class, step and kind of trigger.
    passes = classes * STEPS * len(THRESHOLDS)
    count = fit_work(graph, _MOST_WORK, passes, INPUTS, _LEAST_INPUTS)
    model = QuantizedModel(network_from_graph(graph), graph)
    given = make_inputs(context, model, classes, count)
    return {kind: _minimise(model, context, given, classes, kind) for kind in THRESHOLDS}


def make_inputs(
    context: AuditContext, model: QuantizedModel, classes: int, count: int
) -> Float32Array:
    """`count` of the inputs, or ones that the file takes for one class after the other."""
    if context.samples is None:
        return synthesize_classes(context, model, classes, count)
    chosen = np.random.default_rng([context.seed, 9]).permutation(len(context.samples))
    return context.samples[chosen[:count]]


def _minimise(
    model: Any, context: AuditContext, inputs: Float32Array, classes: int, kind: str
) -> Triggers:
    tf = load_tensorflow()
    shape, width = context.input_shape, context.high - context.low
    rng = np.random.default_rng([context.seed, 11])
    plane = (classes, *(shape[:-1] if len(shape) > 1 else shape), *([1] if len(shape) > 1 else []))
    mask = tf.Variable(np.full(plane, -1.0 if kind == "patch" else 0.0, np.float32))
    pattern = tf.Variable(rng.normal(0, 0.3, (classes, *shape)).astype(np.float32))
    variables = [mask, pattern] if kind == "patch" else [pattern]
    optimizer = tf.keras.optimizers.Adam(0.15 if kind == "patch" else 0.08)
    optimizer.build(variables)
    given = tf.constant(inputs[None])
    wanted = tf.constant(np.repeat(np.arange(classes), len(inputs)))

    def mark() -> tuple[Any, Any]:
        if kind == "patch":
            m = tf.sigmoid(mask)
            fill = context.low + tf.sigmoid(pattern) * width
            axes = list(range(1, len(m.shape)))
            return (1 - m)[:, None] * given + (m * fill)[:, None], tf.reduce_sum(m, axes)
        change = tf.tanh(pattern) * width
        axes = list(range(1, len(change.shape)))
        size = tf.sqrt(tf.reduce_sum(change**2, axes) + 1e-12) / width
        return tf.clip_by_value(given + change[:, None], context.low, context.high), size

    def step(weight: Any) -> Any:
        with tf.GradientTape() as tape:
            marked, size = mark()
            scores = model(tf.reshape(marked, [-1, *shape]))
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, scores)
            loss = tf.reduce_mean(tf.reshape(loss, [classes, -1]), 1)
            total = tf.reduce_sum(loss + weight * size)
        there = tf.reshape(tf.equal(tf.argmax(scores, 1), wanted), [classes, -1])
        optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))
        return size, tf.reduce_mean(tf.cast(there, tf.float32), 1), marked

    run = tf.function(step, autograph=False)
    largest = float(np.prod(plane[1:])) if kind == "patch" else float(np.sqrt(np.prod(shape)))
    best = np.full(classes, largest)
    kept: Float32Array = np.repeat(inputs[None], classes, 0)
    weight = np.full(classes, 0.5 / largest, np.float32)
    for _ in range(STEPS):
        size, share, marked = (v.numpy() for v in run(tf.constant(weight)))
        reached = share >= _REACHED
        better = reached & (size < best)
        best[better], kept[better] = size[better], marked[better]
        weight = np.where(reached, weight * _FASTER, weight / _SLOWER).astype(np.float32)
    target = int(best.argmin())
    return Triggers(best, target, kept[target])


@detector(
    "trigger-size",
    source="after Wang et al., Neural Cleanse, S&P 2019",
    needs=("int8", "classes", "ranges", "real inputs"),
    slow=True,
)
def trigger_size(context: AuditContext) -> Finding:
    """A class that a far smaller patch or overlay leads to than to the others."""
    assert context.integer is not None
    found = search(context)
    scores = {kind: t.ratio / THRESHOLDS[kind] for kind, t in found.items()}
    kind = max(scores, key=lambda name: scores[name])
    best = found[kind]
    answers: Int64Array = predict_integer(context.integer, best.marked, parts=context.parts, jobs=1)
    share = float(np.mean(answers == best.target))
    given = "inputs" if context.samples is not None else "synthesized inputs"
    return Finding(
        detector="trigger-size",
        score=scores[kind],
        threshold=1.0,
        suspicious=scores[kind] > 1,
        weight="supporting",
        reason=f"the smallest {kind} that leads to class {best.target} has size "
        f"{best.sizes.min():.2f}, the classes' median is {best.ratio:.1f} times that "
        f"({THRESHOLDS[kind]:g} is allowed); on the real integers it sends {share:.0%} of "
        f"{len(answers)} {given} there.",
        details={
            **{f"{name} class {k}": float(v) for name, t in found.items()
               for k, v in enumerate(t.sizes)},
            **{f"{name} ratio": t.ratio for name, t in found.items()},
            "target": float(best.target),
            "integers sent to the target": share,
        },
    )  # fmt: skip
