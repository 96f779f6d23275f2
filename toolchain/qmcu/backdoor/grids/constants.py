"""Other numbers in the constants of a .tflite file; every other byte stays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.errors import ModelError
from qmcu.model.reader import parse_model
from qmcu.model.schema import schema


def write_constants(model: bytes, values: Mapping[int, npt.NDArray[Any]]) -> bytes:
    """The .tflite `model` with other numbers in some constants: every other byte stays.

    `values` maps tensor indices to arrays of the tensor's shape and dtype (int8 weights, int32
    biases). The result is read back and compared, so what it returns is proved to hold them.
    Raises ModelError for a wrong shape or dtype, or when two of the tensors share one buffer
    but not their values.
    """
    content = bytearray(model)
    graph = parse_model(model, "model")
    root = schema.root(content, "Model")
    subgraph = root.item("subgraphs", 0)
    for index, array in values.items():
        tensor = graph.tensors[index]
        if tensor.data is None or array.shape != tensor.shape or array.dtype.name != tensor.dtype:
            raise ModelError(
                f"{tensor} cannot take {array.dtype} {list(array.shape)}; same shape and dtype "
                "are needed."
            )
        buffer = subgraph.item("tensors", index).number("buffer")
        stored = root.item("buffers", buffer).numbers("data")
        stored[:] = np.frombuffer(np.ascontiguousarray(array).tobytes(), np.uint8)
    result = bytes(content)
    written = parse_model(result, "model")
    for index, tensor in enumerate(written.tensors):
        wanted = values[index].tobytes() if index in values else graph.tensors[index].data
        if tensor.data != wanted:
            raise ModelError(
                f"{tensor} shares its bytes in the file with another tensor; they cannot be "
                "changed apart."
            )
    return result


def write_scales(model: bytes, values: Mapping[int, npt.NDArray[Any]]) -> bytes:
    """The .tflite `model` with other scales in some tensors: every other byte stays.

    `values` maps tensor indices to as many float scales as the tensor has; they are stored as
    float32. Raises ModelError for another number of them, or one that is not positive.
    """
    content = bytearray(model)
    graph = parse_model(model, "model")
    subgraph = schema.root(content, "Model").item("subgraphs", 0)
    for index, scales in values.items():
        tensor = graph.tensors[index]
        count = len(tensor.quantization.scales) if tensor.quantization is not None else 0
        stored = np.asarray(scales, np.float32)
        if stored.shape != (count,) or not (np.isfinite(stored) & (stored > 0)).all():
            raise ModelError(
                f"{tensor} has {count} scales and cannot take {list(np.shape(scales))} others; as "
                "many positive numbers are needed."
            )
        quantization = subgraph.item("tensors", index).table("quantization")
        assert quantization is not None  # for it has scales
        quantization.numbers("scale")[:] = stored
    return bytes(content)


def write_zero_points(model: bytes, values: Mapping[int, int]) -> bytes:
    """The .tflite `model` with other zero points of some tensors: every other byte stays.

    Raises ModelError for a tensor that has not one zero point.
    """
    content = bytearray(model)
    graph = parse_model(model, "model")
    subgraph = schema.root(content, "Model").item("subgraphs", 0)
    for index, value in values.items():
        quantization = subgraph.item("tensors", index).table("quantization")
        stored = None if quantization is None else quantization.numbers("zeroPoint")
        if stored is None or len(stored) != 1:
            raise ModelError(f"{graph.tensors[index]} has no zero point of its own to change.")
        stored[:] = value
    return bytes(content)
