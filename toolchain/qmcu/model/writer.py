"""Writing a Graph as .tflite: the inverse of the reader, the same bytes for the same graph."""

from typing import Any

import flatbuffers
import numpy as np

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.schema import (
    ENUM_OPTIONS,
    IDENTIFIER,
    OPTION_TABLES,
    VERSION,
    camel_case,
    enum_values,
    new_options,
    schema,
)

# Codes up to here also stand in the field that old readers look at.
_LAST_DEPRECATED_CODE = 127
_DATA_ALIGNMENT = 16


class AlignedBuffer(schema.BufferT):  # type: ignore[misc, unused-ignore]
    """A buffer whose bytes start at a multiple of 16, as the schema demands."""

    def Pack(self, builder: Any) -> Any:
        """Write it; the schema's classes call this by its name."""
        data = b"" if self.data is None else bytes(self.data)
        vector = None
        if data:
            builder.StartVector(1, len(data), _DATA_ALIGNMENT)
            builder.head = builder.head - len(data)
            builder.Bytes[builder.head : builder.head + len(data)] = data
            vector = builder.EndVector()
        schema.BufferStart(builder)
        if vector is not None:
            schema.BufferAddData(builder, vector)
        return schema.BufferEnd(builder)


def write_model(graph: Graph) -> bytes:
    """The .tflite file of a graph. Raises ValueError for an operator kind without a schema name."""
    model = schema.ModelT()
    model.version = VERSION
    model.description = b"qmcu"
    model.buffers = [AlignedBuffer()]
    subgraph = schema.SubGraphT()
    subgraph.name = graph.name.encode()
    subgraph.tensors = [_tensor(t, model.buffers) for t in graph.tensors]
    subgraph.inputs = np.array(graph.inputs, np.int32)
    subgraph.outputs = np.array(graph.outputs, np.int32)
    codes = sorted({(op.kind, op.version) for op in graph.operators})
    model.operatorCodes = [_code(*code) for code in codes]
    subgraph.operators = [
        _operator(op, codes.index((op.kind, op.version))) for op in graph.operators
    ]
    model.subgraphs = [subgraph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _tensor(tensor: Tensor, buffers: list[Any]) -> Any:
    result = schema.TensorT()
    result.name = tensor.name.encode()
    result.shape = np.array(tensor.shape, np.int32)
    result.type = enum_values("TensorType")[tensor.dtype.upper()]
    result.buffer = 0
    if tensor.data is not None:
        buffer = AlignedBuffer()
        buffer.data = tensor.data
        result.buffer = len(buffers)
        buffers.append(buffer)
    if tensor.quantization is not None:
        parameters = schema.QuantizationParametersT()
        parameters.scale = np.array(tensor.quantization.scales, np.float32)
        parameters.zeroPoint = np.array(tensor.quantization.zero_points, np.int64)
        parameters.quantizedDimension = tensor.quantization.axis
        result.quantization = parameters
    return result


def _code(kind: str, version: int) -> Any:
    result = schema.OperatorCodeT()
    name, _, custom = kind.partition(":")
    codes = enum_values("BuiltinOperator")
    if name not in codes:
        raise ValueError(f"{kind} is no builtin operator of the schema")
    result.builtinCode = codes[name]
    result.deprecatedBuiltinCode = min(result.builtinCode, _LAST_DEPRECATED_CODE)
    result.version = version
    if custom:
        result.customCode = custom.encode()
    return result


def _operator(operator: Operator, code: int) -> Any:
    result = schema.OperatorT()
    result.opcodeIndex = code
    result.inputs = np.array(operator.inputs, np.int32)
    result.outputs = np.array(operator.outputs, np.int32)
    options = new_options(operator.kind)
    if options is not None and (operator.options or not vars(options)):
        result.builtinOptionsType = enum_values("BuiltinOptions")[OPTION_TABLES[operator.kind]]
        for name, value in operator.options.items():
            attribute = camel_case(name)
            if not hasattr(options, attribute):
                raise ValueError(f"{operator} has no option {name}")
            setattr(options, attribute, _option(attribute, value))
        result.builtinOptions = options
    return result


def _option(attribute: str, value: Any) -> Any:
    if attribute in ENUM_OPTIONS:
        return enum_values(ENUM_OPTIONS[attribute])[value]
    return np.array(value, np.int32) if isinstance(value, tuple) else value
