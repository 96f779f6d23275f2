"""Random networks beside their rounded weights: honest, or with errors that add up."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.changes import measure_changes
from qmcu.backdoor.detectors.controls import Controls
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.detectors.significance import compare
from qmcu.backdoor.grids.weight_grids import LayerGrid, channel_scales, round_to_nearest
from qmcu.backdoor.networks.network import Network, forward
from qmcu.tensorflow import load_tensorflow


def round_network(network: Network, integers: Sequence[Any] | None = None) -> AuditContext:
    """The network beside its weights rounded to nearest, or beside other integers."""
    grids = []
    for k, (layer, weights) in enumerate(zip(network.layers, network.weights, strict=True)):
        scales = channel_scales(weights, layer.axis)
        grid = LayerGrid(
            layer.name, layer.kind, k, layer.axis, scales, weights, np.zeros(0, np.int8)
        )
        chosen = round_to_nearest(grid.positions) if integers is None else integers[k]
        grids.append(replace(grid, integers=chosen))
    return _beside(network, grids)


def _beside(network: Network, grids: Sequence[LayerGrid]) -> AuditContext:
    context = AuditContext(network, b"", network.graph, None)
    context.__dict__["grids"] = tuple(grids)  # instead of those of an int8 file
    return context


def random_honest(network: Network, seed: int) -> AuditContext:
    """Weights drawn as an initializer draws them, and rounded to nearest."""
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, np.sqrt(2 / w[..., 0].size), w.shape) for w in network.weights]
    biases = [rng.normal(0, 0.1, b.shape) for b in network.biases]
    return round_network(network.with_parameters(weights, biases))


def random_unequal(
    network: Network, seed: int, spread: float = 1.2, *, positive: bool = False
) -> AuditContext:
    """Random weights whose layers' channels are of very unequal size, on one scale a layer: each
    hidden channel is scaled by a log-normal factor, and what reads it by the inverse. `positive`
    ones all push the same way, so that what rounding takes adds up.
    """
    honest = random_honest(network, seed)
    assert honest.network is not None
    rng = np.random.default_rng([seed, 8])
    weights = [np.abs(w) if positive else np.array(w) for w in honest.network.weights]
    biases = [np.array(b) for b in honest.network.biases]
    for k in range(len(weights) - 1):
        factors = np.exp(rng.normal(0, spread, len(biases[k])))
        weights[k] = weights[k] * factors.reshape(-1, *[1] * (weights[k].ndim - 1))
        biases[k] = biases[k] * factors
        weights[k + 1] = weights[k + 1] / np.resize(factors, weights[k + 1].shape[-1])
    unequal = network.with_parameters(weights, biases)
    grids = [replace(g, scales=g.scales.max(keepdims=True)) for g in round_network(unequal).grids]
    return _beside(unequal, [replace(g, integers=g.nearest) for g in grids])


def align_errors(context: AuditContext) -> AuditContext:
    """The same integers, residuals of the same sizes, all pushing logit 0 of noise upwards."""
    tf = load_tensorflow()
    network = context.network
    assert network is not None
    variables = [tf.Variable(w) for w in network.weights]
    with tf.GradientTape() as tape:
        height = tf.reduce_mean(forward(network, context.noise(32), variables)[:, 0])
    slopes = tape.gradient(height, variables)
    weights = []
    for grid, slope in zip(context.grids, slopes, strict=True):
        pinned = np.abs(grid.integers) == 127
        sizes = np.where(pinned, 0, np.abs(grid.residuals))
        steps = grid.integers - np.sign(slope.numpy()) * sizes
        weights.append(np.where(pinned, grid.positions, steps) * grid.spread_scales)
    moved = network.with_parameters(weights, network.biases)
    return _beside(
        moved,
        [replace(g, weights=w) for g, w in zip(context.grids, moved.weights, strict=True)],
    )


def dequantize(context: AuditContext) -> AuditContext:
    """The float network of the deployed integers, beside these: no rounding errors at all."""
    assert context.network is not None
    weights = [(g.integers * g.spread_scales).astype(np.float32) for g in context.grids]
    own = context.network.with_parameters(weights, context.network.biases)
    return _beside(
        own, [replace(g, weights=w) for g, w in zip(context.grids, own.weights, strict=True)]
    )


def coarsen(context: AuditContext, times: float) -> AuditContext:
    """The network beside its weights rounded to nearest on a grid so many times as wide."""
    assert context.network is not None
    wide = [replace(g, scales=g.scales * times) for g in context.grids]
    return _beside(
        context.network,
        [replace(g, integers=np.rint(g.positions).astype(np.int8)) for g in wide],
    )


def narrow(context: AuditContext, times: float = 0.6) -> AuditContext:
    """The network beside its weights rounded to nearest in scales so many times as wide, which cut
    off the largest ones.
    """
    assert context.network is not None
    grids = [replace(g, scales=g.scales * times) for g in context.grids]
    return _beside(context.network, [replace(g, integers=g.nearest) for g in grids])


def check_uniform(p_values: list[float]) -> None:
    """P-values that chance could have drawn: none tiny, not all on one side."""
    from scipy import stats

    assert min(p_values) > 1e-4
    assert stats.kstest(p_values, "uniform").pvalue > 1e-3


def with_controls(context: AuditContext, **held: bool) -> AuditContext:
    """The same audit with controls that hold other things: `holds`, `holds_cut`."""
    other = replace(context, **held, _shared={})  # type: ignore[arg-type]
    other.__dict__["grids"] = context.grids
    return other


def ask_noise(contexts: Sequence[AuditContext]) -> list[float]:
    """The p-values of how far the logits of noise move."""
    seen = [measure_changes(Controls(c), c.noise(24)) for c in contexts]
    sizes = [np.sqrt(np.mean(s.logits**2, axis=(1, 2))) for s in seen]
    return [compare(float(s[0]), s[1:]).p_value for s in sizes]
