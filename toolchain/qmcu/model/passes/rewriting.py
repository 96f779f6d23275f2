"""Operators that are others under another name."""

from dataclasses import replace

from qmcu.model.graph import Graph, Operator, Quantization, Tensor

# Between these scales neither a product nor a quotient with a float32 scale leaves the range in
# which float32 is exact to 2^-24: a byte times the scale over the scale is that byte again.
_LEAST_SCALE, _LARGEST_SCALE = 1e-30, 1e30
_BYTES = ("int8", "uint8")


def rewrite(graph: Graph) -> Graph:
    """Quantizations that change no byte become RESHAPE, SELECT of whole tensors SELECT_V2."""
    writers = {i: op for op in graph.operators for i in op.outputs}
    operators = tuple(_rewritten(graph, operator, writers) for operator in graph.operators)
    if all(new is old for new, old in zip(operators, graph.operators, strict=True)):
        return graph
    return replace(graph, operators=operators)


def _rewritten(graph: Graph, operator: Operator, writers: dict[int, Operator]) -> Operator:
    operands = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
    if operator.kind == "SELECT" and len({t.shape for t in operands}) == 1:
        # tflite-micro has the second form alone; with equal shapes they are the same.
        return replace(operator, kind="SELECT_V2", options={})
    if operator.kind != "QUANTIZE" or len(operands) != 2:
        return operator
    source, target = operands
    before = writers.get(source.index)
    if source.dtype == "float32" and before is not None and before.kind == "DEQUANTIZE":
        source = graph.tensors[before.inputs[0]]
    if _same_bytes(source, target) and not source.is_constant:
        return replace(operator, kind="RESHAPE", inputs=(source.index,), options={})
    return operator


def _same_bytes(source: Tensor, target: Tensor) -> bool:
    grids = (source.quantization, target.quantization)
    return (
        source.dtype == target.dtype
        and source.dtype in _BYTES
        and source.shape == target.shape
        and not source.is_variable
        and all(_ordinary(grid) for grid in grids)
        and grids[0] == grids[1]
    )


def _ordinary(grid: Quantization | None) -> bool:
    return (
        grid is not None and not grid.per_channel and _LEAST_SCALE <= grid.scale <= _LARGEST_SCALE
    )
