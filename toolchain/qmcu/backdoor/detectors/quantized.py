"""An int8 file's scores as a differentiable function, and inputs made from it alone."""

from typing import Any

import numpy as np

from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids import SAME_GRID, quantize_activations, read_grids
from qmcu.backdoor.networks import Activation, Network, forward
from qmcu.model.graph import Graph
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

ASCENT = 20  # steps that make an input of a class
ASCENT_REACH = 0.05  # of the range: each step


class QuantizedModel:
    """The file's logits, differentiable: its integers' values, its grids; without the logits' own
    where they are not `bounded`, so that they go on rising where that grid ends.
    """

    def __init__(self, network: Network, graph: Graph, *, bounded: bool = True) -> None:
        self.network = network
        grids = read_grids(network, graph)
        if not bounded:
            for operator in reversed(network.graph.operators):
                grids.pop(operator.outputs[0], None)
                if operator.kind not in (*SAME_GRID, "SOFTMAX"):
                    break
        self._activation = quantize_activations(grids)

    def __call__(self, inputs: Any, change: Activation | None = None) -> Any:
        """Logits [N, classes] of inputs [N, ...]; `change` sees every activation tensor before it
        is rounded.
        """

        def activation(index: int, values: Any) -> Any:
            return self._activation(index, values if change is None else change(index, values))

        values = forward(self.network, inputs, activation=activation)
        return load_tensorflow().reshape(values, [inputs.shape[0], -1])


def synthesize_classes(
    context: AuditContext, model: QuantizedModel, classes: int, count: int
) -> Float32Array:
    """`count` inputs that the file takes for one class after the other, by ascent from noise."""
    tf = load_tensorflow()
    noise = context.noise(count)
    x = tf.constant(np.float32(context.low) + np.float32(0.5) * (noise - np.float32(context.low)))
    wanted = tf.constant(np.arange(count) % classes)
    reach = ASCENT_REACH * (context.high - context.low)

    def step(values: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(values)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(wanted, model(values))
            loss = tf.reduce_sum(loss)
        slope = tape.gradient(loss, values)
        return tf.clip_by_value(values - reach * tf.sign(slope), context.low, context.high)

    run = tf.function(step, autograph=False)
    for _ in range(ASCENT):
        x = run(x)
    return np.asarray(x.numpy(), np.float32)
