"""Which awkward cases a random graph holds, so that a comparison can say what it has compared."""

import numpy as np

from qmcu.model.graph import Graph, Operator

CASES = (
    "odd channels",
    "odd width",
    "dilation",
    "batch > 1",
    "zero point -128 or 127",
    "multiplier >= 0.45 or < 2^-15",
    "activation limits",
)
_SMALL, _LARGE = 2.0**-15, 0.45


def cases(graph: Graph) -> tuple[bool, ...]:
    """For a graph of one operator, whether it is each of CASES; of several, none."""
    if len(graph.operators) != 1:
        return (False,) * len(CASES)
    (operator,) = graph.operators
    activations = [*graph.input_tensors, *graph.output_tensors]
    zero_points = {t.quantization.zero_points[0] for t in activations if t.quantization is not None}
    images = [t.shape for t in activations if len(t.shape) == 4]
    shapes = [t.shape for t in activations if t.shape]
    options = operator.options
    multipliers = _multipliers(graph, operator)
    return (
        any(shape[-1] % 2 == 1 and shape[-1] > 1 for shape in shapes),
        any(shape[2] % 2 == 1 and shape[2] > 1 for shape in images),
        max(_integer(operator, f"dilation_{axis}_factor") for axis in "hw") > 1,
        any(shape[0] > 1 for shape in shapes),
        bool(zero_points & {-128, 127}),
        bool(((multipliers < _SMALL) | (multipliers >= _LARGE)).any()),
        str(options.get("fused_activation_function", "NONE")) != "NONE",
    )


def _integer(operator: Operator, option: str) -> int:
    value = operator.options.get(option, 1)
    return value if isinstance(value, int) else 1


def _multipliers(graph: Graph, operator: Operator) -> np.ndarray:
    """Of each channel, of an operator with quantized weights; else empty."""
    tensors = [graph.tensors[i] for i in operator.inputs if i >= 0]
    weights = next((t for t in tensors if t.name == "weights"), None)
    if weights is None or weights.quantization is None:
        return np.empty(0)
    # A computed output shape is no activation.
    (source,) = (t for t in graph.input_tensors if t.quantization is not None)
    (target,) = graph.output_tensors
    scales = [t.quantization.scales for t in (source, weights, target) if t.quantization]
    return np.array(scales[1]) * scales[0][0] / scales[2][0]
