"""Whether a network keeps the answers that it had: to inputs with a pattern, or when it is clipped.

A backdoor that sleeps in float keeps float's answers, whatever the trigger. So of all inputs that
overshoot a range only those are of use to it that leave float's answers where they were.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.networks import Network, class_logits, logits
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array

# Of what outputs vary by: a value that moves further is another answer (detectors/kept_answers.py).
_MOVED = 0.75


class Keeping:
    """Tells how well answers are kept, against what is usual of a network on `samples` [N, ...].

    A class is kept by its margin over the others, in median ones; values by how little they move,
    of what outputs vary by. Scores without a softmax may be either, and are told of in both ways.
    """

    def __init__(self, network: Network, samples: Float32Array) -> None:
        last, output = network.graph.operators[-1].kind, network.graph.output_tensors[0]
        given = logits(network, samples).reshape(len(samples), -1)
        self._elements = given.shape[1]
        around = np.sqrt(np.mean((given - given.mean(axis=0)) ** 2))
        self._spread = _MOVED * max(float(around), 1e-12)
        self._ways = [self._near]
        if output.elements == output.shape[-1]:
            self._usual = max(float(np.median(_margins(given, given).numpy())), 1e-12)
            self._ways.insert(0, self._margin)
            if last in ("SOFTMAX", "LOGISTIC"):
                self._ways.pop()

    def best(self, before: Any, after: Any) -> Any:
        """How well outputs `after` keep the answers `before`, both [N, ...], a tensor [N]: 1 as
        well as usual, 0 and less not. Of two ways to tell the better one.
        """
        tf = load_tensorflow()
        rows = (tf.reshape(v, [-1, self._elements]) for v in (before, after))
        before, after = rows
        scores = [way(before, after) for way in self._ways]
        return tf.reduce_max(tf.stack(scores), 0)

    def each(
        self, before: npt.NDArray[Any], after: npt.NDArray[Any]
    ) -> Sequence[npt.NDArray[np.float32]]:
        """The same of arrays, in each way: as classes first, where outputs may be that."""
        before, after = (v.reshape(len(v), -1) for v in (before, after))
        return [np.asarray(way(before, after), np.float32) for way in self._ways]

    def _margin(self, before: Any, after: Any) -> Any:
        return _margins(before, after) / self._usual

    def _near(self, before: Any, after: Any) -> Any:
        tf = load_tensorflow()
        moved = tf.sqrt(tf.reduce_mean((after - before) ** 2, 1) + 1e-12)
        return 1 - moved / self._spread


def _margins(before: Any, after: Any) -> Any:
    """Of the class that is first in `before` over the best other, in `after`: [N]."""
    tf = load_tensorflow()
    before, after = (class_logits(tf.convert_to_tensor(v)) for v in (before, after))
    own = tf.one_hot(tf.argmax(before, 1), after.shape[-1])
    others = tf.reduce_max(tf.where(own > 0, after.dtype.min, after), 1)
    return tf.reduce_sum(own * after, 1) - others
