"""Reading .tflite: every index, shape, bound and quantization is checked before it is used."""

import hashlib
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from qmcu.errors import ModelError
from qmcu.files import read_regular
from qmcu.model.graph import ITEM_SIZES, Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.schema import (
    ENUM_OPTIONS,
    IDENTIFIER,
    OPTION_TABLES,
    VERSION,
    enum_names,
    schema,
    snake_case,
)
from qmcu.text import printable

_MAX_BYTES = 1 << 31
_MAX_RANK = 8
_ZERO_POINTS = {
    "int4": (-8, 7), "int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1),
}  # fmt: skip
# What the flatbuffer library raises when offsets lead outside the file.
_DAMAGE = (
    struct.error, IndexError, ValueError, TypeError, KeyError, AttributeError, OverflowError,
    MemoryError,
)  # fmt: skip


def read_model(path: Path) -> Graph:
    """Read a .tflite file; the graph's name is the file's stem.

    Raises ModelError, naming the file and what is wrong where.
    """
    return parse_model(read_regular(path, ModelError), path.stem, source=str(path))


def parse_model(data: bytes, name: str = "model", *, source: str | None = None) -> Graph:
    """The graph of a .tflite file's bytes; `source` names it in errors. Raises ModelError."""
    return _Parser(data, source or name).graph(name)


def operator_kinds(data: bytes, *, source: str = "model") -> tuple[tuple[str, ...], ...]:
    """The kinds of operators of each subgraph: of models too that `parse_model` refuses.

    Raises ModelError when the file is damaged.
    """
    return _Parser(data, source).kinds()


class _Parser:
    """One file being read; `_fail` ends with an error that names it."""

    def __init__(self, data: bytes, source: str) -> None:
        self._data = data
        self._source = source

    def _fail(self, problem: str) -> NoReturn:
        raise ModelError(f"{self._source}: {problem}.")

    def graph(self, name: str) -> Graph:
        model = self._unpack()
        if model.version != VERSION:
            self._fail(f"schema version is {model.version}, {VERSION} is needed")
        subgraphs = model.subgraphs or []
        if len(subgraphs) != 1:
            self._fail(
                f"it has {len(subgraphs)} subgraphs, exactly 1 is supported; models with control "
                "flow or several signatures cannot be used"
            )
        subgraph = subgraphs[0]
        buffers = [self._buffer(i, b) for i, b in enumerate(model.buffers or [])]
        tensors = tuple(self._tensor(i, t, buffers) for i, t in enumerate(_items(subgraph.tensors)))
        codes = [self._kind(code) for code in _items(model.operatorCodes)]
        operators = tuple(
            self._operator(i, op, codes, len(tensors))
            for i, op in enumerate(_items(subgraph.operators))
        )
        inputs = self._indices("the model's inputs", subgraph.inputs, len(tensors))
        outputs = self._indices("the model's outputs", subgraph.outputs, len(tensors))
        self._check_flow(tensors, operators, inputs, outputs)
        digest = hashlib.sha256(self._data).hexdigest()
        return Graph(name, tensors, operators, inputs, outputs, digest)

    def kinds(self) -> tuple[tuple[str, ...], ...]:
        model = self._unpack()
        codes = [self._kind(code) for code in _items(model.operatorCodes)]
        result = []
        for subgraph in _items(model.subgraphs):
            indices = [op.opcodeIndex for op in _items(subgraph.operators)]
            if not all(0 <= i < len(codes) for i in indices):
                self._fail("an operator names a code that the file does not have")
            result.append(tuple(codes[i] for i in indices))
        return tuple(result)

    def _unpack(self) -> Any:
        if len(self._data) < 8 or self._data[4:8] != IDENTIFIER:
            found = self._data[4:8].decode("ascii", "replace")
            self._fail(
                f"this is no TensorFlow Lite model ({len(self._data)} bytes, identifier "
                f"{found!r} instead of {IDENTIFIER.decode()!r})"
            )
        try:
            return schema.ModelT.InitFromObj(schema.Model.GetRootAs(self._data, 0))
        except _DAMAGE:
            self._fail(
                f"the file is damaged or truncated ({len(self._data)} bytes): an offset in it "
                "leads outside; get the model again"
            )

    def _buffer(self, index: int, buffer: Any) -> bytes | None:
        if buffer is None:
            return None
        if buffer.offset > 1:
            end = buffer.offset + buffer.size
            if end > len(self._data):
                self._fail(
                    f"buffer {index} ends at byte {end} and the file has {len(self._data)}; "
                    "the file is truncated"
                )
            return self._data[buffer.offset : end]
        if buffer.data is None or isinstance(buffer.data, int):
            return None
        return bytes(np.asarray(buffer.data, np.uint8)) or None

    def _tensor(self, index: int, tensor: Any, buffers: Sequence[bytes | None]) -> Tensor:
        name = printable((tensor.name or b"").decode("utf-8", "replace"), None) or f"t{index}"
        where = f"tensor {index} ({name})"
        dtype = enum_names("TensorType").get(tensor.type, f"type {tensor.type}").lower()
        if dtype not in ITEM_SIZES:
            self._fail(f"{where} has elements of {dtype}, which is not supported")
        shape = tuple(int(d) for d in _items(tensor.shape))
        if any(d < 1 for d in shape) or len(shape) > _MAX_RANK:
            self._fail(f"{where} has the shape {list(shape)}; every dimension must be known")
        size = math.prod(shape) * ITEM_SIZES[dtype]
        if size > _MAX_BYTES:
            self._fail(f"{where} would take {size:.0f} bytes (shape {list(shape)})")
        if tensor.isVariable:
            self._fail(f"{where} is a variable; stateful models are not supported")
        if tensor.sparsity is not None:
            self._fail(f"{where} is sparse; convert without sparsity")
        if tensor.buffer >= len(buffers):
            self._fail(f"{where} uses buffer {tensor.buffer} of {len(buffers)}")
        data = buffers[tensor.buffer] if tensor.buffer else None
        result = Tensor(
            index, name, shape, dtype, self._quantization(where, tensor, shape, dtype), data
        )
        if data is not None and len(data) != result.size:
            self._fail(f"{where} needs {result.size} bytes and its buffer has {len(data)}")
        return result

    def _quantization(
        self, where: str, tensor: Any, shape: tuple[int, ...], dtype: str
    ) -> Quantization | None:
        parameters = tensor.quantization
        scales = _items(parameters.scale) if parameters is not None else []
        if not len(scales):
            return None
        zero_points = _items(parameters.zeroPoint)
        if not len(zero_points):
            zero_points = [0] * len(scales)
        if len(zero_points) != len(scales):
            self._fail(f"{where} has {len(scales)} scales and {len(zero_points)} zero points")
        axis = int(parameters.quantizedDimension)
        if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scales)):
            self._fail(f"{where} has {len(scales)} scales along dimension {axis} of {list(shape)}")
        values = tuple(float(s) for s in scales)
        if not all(math.isfinite(s) and s > 0 for s in values):
            bad = next(s for s in values if not (math.isfinite(s) and s > 0))
            self._fail(f"{where} has the scale {bad}; scales are finite and above 0")
        low, high = _ZERO_POINTS.get(dtype, (-(2**31), 2**31 - 1))
        points = tuple(int(z) for z in zero_points)
        if not all(low <= z <= high for z in points):
            bad_point = next(z for z in points if not low <= z <= high)
            self._fail(f"{where} has the zero point {bad_point}, outside {low} to {high}")
        return Quantization(values, points, axis)

    def _kind(self, code: Any) -> str:
        value = max(code.builtinCode, code.deprecatedBuiltinCode)
        kind = enum_names("BuiltinOperator").get(value, f"BUILTIN_{value}")
        if kind == "CUSTOM":
            return f"CUSTOM:{printable((code.customCode or b'').decode('utf-8', 'replace'))}"
        return kind

    def _operator(self, index: int, operator: Any, codes: Sequence[str], tensors: int) -> Operator:
        where = f"operator {index}"
        if operator.opcodeIndex >= len(codes):
            self._fail(f"{where} uses operator code {operator.opcodeIndex} of {len(codes)}")
        kind = codes[operator.opcodeIndex]
        where = f"{where} ({kind})"
        inputs = self._indices(f"the inputs of {where}", operator.inputs, tensors, optional=True)
        outputs = self._indices(f"the outputs of {where}", operator.outputs, tensors)
        if not outputs:
            self._fail(f"{where} has no output")
        return Operator(index, kind, inputs, outputs, self._options(where, kind, operator))

    def _options(self, where: str, kind: str, operator: Any) -> Mapping[str, OptionValue]:
        table = OPTION_TABLES.get(kind, "")
        options = operator.builtinOptions
        if not table or options is None:
            return {}
        if type(options).__name__ != f"{table}T":
            self._fail(f"{where} has options of another operator ({type(options).__name__})")
        present = {k: v for k, v in vars(options).items() if v is not None}
        return {snake_case(k): self._option(where, k, v) for k, v in present.items()}

    def _option(self, where: str, name: str, value: Any) -> OptionValue:
        if name in ENUM_OPTIONS:
            names = enum_names(ENUM_OPTIONS[name])
            if value not in names:
                self._fail(f"{where} has the unknown value {value} of {snake_case(name)}")
            return names[value]
        if isinstance(value, bool | int | float):
            return value
        return tuple(int(v) for v in _items(value))

    def _indices(
        self, where: str, values: Any, count: int, *, optional: bool = False
    ) -> tuple[int, ...]:
        indices = tuple(int(v) for v in _items(values))
        for index in indices:
            if not (-1 if optional else 0) <= index < count:
                self._fail(f"{where} name tensor {index} and there are {count}")
        return indices

    def _check_flow(
        self,
        tensors: Sequence[Tensor],
        operators: Sequence[Operator],
        inputs: Sequence[int],
        outputs: Sequence[int],
    ) -> None:
        """Every tensor is written once, before it is read."""
        if not inputs or not outputs:
            self._fail("the model has no input or no output")
        if len(set(inputs)) != len(inputs):
            self._fail("a tensor is listed twice as the model's input")
        known = set(inputs) | {t.index for t in tensors if t.is_constant}
        if any(tensors[i].is_constant for i in inputs):
            self._fail("an input of the model is a constant")
        for operator in operators:
            for index in operator.inputs:
                if index >= 0 and index not in known:
                    self._fail(f"{operator} reads tensor {index} before it is written")
            for index in operator.outputs:
                if index in known:
                    self._fail(f"{operator} writes tensor {index}, which has a value already")
                known.add(index)
        for index in outputs:
            if index not in known:
                self._fail(f"no operator writes the model's output, tensor {index}")


def _items(values: Any) -> Any:
    """A vector of the flatbuffer as a sequence; absent ones are None or 0."""
    return [] if values is None or isinstance(values, int) else values
