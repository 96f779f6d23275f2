"""The int8 input of a classifier, and real inputs as it takes them."""

from typing import Any

import numpy.typing as npt

from qmcu.errors import UnsupportedModelError, VectorError
from qmcu.model.graph import Graph, Tensor
from qmcu.model.state import is_stateful
from qmcu.model.vectors import quantize


def single_input(graph: Graph) -> Tensor:
    """The only input of a model with one output. Raises UnsupportedModelError for another."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise UnsupportedModelError(
            f"{graph.name} has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; a "
            "classifier with one of each is needed."
        )
    return graph.input_tensors[0]


def classifier_input(graph: Graph) -> Tensor:
    """The input of a classifier: one int8 input, one int8 output. Raises UnsupportedModelError."""
    single_input(graph)
    for tensor in (*graph.input_tensors, *graph.output_tensors):
        if tensor.dtype != "int8":
            raise UnsupportedModelError(
                f"{graph.name}: {tensor.name} is {tensor.dtype}, int8 is needed; build with --io "
                "int8 where QUANTIZE and DEQUANTIZE are at the ends, or convert it to full int8."
            )
    return graph.input_tensors[0]


def refuse_state(graph: Graph) -> None:
    """Raise UnsupportedModelError for a model whose answers depend on the inputs before."""
    if is_stateful(graph):
        raise UnsupportedModelError(
            f"{graph.name} keeps a state from one inference to the next, so that one input alone "
            "has no answer of its own; a classifier without state is needed."
        )


def integer_inputs(inputs: npt.NDArray[Any], tensor: Tensor) -> npt.NDArray[Any]:
    """Inputs [N, ...] as the tensor takes them, [N, *tensor.shape], real ones quantized to int8 or
    what it is. Raises VectorError.
    """
    shape = tensor.shape
    if inputs.ndim == 0 or inputs.shape[1:] not in (shape, shape[1:]):
        raise VectorError(
            f"the model takes inputs of {list(shape)} and these are {list(inputs.shape[1:])}."
        )
    return quantize(inputs, tensor).reshape(len(inputs), *shape)
