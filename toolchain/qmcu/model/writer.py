"""Writing a Graph as .tflite: the inverse of the reader, the same bytes for the same graph."""

from typing import Any

import numpy as np

from qmcu.model.flatbuffer_schema import camel_case
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.schema import (
    ENUM_OPTIONS,
    OPTION_TABLES,
    VERSION,
    enum_values,
    new_options,
    schema,
)
from qmcu.model.unpack import AlignedBuffer, pack_model

# Codes up to here also stand in the field that old readers look at.
_LAST_DEPRECATED_CODE = 127


def write_model(graph: Graph) -> bytes:
    """The .tflite file of a graph. Raises ValueError for an operator kind without a schema name."""
    model = schema.ModelT()
    model.version = VERSION
    model.description = b"qmcu"
    model.buffers = [AlignedBuffer()]
    graphs = (graph, *graph.subgraphs)
    codes = sorted({(op.kind, op.version) for g in graphs for op in g.operators})
    model.operatorCodes = [_code(*code) for code in codes]
    model.subgraphs = [_subgraph(g, codes, model.buffers) for g in graphs]
    model.signatureDefs = _signatures(graph)
    return pack_model(model)


def _subgraph(graph: Graph, codes: list[tuple[str, int]], buffers: list[Any]) -> Any:
    result = schema.SubGraphT()
    result.name = graph.name.encode()
    result.tensors = [_tensor(t, buffers) for t in graph.tensors]
    result.inputs = np.array(graph.inputs, np.int32)
    result.outputs = np.array(graph.outputs, np.int32)
    result.operators = [_operator(op, codes.index((op.kind, op.version))) for op in graph.operators]
    return result


def _signatures(graph: Graph) -> list[Any] | None:
    if not graph.input_names and not graph.output_names:
        return None
    result = schema.SignatureDefT()
    result.signatureKey = b"serving_default"
    result.inputs = [_named(*pair) for pair in zip(graph.input_names, graph.inputs, strict=False)]
    result.outputs = [
        _named(*pair) for pair in zip(graph.output_names, graph.outputs, strict=False)
    ]
    return [result]


def _named(name: str, index: int) -> Any:
    result = schema.TensorMapT()
    result.name, result.tensorIndex = name.encode(), index
    return result


def _tensor(tensor: Tensor, buffers: list[Any]) -> Any:
    result = schema.TensorT()
    result.name = tensor.name.encode()
    result.shape = np.array(tensor.shape, np.int32)
    result.type = enum_values("TensorType")[tensor.dtype.upper()]
    result.buffer = 0
    result.isVariable = tensor.is_variable
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
    if operator.custom:
        result.customOptions = np.frombuffer(operator.custom, np.uint8)
    if operator.intermediates:
        result.intermediates = np.array(operator.intermediates, np.int32)
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
    if isinstance(value, str):
        return value.encode()
    if not isinstance(value, tuple):
        return value
    return np.array(value, np.float32 if any(isinstance(v, float) for v in value) else np.int32)
