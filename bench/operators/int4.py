"""The int4 forms of random graphs with weights: the levels of int4, packed."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from bench.operators import GENERATORS
from bench.operators.everyday import EVERYDAY

from qmcu.model.graph import Graph, Quantization, Tensor
from qmcu.model.int4 import HIGH, LOW, pack_int4

Rng = np.random.Generator
Generator = Callable[[Rng], Graph]

KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_COARSER = 16


def int4_form(graph: Graph) -> Graph:
    """The graph with int4 weights: 16 times the scale, a 16th of weights and bias.

    Weights that are small enough stay as they are. FULLY_CONNECTED gets one scale, its largest,
    for the interpreter takes int4 per tensor only there.
    """
    (operator,) = graph.operators
    weights = graph.tensors[operator.inputs[1]]
    values, factor = weights.array, 1
    if np.abs(values.astype(np.int16)).max() > HIGH:
        values, factor = np.clip(np.round(values / _COARSER), LOW, HIGH), _COARSER
    packed = pack_int4(values.astype(np.int8).reshape(-1)).tobytes()
    single = operator.kind == "FULLY_CONNECTED"
    changed = {weights.index: replace(_coarser(weights, factor, single), dtype="int4", data=packed)}
    bias = graph.operand(operator, 2)
    if bias is not None:
        smaller = np.asarray(bias.array // factor, "<i4")
        changed[bias.index] = replace(_coarser(bias, factor, single), data=smaller.tobytes())
    return replace(graph, tensors=tuple(changed.get(t.index, t) for t in graph.tensors))


def _coarser(tensor: Tensor, factor: int, single: bool) -> Tensor:
    own = tensor.quantization
    assert own is not None
    scales = tuple(factor * scale for scale in own.scales)
    if single:
        scales = (max(scales),)
    return replace(tensor, quantization=Quantization(scales, (0,) * len(scales), own.axis))


def _int4(generators: Mapping[str, Generator]) -> dict[str, Generator]:
    def of(generator: Generator) -> Generator:
        def make(rng: Rng) -> Graph:
            graph = generator(rng)
            while not graph.tensors[graph.operators[0].inputs[1]].is_constant:
                # Weights that are computed have 8 bits.
                graph = generator(rng)
            return int4_form(graph)

        return make

    return {kind: of(generators[kind]) for kind in KINDS}


INT4 = _int4(GENERATORS)
EVERYDAY_INT4 = _int4(EVERYDAY)
