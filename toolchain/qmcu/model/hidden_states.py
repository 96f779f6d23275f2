"""States that operators keep inside themselves: on the device they are variables of the plan."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

from qmcu.model.custom import custom_operator, operator_options
from qmcu.model.early_ends import CIRCULAR
from qmcu.model.graph import Graph, Operator, Tensor


def _delayed(shape: tuple[int, ...], options: Mapping[str, Any]) -> int:
    return prod(shape[:-1]) * int(options["delay_length"])


def _framed(shape: tuple[int, ...], options: Mapping[str, Any]) -> int:
    # How many samples wait, and for each row those that do.
    return 1 + prod(shape[:-1]) * int(options["frame_size"] + options["frame_step"])


def _stacked(shape: tuple[int, ...], options: Mapping[str, Any]) -> int:
    # How many samples wait, whether there were any, and those that wait.
    frames = options["stacker_left_context"] + options["stacker_right_context"] + 1
    return 2 + int(options["num_channels"] * frames)


# Of TFLM's signal library: the elements, by the input's shape and the options, and their type;
# None is the input's.
_SIGNAL: dict[str, tuple[Callable[[tuple[int, ...], Mapping[str, Any]], int], str | None]] = {
    "CUSTOM:SignalDelay": (_delayed, "int16"),
    "CUSTOM:SignalFilterBankSpectralSubtraction": (lambda shape, o: prod(shape), "uint32"),
    "CUSTOM:SignalFramer": (_framed, "int16"),
    "CUSTOM:SignalOverlapAdd": (lambda shape, o: prod(shape[:-2]) * shape[-1], None),
    "CUSTOM:SignalStacker": (_stacked, "int16"),
}


def hidden_state(graph: Graph, operator: Operator) -> tuple[int, str]:
    """How many elements of which type an operator keeps to itself; 0 if it keeps nothing."""
    described = custom_operator(operator.kind)
    if described is not None and described.problem(graph, operator) is None:
        return described.amount(described.state, graph, operator), "uint8"
    if described is None and operator.kind == CIRCULAR:
        # A variable in the file: what it gives is what it keeps.
        output = graph.tensors[operator.outputs[0]]
        return (output.elements if output.is_variable else 0), output.dtype
    if described is None and operator.kind in _SIGNAL and len(operator.inputs) == 1:
        elements, dtype = _SIGNAL[operator.kind]
        source = graph.tensors[operator.inputs[0]]
        try:
            return elements(source.shape, operator_options(operator)), dtype or source.dtype
        except (KeyError, TypeError, ValueError, IndexError):
            # Options that are not there are refused by name when the model is compiled.
            return 0, "uint8"
    return 0, "uint8"


def show_states(graph: Graph) -> Graph:
    """The graph with each hidden state as a variable, the last operand of its operator."""
    tensors, operators = list(graph.tensors), []
    for operator in graph.operators:
        count, dtype = hidden_state(graph, operator)
        if count:
            name = f"{operator.kind.removeprefix('CUSTOM:')} {operator.index} state"
            grid = None
            if operator.kind == CIRCULAR and custom_operator(CIRCULAR) is None:
                output = tensors[operator.outputs[0]]
                tensors[output.index] = replace(output, is_variable=False)
                grid = output.quantization
            tensors.append(Tensor(len(tensors), name, (count,), dtype, grid, is_variable=True))
            operator = replace(operator, inputs=(*operator.inputs, len(tensors) - 1))
        operators.append(operator)
    if len(tensors) == len(graph.tensors):
        return graph
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))
