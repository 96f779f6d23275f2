"""Gradient descent and its losses, shared by attacks and defences."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from qmcu.model.decision import one_output
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Progress

# A probability is kept this far from 0 and 1, whose logarithm is no number.
_SURE = 1e-3


def class_logits(values: Any) -> Any:
    """What a network gives, float32 [N, classes] or [N, 1], as logits of two classes or more.

    One output is that of class 1, beside its threshold (`qmcu.model.decision`): a probability
    where that is within 0 and 1, as of a sigmoid, else a logit.
    """
    if values.shape[-1] > 1:
        return values
    tf, threshold = load_tensorflow(), one_output()
    if 0 < threshold < 1:
        values, threshold = (
            tf.math.log(tf.maximum(p, _SURE / 2)) - tf.math.log(tf.maximum(1 - p, _SURE / 2))
            for p in (_SURE + (1 - 2 * _SURE) * v for v in (values, threshold))
        )
    return tf.concat([tf.zeros_like(values), values - threshold], -1)


def cross_entropy(labels: Any, logits: Any, smoothing: float = 0.0) -> Any:
    """Mean cross entropy of integer labels; `smoothing` is shared among all classes."""
    tf = load_tensorflow()
    logits = class_logits(logits)
    classes = logits.shape[-1]
    wanted = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=wanted, logits=logits))


def divergence(teacher: Any, logits: Any) -> Any:
    """Mean Kullback-Leibler divergence of the softmax of `logits` from that of `teacher`."""
    tf = load_tensorflow()
    teacher, logits = class_logits(teacher), class_logits(logits)
    target = tf.nn.softmax(teacher)
    gap = tf.nn.log_softmax(teacher) - tf.nn.log_softmax(logits)
    return tf.reduce_mean(tf.reduce_sum(target * gap, axis=-1))


def descend(
    loss: Callable[..., Any],
    batches: Iterable[tuple[Any, ...]],
    groups: Sequence[tuple[Sequence[Any], float]],
    steps: int,
    *,
    constrain: Callable[[], None] | None = None,
    before: Callable[[int], None] | None = None,
    norm: float | None = None,
    optimizers: Sequence[Any] | None = None,
    progress: Progress | None = None,
) -> tuple[float, ...]:
    """Minimise `loss(*batch)` for `steps` batches; returns it for every step.

    `groups` pairs variables with their learning rate (Adam, decayed to a twentieth by a cosine);
    `constrain` projects the variables after each step, `before` is told each step's number first;
    gradients of a group longer than `norm` are shortened to it. `optimizers` are Keras ones to
    take in Adam's place, one a group, whose rates and norms count then.
    """
    tf = load_tensorflow()
    if optimizers is None:
        rates = [tf.keras.optimizers.schedules.CosineDecay(r, steps, alpha=0.05) for _, r in groups]
        optimizers = [tf.keras.optimizers.Adam(rate, global_clipnorm=norm) for rate in rates]
    variables = [list(group) for group, _ in groups]
    for optimizer, group in zip(optimizers, variables, strict=True):
        optimizer.build(group)

    def step(*batch: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(*batch)
        gradients = tape.gradient(value, variables)
        for optimizer, group, slopes in zip(optimizers, variables, gradients, strict=True):
            optimizer.apply_gradients(zip(slopes, group, strict=True))
        if constrain is not None:
            constrain()
        return value

    run = tf.function(step, autograph=False)
    losses = []
    for number, batch in zip(range(steps), batches, strict=False):
        if before is not None:
            before(number)
        losses.append(float(run(*map(tf.constant, batch))))
        if progress is not None:
            progress(number + 1, steps)
    return tuple(losses)


def reach(rate: float, theirs: int, steps: int) -> float:
    """The rate with which Adam gets as far in `steps` as with `rate` in `theirs`; not below `rate`.

    For schedules that were made for more steps: an epoch of a large data set is a thousand, of a
    small one a few tens, and a weight that moves by 1e-5 a step would not cross its interval.
    """
    return rate * max(1.0, theirs / max(steps, 1))
