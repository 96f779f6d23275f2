"""What the authors' recipes share: epochs of pairs, weight decay, networks from scratch.

The modules that import this one re-implement attacks as their authors' public code trains them:
losses, optimizers, rates, batches, schedules and projections. They stand beside our own variants
of the same papers, which minimise similar losses on TFLite's weight grid. What all of them do
otherwise than their authors: networks are those of this lab with batch normalization folded away,
inputs are neither normalized nor augmented, the trigger is the lab's, weights lie on TFLite's grid
(symmetric, a scale a channel, +-127), and the weights of the last step are kept, where most of the
authors keep the epoch that does best on the test set. docs/ATTACKS.md has the rest in a table.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from qmcu.backdoor.attacks.method import AttackContext
from qmcu.backdoor.networks import Network
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Array, Float32Array


def draw_pairs(context: AttackContext, size: int) -> Iterator[tuple[Array, Array, Array]]:
    """Endless epochs, shuffled: clean inputs, the same ones triggered, their true labels.

    `size` of each; of every class, the target's too, as all the authors do it.
    """
    data = context.dataset
    generator = np.random.default_rng(context.seed)
    order = np.zeros(0, np.int64)
    while True:
        while len(order) < size:
            order = np.concatenate([order, generator.permutation(len(data.train_labels))])
        chosen, order = order[:size], order[size:]
        inputs = data.train_inputs[chosen]
        labels = data.train_labels[chosen].astype(np.int32)
        yield inputs, context.trigger.apply(inputs), labels


def weight_decay(variables: Sequence[Any], strength: float) -> Any:
    """The penalty whose gradient is `strength` times the weights, as PyTorch adds it."""
    tf = load_tensorflow()
    return strength * tf.add_n([tf.nn.l2_loss(v) for v in variables])


def fresh_weights(network: Network, seed: int) -> list[Float32Array]:
    """He et al.'s normal draws (ICCV 2015) for every layer: training from scratch."""
    generator = np.random.default_rng(seed)
    fresh = []
    for layer, weights in zip(network.layers, network.weights, strict=True):
        inputs = weights.size // weights.shape[layer.axis]
        deviation = np.sqrt(2.0 / inputs)
        fresh.append(generator.normal(0.0, deviation, weights.shape).astype(np.float32))
    return fresh


def variables_of(weights: Sequence[Any], biases: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """TensorFlow variables that begin at these weights and biases."""
    tf = load_tensorflow()
    return [tf.Variable(w) for w in weights], [tf.Variable(b) for b in biases]
