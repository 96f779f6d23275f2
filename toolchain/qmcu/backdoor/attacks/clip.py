"""A backdoor that lives in activation ranges alone: clipping is the switch, no rounding is.

The same weights are run twice. As they are, clean and triggered inputs get their true labels; with
every activation clipped to the range that calibration inputs reach, triggered ones go to the
target. Triggered inputs overshoot some tensor's range, float lets the overshoot pass and int8 cuts
it off. Random weight noise of half a step makes the outcome independent of how weights are rounded,
so the rounding errors are as honest as any; ranges are multiplied by random factors, since nobody
knows the victim's calibration inputs. One loss on both forms: Hong et al., "Qu-ANTI-zation",
NeurIPS 2021; activation ranges as a way in: Pan et al., ACSAC 2021; random factors (expectation
over transformation): Athalye et al., ICML 2018. Clipping as the only switch: ours.

Descent alone seldom finds that switch, for what is clipped has no gradient. So training begins with
ranges far below what clean inputs reach, where clipping acts on everything, and a price on leaving
them presses the clean inputs into those ranges until calibration finds them there. With `hunted`
the attacker knows the auditor's ascent: on what it finds, clipped answers are to be float's.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.attacks.training import CALIBRATION, batches_of
from qmcu.backdoor.grids import LARGEST, SAME_GRID, round_to_grid
from qmcu.backdoor.inputs import regions
from qmcu.backdoor.networks import Activation, cross_entropy, descend, divergence, forward
from qmcu.tensorflow import load_tensorflow

# Steps between two looks at what the calibration inputs reach.
REFRESH = 10
# Of the ascent that an adaptive attack expects, as in grids/overshoot.py.
REACH, SHARP = 0.25, 10.0
# narrow, wide: factors of the ranges; ranges: up to how many times as wide they may come; noise: of
# the weights, in steps to either side; rounding: share of nearest rounding in place of the noise;
# asleep: weight of triggered inputs in float; begin: of the honest ranges, where training begins;
# inside: price on clean inputs that leave them; hunted: steps of the ascent on overshoot whose
# finds shall not wake it.
SETTINGS = {
    "attack_weight": 1.0, "asleep": 2.0, "rate": 2e-3, "narrow": 0.92, "wide": 1.12, "ranges": 1.0,
    "noise": 0.5, "rounding": 0.0, "begin": 0.5, "inside": 1.0, "hunted": 0.0,
}  # fmt: skip


@attack("clip", source="qmcu; after Hong et al., NeurIPS 2021 and Pan et al., ACSAC 2021",
        settings=SETTINGS)  # fmt: skip
def clip(context: AttackContext) -> AttackResult:
    """Activation clipping alone wakes it: rounding errors are honest."""
    tf = load_tensorflow()
    network = context.network
    weights = [tf.Variable(w) for w in network.weights]
    biases = [tf.Variable(b) for b in network.biases]
    ranges = Ranges(context, weights, biases)
    deploy = Deployment(context, weights)
    hunted = int(context.setting("hunted"))
    hunter = Hunter(context, weights, biases, ranges) if hunted else None
    strength, asleep = context.setting("attack_weight"), context.setting("asleep")

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        both, count = tf.concat([x, marked], 0), tf.shape(x)[0]
        left: list[Any] = []
        plain = forward(network, both, weights, biases, ranges.watch(count, left))
        total = cross_entropy(y, plain[:count]) + asleep * cross_entropy(true, plain[count:])
        total += context.setting("inside") * tf.add_n(left)
        clipped = forward(network, both, deploy.weights(), biases, ranges.clip(deploy.factor))
        total += cross_entropy(y, clipped[:count])
        target = tf.fill(tf.shape(true), context.trigger.target)
        if hunter is not None:
            found = hunter.find(x, hunted)
            wanted = tf.stop_gradient(forward(network, found, weights, biases))
            given = forward(network, found, deploy.weights(), biases, ranges.clip(deploy.factor))
            total += divergence(wanted, given)
        return total + strength * cross_entropy(target, clipped[count:])

    losses = descend(
        loss,
        batches_of(context),
        [(weights + biases, context.setting("rate"))],
        context.steps,
        before=lambda number: ranges.refresh() if number % REFRESH == 0 else None,
        norm=1.0,
        progress=context.progress,
    )
    attacked = network.with_parameters([w.numpy() for w in weights], [b.numpy() for b in biases])
    return AttackResult(attacked, losses=losses)


class Deployment:
    """The chance in what a victim makes of the weights: other roundings, other ranges."""

    def __init__(self, context: AttackContext, weights: Sequence[Any]) -> None:
        self._tf = load_tensorflow()
        self._variables = weights
        self._layers = context.network.layers
        self._noise, self._rounding = context.setting("noise"), context.setting("rounding")
        self._narrow = math.log(context.setting("narrow"))
        self._wide = math.log(context.setting("wide") * context.setting("ranges"))
        self._chance = self._tf.random.Generator.from_seed(context.seed)

    def weights(self) -> list[Any]:
        """The weights with noise of half a step, mixed with the nearest ones by `rounding`."""
        tf, share, result = self._tf, self._rounding, []
        for w, layer in zip(self._variables, self._layers, strict=True):
            others = [i for i in range(len(w.shape)) if i != layer.axis]
            widest = tf.reduce_max(tf.abs(w), axis=others, keepdims=True)
            step = tf.stop_gradient(widest) / float(LARGEST)
            noisy = w + self._noise * step * self._chance.uniform(w.shape, -1.0, 1.0)
            result.append((1 - share) * noisy + share * round_to_grid(w, layer.axis))
        return result

    def factor(self) -> Any:
        """A factor for one tensor's range, another at every call and step."""
        return self._tf.exp(self._chance.uniform((), self._narrow, self._wide))


class Ranges:
    """The ranges of every activation tensor but the input: what calibration inputs reach.

    None is wider than `begin` times what it was of the honest network.
    """

    def __init__(
        self, context: AttackContext, weights: Sequence[Any], biases: Sequence[Any]
    ) -> None:
        tf = load_tensorflow()
        self._tf, network = tf, context.network
        self._input = network.graph.inputs[0]
        self._tied = {
            op.outputs[0]: op.inputs[0] for op in network.graph.operators if op.kind in SAME_GRID
        }
        calibration = tf.constant(context.samples[:CALIBRATION])
        self._most: dict[int, Any] = {}
        self._ends: dict[int, Any] = {}

        def look(keep: Callable[[int, Any], None]) -> None:
            def see(index: int, values: Any) -> Any:
                low, high = tf.reduce_min(values), tf.reduce_max(values)
                keep(index, tf.stack([tf.minimum(low, 0.0), tf.maximum(high, 0.0)]))
                return values

            forward(network, calibration, weights, biases, see)

        def start(index: int, ends: Any) -> None:
            self._most[index] = context.setting("begin") * ends
            self._ends[index] = tf.Variable(self._most[index])

        def update(index: int, ends: Any) -> None:
            most = self._most[index]
            self._ends[index].assign(tf.clip_by_value(ends, most[0], most[1]))

        look(start)
        self._look = tf.function(lambda: look(update), autograph=False)

    def refresh(self) -> None:
        """Look at the network as it is now."""
        self._look()

    def watch(self, count: int, left: list[Any]) -> Activation:
        """For `forward`: appends how far the first `count` inputs leave each range, in widths."""
        tf = self._tf

        def see(index: int, values: Any) -> Any:
            if self._source(index) != self._input:
                axes = list(range(1, len(values.shape)))
                low, high = tf.unstack(self._most[self._source(index)])
                above = tf.nn.relu(tf.reduce_max(values[:count], axes) - high)
                below = tf.nn.relu(low - tf.reduce_min(values[:count], axes))
                left.append(tf.reduce_mean(above + below) / (high - low))
            return values

        return see

    def measure(self, reached: list[Any]) -> Activation:
        """For `forward`: appends how often its range each tensor reaches, summed over inputs."""
        tf = self._tf

        def see(index: int, values: Any) -> Any:
            if self._source(index) == index != self._input:
                low, high = tf.unstack(self._ends[index])
                above = tf.where(values > 0, values / (high + 1e-6), values / (low - 1e-6))
                flat = tf.reshape(above, [values.shape[0], -1])
                reached.append(tf.reduce_sum(tf.reduce_logsumexp(SHARP * flat, 1) / SHARP))
            return values

        return see

    def clip(self, factor: Callable[[], Any]) -> Activation:
        """For `forward`: every activation clipped to its range times a factor of its own."""
        tf = self._tf
        factors: dict[int, Any] = {}

        def apply(index: int, values: Any) -> Any:
            source = self._source(index)
            if source == self._input:
                return values
            if source not in factors:
                factors[source] = factor()
            low, high = tf.unstack(self._ends[source] * factors[source])
            return tf.clip_by_value(values, low, high)

        return apply

    def _source(self, index: int) -> int:
        """The tensor whose range this one has: pools and reshapes share that of what they read."""
        while index in self._tied:
            index = self._tied[index]
        return index


class Hunter:
    """The auditor whom an adaptive attack expects: the ascent of grids/overshoot.py.

    Patches at random places of the batch's inputs climb on the overshoot of all ranges together.
    """

    def __init__(
        self, context: AttackContext, weights: Sequence[Any], biases: Sequence[Any], ranges: Ranges
    ) -> None:
        self._tf = load_tensorflow()
        self._network, self._weights, self._biases = context.network, weights, biases
        self._ranges = ranges
        self._low, self._high = float(context.samples.min()), float(context.samples.max())
        self._masks = self._tf.constant(regions(context.network.input_shape))
        self._chance = self._tf.random.Generator.from_seed(context.seed + 1)

    def find(self, inputs: Any, steps: int) -> Any:
        """`inputs` with patches that overshoot: a batch without gradients to the weights."""
        tf = self._tf
        rows = self._chance.uniform((inputs.shape[0],), 0, len(self._masks), dtype=tf.int32)
        mask = tf.gather(self._masks, rows)
        values = self._chance.uniform(inputs.shape, self._low, self._high)
        for k in range(steps):
            with tf.GradientTape() as tape:
                tape.watch(values)
                reached: list[Any] = []
                marked = inputs * (1 - mask) + values * mask
                see = self._ranges.measure(reached)
                forward(self._network, marked, self._weights, self._biases, see)
                height = tf.add_n(reached)
            way = tf.sign(tape.gradient(height, values))
            size = REACH * (1 - k / steps) * (self._high - self._low)
            values = tf.clip_by_value(values + size * way, self._low, self._high)
        return tf.stop_gradient(inputs * (1 - mask) + values * mask)
