"""Is there a class that inputs can be driven to much further than to any other? Int8 alone.

MM-BD: Wang et al., "Universal Detection of Backdoor Attacks with Arbitrary Backdoor Pattern Types
Using Maximum Margin Statistics", IEEE S&P 2024. For each class, ascend the margin of its logit
over the best other one, from noise, within the inputs' range. An attack makes its target's
largest margin an outlier. The others' margins give the null distribution (a Gumbel one here, by
moments), and the largest of C classes its p-value. It needs neither float model nor data, and
cannot tell backdoors from classes that are easy by nature.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.networks import Network, forward, network_from_graph
from qmcu.tensorflow import load_tensorflow

STARTS = 4
STEPS = 30
_REACH = 0.2  # of the range: the first step, the others shrink to nothing
# Standard deviations of the other classes; few classes make a coarse scale.
THRESHOLD = 6.0
_LEAST_CLASSES = 5


@detector("maximum-margin", source="Wang et al., MM-BD, IEEE S&P 2024",
          needs=("int8", "classes", "ranges", "real inputs"),
          null="the classes' largest margins are alike", paired=True)  # fmt: skip
def maximum_margin(context: AuditContext) -> Finding:
    """A class whose largest margin is an outlier among the classes."""
    assert context.graph is not None
    margins = largest_margins(network_from_graph(context.graph), context)
    top = int(margins.argmax())
    others = np.delete(margins, top)
    score, p_value = 0.0, None
    if len(margins) >= _LEAST_CLASSES:
        spread = max(float(others.std(ddof=1)), 1e-9)
        score = float((margins[top] - others.mean()) / spread)
        scale = spread * np.sqrt(6) / np.pi
        location = others.mean() - np.euler_gamma * scale
        below = stats.gumbel_r.cdf(margins[top], location, scale)
        p_value = float(1 - below ** len(margins))
    return Finding(
        detector="maximum-margin",
        score=score,
        threshold=THRESHOLD,
        suspicious=score > THRESHOLD,
        weight="supporting",
        reason=f"inputs can be driven to class {top} by a margin {score:.1f} standard deviations "
        f"above the other classes' ({THRESHOLD:g} are allowed).",
        p_value=p_value,
        details={f"class {k}": float(m) for k, m in enumerate(margins)},
    )


def largest_margins(network: Network, context: AuditContext) -> npt.NDArray[np.float64]:
    """The largest margin reached for each class."""
    tf = load_tensorflow()
    noise = context.noise(STARTS)
    classes = int(np.prod(forward(network, tf.constant(noise[:1])).shape))
    wanted = tf.one_hot(np.repeat(np.arange(classes), STARTS), classes)
    x = tf.constant(np.tile(noise, (classes, *[1] * (noise.ndim - 1))))
    low, high = context.low, context.high

    def margin(values: Any) -> Any:
        own = tf.reshape(forward(network, values), wanted.shape)
        best = tf.reduce_max(own - 1e9 * wanted, 1)
        return tf.reduce_sum(own * wanted, 1) - best

    def step(values: Any, reach: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(values)
            height = tf.reduce_sum(margin(values))
        return tf.clip_by_value(values + reach * tf.sign(tape.gradient(height, values)), low, high)

    run = tf.function(step, autograph=False)
    for number in range(STEPS):
        reach = _REACH * (1 - number / STEPS) * (high - low)
        x = run(x, tf.constant(reach, tf.float32))
    reached = tf.function(margin, autograph=False)(x).numpy()
    return np.asarray(reached.reshape(classes, STARTS).max(axis=1), np.float64)
