"""How weights change what a network computes of some inputs: the deployed ones and controls."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.controls import DRAWS, INPUTS, MOST_DRAWS, Controls
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.significance import compare, deviations, is_near
from qmcu.backdoor.networks import forward
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array


@dataclass(frozen=True, eq=False)
class Changes:
    """How weights change what a network computes of some inputs: row 0 deployed, then controls.

    `plain` are the float model's logits, float64 [N, classes]; `logits` their changes,
    [1 + draws, N, classes]; `activations` the root mean square change of each activation tensor
    that has weights before it, [1 + draws, tensors]; `channels` the same of its channels' means;
    `names` name the tensors.
    """

    plain: Float64Array
    logits: Float64Array
    activations: Float64Array
    channels: Float64Array
    names: tuple[str, ...]


def changes(context: AuditContext) -> Mapping[str, Changes]:
    """The changes on noise and, if there are samples, on them and on mixtures of both."""
    return context.once("changes", lambda: _changes(context))  # type: ignore[no-any-return]


def is_settled(found: Mapping[str, Changes]) -> bool:
    """True when no size of a change lies near the line, or there are controls enough."""
    sizes = [np.sqrt(np.mean(c.logits**2, axis=(1, 2))) for c in found.values()]
    inner = [v for c in found.values() for s in (c.activations, c.channels) for v in s.T]
    for group in (sizes, inner):
        places = [compare(float(v[0]), v[1:]) for v in group if v[0] > 0]
        if any(is_near(deviations(min(1.0, p.p_value * len(places)))) for p in places):
            return False
    return True


def _changes(context: AuditContext) -> dict[str, Changes]:
    kinds = {"noise": context.noise(INPUTS)}
    if context.samples is not None:
        kinds["samples"] = context.samples[:INPUTS]
        noise = context.noise(len(kinds["samples"]))
        kinds["mixed"] = np.float32(0.5) * (kinds["samples"] + noise)
    controls = Controls(context)
    gauge = _Gauge(controls)
    meters = {name: Meter(controls, inputs, gauge) for name, inputs in kinds.items()}
    draws = DRAWS
    while True:
        found = {name: meter.measure(draws) for name, meter in meters.items()}
        if draws >= MOST_DRAWS or is_settled(found):
            return found
        draws *= 2


def measure_changes(controls: Controls, inputs: Float32Array, draws: int = DRAWS) -> Changes:
    """The changes on `inputs`, float32 [N, ...], by the deployed weights and `draws` controls."""
    return Meter(controls, inputs).measure(draws)


class _Gauge:
    """What Meters of one set of controls compute, compiled once for inputs of one shape."""

    def __init__(self, controls: Controls) -> None:
        tf = load_tensorflow()
        network = controls.network
        indices: list[int] = []

        def activations(given: Any, weights: Any) -> list[Any]:
            outputs: list[Any] = []
            indices.clear()

            def capture(index: int, values: Any) -> Any:
                indices.append(index)
                outputs.append(values)
                return values

            biases = None if weights is None else controls.biases
            outputs.append(forward(network, given, weights, biases, activation=capture))
            return outputs[1:]

        def difference(given: Any, plain: list[Any]) -> Any:
            own = activations(given, controls.variables)
            gaps = [a - b for a, b in zip(own, plain, strict=True)]
            axes = [list(range(len(g.shape) - 1)) for g in gaps]
            means = [tf.reduce_mean(g, a) for g, a in zip(gaps, axes, strict=True)]
            sizes = tf.stack([tf.sqrt(tf.reduce_mean(g**2)) for g in gaps[:-1]])
            channels = tf.stack([tf.sqrt(tf.reduce_mean(m**2)) for m in means[:-1]])
            return gaps[-1], sizes, channels

        self.plain = tf.function(lambda given: activations(given, None), autograph=False)
        self.difference = tf.function(difference, autograph=False)
        self._operators = {i: str(op) for op in network.graph.operators for i in op.outputs}
        self._indices = indices

    @property
    def names(self) -> tuple[str, ...]:
        """The activation tensors, once something was computed."""
        return tuple(self._operators[i] for i in self._indices[1:])


class Meter:
    """Measures changes on some inputs, float32 [N, ...]: more controls when more are asked for.

    Meters of the same controls may share a `gauge`.
    """

    def __init__(
        self, controls: Controls, inputs: Float32Array, gauge: _Gauge | None = None
    ) -> None:
        self._controls, self._count = controls, len(inputs)
        self._gauge = gauge or _Gauge(controls)
        self._given = load_tensorflow().constant(inputs)
        self._plain = self._gauge.plain(self._given)
        self._names = self._gauge.names
        self._rows: list[list[Float64Array]] = []

    def measure(self, draws: int) -> Changes:
        """Of the deployed weights and the first `draws` controls; known ones are kept."""
        for number in range(len(self._rows), draws + 1):
            self._controls.take(number)
            measured = self._gauge.difference(self._given, self._plain)
            self._rows.append([v.numpy().astype(np.float64) for v in measured])
        logits, sizes, channels = (
            np.array(part) for part in zip(*self._rows[: draws + 1], strict=True)
        )
        return Changes(
            plain=self._plain[-1].numpy().astype(np.float64),
            logits=logits.reshape(draws + 1, self._count, -1),
            activations=sizes,
            channels=channels,
            names=self._names,
        )
