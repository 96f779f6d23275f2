"""What is in a model: operators, shapes, quantization, MACs, parameters, memory lower bound."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from qmcu.model.graph import Graph, Operator, Tensor


@dataclass(frozen=True)
class TensorSummary:
    """A tensor in short; `scale` and `zero_point` are None when it is not quantized per tensor."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float | None
    zero_point: int | None
    channels: int
    constant: bool
    size: int


@dataclass(frozen=True)
class OperatorSummary:
    """An operator in short; `weight_bytes` counts its constants, `live_bytes` the activations
    that exist while it runs."""

    index: int
    kind: str
    inputs: tuple[TensorSummary, ...]
    outputs: tuple[TensorSummary, ...]
    macs: int
    parameters: int
    weight_bytes: int
    live_bytes: int


@dataclass(frozen=True)
class Inspection:
    """A whole model in short; sizes in bytes.

    `input_names` and `output_names` are the signature's, in the order of the tensors; operators
    and sums are those of the first subgraph.
    """

    name: str
    sha256: str
    inputs: tuple[TensorSummary, ...]
    outputs: tuple[TensorSummary, ...]
    operators: tuple[OperatorSummary, ...]
    macs: int
    parameters: int
    weight_bytes: int
    arena_lower_bound: int
    fully_int8: bool
    input_names: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    subgraphs: int = 1
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return (
            f"{self.name}: {len(self.operators)} operators, {self.macs} MACs, "
            f"{self.parameters} parameters, at least {self.arena_lower_bound} bytes of arena"
        )


def inspect_graph(graph: Graph) -> Inspection:
    """Summarize a graph; works for float and unsupported models too."""
    live = _live_bytes(graph)
    operators = tuple(
        _operator(graph, operator, bytes_)
        for operator, bytes_ in zip(graph.operators, live, strict=True)
    )
    constants = {
        i for op in graph.operators for i in op.inputs if i >= 0 and graph.tensors[i].is_constant
    }
    used = [graph.tensors[i] for i in sorted(graph.used)]
    activations = [t for t in used if not t.is_constant]
    return Inspection(
        name=graph.name,
        sha256=graph.sha256,
        inputs=tuple(map(_tensor, graph.input_tensors)),
        outputs=tuple(map(_tensor, graph.output_tensors)),
        operators=operators,
        macs=sum(op.macs for op in operators),
        parameters=sum(graph.tensors[i].elements for i in constants),
        weight_bytes=sum(graph.tensors[i].size for i in constants),
        arena_lower_bound=max(live, default=0),
        fully_int8=all(t.dtype == "int8" for t in activations),
        input_names=graph.input_names,
        output_names=graph.output_names,
        subgraphs=1 + len(graph.subgraphs),
        notes=graph.notes,
    )


def _tensor(tensor: Tensor) -> TensorSummary:
    quantization = tensor.quantization
    single = quantization is not None and not quantization.per_channel
    return TensorSummary(
        name=tensor.name,
        dtype=tensor.dtype,
        shape=tensor.shape,
        scale=quantization.scale if quantization is not None and single else None,
        zero_point=quantization.zero_point if quantization is not None and single else None,
        channels=len(quantization.scales) if quantization is not None else 0,
        constant=tensor.is_constant,
        size=tensor.size,
    )


def _operator(graph: Graph, operator: Operator, live_bytes: int) -> OperatorSummary:
    inputs = [graph.tensors[i] for i in operator.inputs if i >= 0]
    outputs = [graph.tensors[i] for i in operator.outputs]
    constants = [t for t in inputs if t.is_constant]
    count = _MACS.get(operator.kind)
    return OperatorSummary(
        index=operator.index,
        kind=operator.kind,
        inputs=tuple(map(_tensor, inputs)),
        outputs=tuple(map(_tensor, outputs)),
        macs=count(graph, operator) if count is not None else 0,
        parameters=sum(t.elements for t in constants),
        weight_bytes=sum(t.size for t in constants),
        live_bytes=live_bytes,
    )


def _shape(graph: Graph, operator: Operator, position: int) -> tuple[int, ...]:
    tensor = graph.operand(operator, position)
    return tensor.shape if tensor is not None else (0,)


def _output(graph: Graph, operator: Operator) -> int:
    return graph.tensors[operator.outputs[0]].elements


def _conv(graph: Graph, operator: Operator) -> int:
    return _output(graph, operator) * prod(_shape(graph, operator, 1)[1:])


def _depthwise(graph: Graph, operator: Operator) -> int:
    return _output(graph, operator) * prod(_shape(graph, operator, 1)[1:3])


def _fully_connected(graph: Graph, operator: Operator) -> int:
    return _output(graph, operator) * prod(_shape(graph, operator, 1)[-1:])


def _transpose_conv(graph: Graph, operator: Operator) -> int:
    # Each input pixel meets each weight once.
    return prod(_shape(graph, operator, 2)[:3]) * prod(_shape(graph, operator, 1))


_MACS: dict[str, Callable[[Graph, Operator], int]] = {
    "CONV_2D": _conv,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transpose_conv,
}


def _live_bytes(graph: Graph) -> list[int]:
    """Bytes of activations alive at each operator; RESHAPE and the like count twice."""
    first = dict.fromkeys(graph.inputs, -1)
    last = dict.fromkeys(graph.inputs, -1)
    for step, operator in enumerate(graph.operators):
        for index in operator.inputs:
            if index in first:
                last[index] = step
        for index in operator.outputs:
            first[index] = last[index] = step
    for index in graph.outputs:
        last[index] = len(graph.operators)
    return [
        sum(graph.tensors[i].size for i in first if first[i] <= step <= last[i])
        for step in range(len(graph.operators))
    ]
