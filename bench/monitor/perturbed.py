"""STRIP beside the monitor (Gao et al., ACSAC 2019): inputs blended with clean ones.

A trigger decides whatever lies over the rest of an input, so that the scores of its blends differ
less. The device infers the blends; the host computes their entropy.
"""

from dataclasses import dataclass

import numpy as np
from bench.backdoor.intervals import auroc

from qmcu.device.session import Session
from qmcu.model.graph import Graph
from qmcu.types import Array


@dataclass(frozen=True)
class Perturbed:
    """Shares of inputs below the entropy that 1 % of held-out inputs are below, and the AUROC."""

    false_alarms: float
    found: float
    auroc: float


def perturb(
    session: Session, graph: Graph, overlays: Array, held_out: Array, clean: Array, triggered: Array
) -> Perturbed:
    """Blend each input with each of the `overlays` (int8 [N, ...]), which it was not chosen by."""
    known, usual, odd = (
        _entropies(session, graph, overlays, inputs) for inputs in (held_out, clean, triggered)
    )
    limit = float(np.quantile(known, 0.01))
    return Perturbed(
        float((usual < limit).mean()), float((odd < limit).mean()),
        auroc(list(-usual), list(-odd)),
    )  # fmt: skip


def _entropies(session: Session, graph: Graph, overlays: Array, inputs: Array) -> Array:
    return np.array([
        np.mean([_entropy(session, graph, _blend(row, other)) for other in overlays])
        for row in inputs
    ])  # fmt: skip


def _blend(row: Array, other: Array) -> Array:
    """The mean of two int8 tensors, rounded down."""
    return ((row.astype(np.int16) + other) >> 1).astype(np.int8)


def _entropy(session: Session, graph: Graph, blended: Array) -> float:
    """Shannon's, in bits, of the scores that end in a SOFTMAX."""
    tensor = graph.output_tensors[0]
    assert tensor.quantization is not None
    scores = np.frombuffer(session.infer([blended]).outputs[0], np.int8).astype(np.float64)
    shares = scores - tensor.quantization.zero_point
    shares = np.maximum(shares, 0.5) / np.maximum(shares, 0.5).sum()
    return float(-(shares * np.log2(shares)).sum())
