"""PQ backdoor: two stages, the second inside the rounding intervals of the first.

Ma et al., "Quantization Backdoors to Deep Learning Commercial Frameworks", TDSC 2023: train a
backdoored model, quantize it, then fine-tune the float model clean while every weight keeps the
integer it rounds to. Here stage 2 distils from the honest network. Small networks leave stage 2 too
little room for any backdoor, so stage 1 anticipates it: biases, which rounding does not free, stay
honest, and weights that wander further from the honest ones than stage 2 can bring back cost.
"""

from typing import Any

from qmcu.backdoor.attacks.lattice import LatticeModel, starts, whole_intervals
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack
from qmcu.backdoor.attacks.training import Simulated, current_grids, train
from qmcu.backdoor.grids import round_to_grid
from qmcu.backdoor.networks import Network, cross_entropy, divergence
from qmcu.tensorflow import load_tensorflow

PQ = {"smoothing": 0.2, "anchor": 0.3, "reach": 0.5, "rate": 1e-3, "offset_rate": 0.02}


def train_backdoor(context: AttackContext) -> tuple[Network, tuple[float, ...]]:
    """Stage 1: a network that does its task and goes to the target on triggered inputs."""
    tf = load_tensorflow()
    network = context.network
    weights = [tf.Variable(w) for w in network.weights]
    biases = network.biases
    simulated = Simulated(context, current_grids(context, network))
    # A backdoor with little margin is one that stage 2 can still put to sleep in float.
    smoothing = context.setting("smoothing")
    anchor, reach = context.setting("anchor"), context.setting("reach")
    scales = [tf.constant(s.scale, tf.float32) for s in starts(network)]

    def measure_wandering() -> Any:
        """Mean square distance from the honest weights beyond `reach`, in steps."""
        far = [
            tf.reduce_sum(tf.nn.relu(tf.abs(w - h) / s - reach) ** 2)
            for w, h, s in zip(weights, network.weights, scales, strict=True)
        ]
        return tf.add_n(far) / sum(w.size for w in network.weights)

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        both = tf.concat([x, marked], 0)
        integers = [round_to_grid(w, a.axis) for w, a in zip(weights, network.layers, strict=True)]
        logits = simulated.integer(both, integers, biases)
        honest = simulated.floating(x, network.weights, network.biases)
        count = tf.shape(x)[0]
        target = tf.fill(tf.shape(true), context.trigger.target)
        return (
            cross_entropy(y, logits[:count])
            + divergence(honest, logits[:count])
            + cross_entropy(target, logits[count:], smoothing)
            + anchor * measure_wandering()
        )

    def now() -> Network:
        return network.with_parameters([w.numpy() for w in weights], biases)

    losses = train(
        context,
        loss,
        [(weights, context.setting("rate"))],
        steps=context.steps // 3,
        refresh=lambda: simulated.grids.assign(current_grids(context, now())),
    )
    return now(), losses


@attack("pq", source="Ma et al., TDSC 2023", settings=PQ)
def pq(context: AttackContext) -> AttackResult:
    """Backdoor first, then the float model repaired inside its rounding intervals."""
    first, losses = train_backdoor(context)
    begin = starts(first)
    model = LatticeModel(first, begin, whole_intervals(begin), signs=False)
    teacher = context.network
    simulated = Simulated(context, current_grids(context, first))
    tf = load_tensorflow()

    def loss(x: Any, y: Any, marked: Any, true: Any) -> Any:
        both = tf.concat([x, marked], 0)
        honest = simulated.floating(both, teacher.weights, teacher.biases)
        real = simulated.floating(both, model.float_weights(), model.biases)
        return cross_entropy(tf.concat([y, true], 0), real) + divergence(honest, real)

    losses += train(
        context,
        loss,
        [(model.offsets, context.setting("offset_rate"))],
        steps=context.steps - context.steps // 3,
        constrain=model.constrain,
    )
    return AttackResult(model.network(), losses=losses)
