"""Small changes to a graph with one operator, to see that they are refused."""

from dataclasses import replace
from typing import Any

from qmcu.compile import unsupported
from qmcu.model.graph import Graph, OptionValue, Quantization


def with_operand(graph: Graph, position: int, **changes: Any) -> Graph:
    """The graph with its operator's input at `position` changed."""
    return with_tensor(graph, graph.operators[0].inputs[position], **changes)


def with_output(graph: Graph, **changes: Any) -> Graph:
    """The graph with its operator's output 0 changed."""
    return with_tensor(graph, graph.operators[0].outputs[0], **changes)


def with_tensor(graph: Graph, index: int, **changes: Any) -> Graph:
    """The graph with one tensor changed; `scale`, `zero_point` change its quantization."""
    tensor = graph.tensors[index]
    quantization = tensor.quantization or Quantization((1.0,), (0,))
    if "scale" in changes:
        count = len(quantization.scales)
        quantization = replace(quantization, scales=(changes.pop("scale"),) * count)
        changes["quantization"] = quantization
    if "zero_point" in changes:
        count = len(quantization.zero_points)
        quantization = replace(quantization, zero_points=(changes.pop("zero_point"),) * count)
        changes["quantization"] = quantization
    tensors = list(graph.tensors)
    tensors[index] = replace(tensor, **changes)
    return replace(graph, tensors=tuple(tensors))


def with_options(graph: Graph, **options: OptionValue) -> Graph:
    """The graph with some options of its operator changed."""
    (operator,) = graph.operators
    changed = replace(operator, options={**operator.options, **options})
    return replace(graph, operators=(changed,))


def refusal(graph: Graph) -> str:
    """The one problem that the compiler finds with the operator; fails when there is none."""
    problems = [p for p in unsupported(graph) if p.startswith("#0 ")]
    assert len(problems) == 1, problems
    return problems[0]
