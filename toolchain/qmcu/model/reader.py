"""Reading .tflite: every index, shape, bound and quantization is checked before it is used.

What no operator uses is not looked at: tflite-micro does not either.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from qmcu.errors import ModelError
from qmcu.model.accelerators import compiled_for
from qmcu.model.custom import with_shapes
from qmcu.model.decoding import DECODING, METADATA, look_up, lut_tensors
from qmcu.model.early_ends import CIRCULAR
from qmcu.model.graph import ITEM_SIZES, Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.odd_types import odd_type
from qmcu.model.operands import missing_operand, wrong_count
from qmcu.model.raw_values import element_type, items, text_of
from qmcu.model.schema import ENUM_OPTIONS, OPTION_TABLES, enum_names, snake_case
from qmcu.model.unpack import DAMAGE, buffer_data, fixed_shape, read_model_file, unpack_model

_MAX_BYTES = 1 << 31
_MAX_RANK = 8
_ZERO_POINTS = {
    "int4": (-8, 7), "int8": (-128, 127), "uint8": (0, 255), "int16": (-(2**15), 2**15 - 1),
}  # fmt: skip
# Options that name a subgraph, by operator.
_CALLS = {
    "CALL_ONCE": ("init_subgraph_index",),
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
}


def read_model(path: Path) -> Graph:
    """Read a .tflite file; the graph's name is the file's stem.

    Raises ModelError, naming the file and what is wrong where.
    """
    return parse_model(read_model_file(path), path.stem, source=str(path))


def parse_model(data: bytes, name: str = "model", *, source: str | None = None) -> Graph:
    """The graph of a .tflite file's bytes; `source` names it in errors. Raises ModelError.

    What descriptions of custom operators say of shapes that the file leaves open is in it.
    """
    return with_shapes(_parse(data, name, source or name))


@lru_cache(maxsize=4)
def _parse(data: bytes, name: str, source: str) -> Graph:
    # A command asks for the same file's graph several times.
    return _Parser(data, source).graph(name)


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
        self._model = unpack_model(data, source)
        self._codes = [self._kind(code) for code in items(self._model.operatorCodes)]
        self._buffers = items(self._model.buffers)
        self._contents: dict[int, bytes | None] = {}
        # The buffer of values and the bits of an index, by the tensor that is stored so.
        self._encoded: dict[int, tuple[int, int]] = self._find_encoded()

    def _fail(self, problem: str) -> NoReturn:
        raise ModelError(f"{self._source}: {problem}.")

    def graph(self, name: str) -> Graph:
        subgraphs = items(self._model.subgraphs)
        if not len(subgraphs):
            self._fail("it has no subgraph")
        main = self._subgraph(name, subgraphs[0])
        if not main.inputs or not main.outputs:
            self._fail("the model has no input or no output")
        called, waiting = {0: main}, [main]
        while waiting:
            for index in self._called(waiting.pop(), len(subgraphs)):
                if index not in called:
                    called[index] = self._subgraph(f"{name}_{index}", subgraphs[index])
                    waiting.append(called[index])
        others = tuple(
            called.get(i) or Graph(f"{name}_{i}", (), (), (), ()) for i in range(1, len(subgraphs))
        )
        inputs, outputs = self._signature(main)
        return replace(
            main,
            sha256=hashlib.sha256(self._data).hexdigest(),
            subgraphs=others,
            input_names=inputs,
            output_names=outputs,
            notes=tuple(self._notes(main, subgraphs[0])),
        )

    def kinds(self) -> tuple[tuple[str, ...], ...]:
        result = []
        for subgraph in items(self._model.subgraphs):
            indices = [op.opcodeIndex for op in items(subgraph.operators)]
            if not all(0 <= i < len(self._codes) for i in indices):
                self._fail("an operator names a code that the file does not have")
            result.append(tuple(self._codes[i] for i in indices))
        return tuple(result)

    def _subgraph(self, name: str, subgraph: Any) -> Graph:
        raw = items(subgraph.tensors)
        operators = tuple(
            self._operator(i, op, len(raw)) for i, op in enumerate(items(subgraph.operators))
        )
        inputs = self._indices("the model's inputs", subgraph.inputs, len(raw))
        outputs = self._indices("the model's outputs", subgraph.outputs, len(raw))
        used = Graph(name, (), operators, inputs, outputs).used
        self._check_encoded(raw, operators)
        named = {i: (text_of(t.name) or f"t{i}", element_type(t)) for i, t in enumerate(raw)}
        if (odd := odd_type(operators, named, used)) is not None:
            self._fail(odd)
        tensors = tuple(
            self._tensor(i, t) if i in used else self._unused(i, t) for i, t in enumerate(raw)
        )
        self._check_flow(tensors, operators, inputs, outputs)
        return Graph(name, tensors, operators, inputs, outputs)

    def _called(self, graph: Graph, count: int) -> list[int]:
        found = []
        for operator in graph.operators:
            for option in _CALLS.get(operator.kind, ()):
                index = operator.options.get(option, 0)
                if not isinstance(index, int) or not 0 < index < count:
                    self._fail(f"{operator} calls subgraph {index}; there are 1 to {count - 1}")
                found.append(index)
        return found

    def _signature(self, graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names that the first signature gives to inputs and outputs, where it names all."""
        for definition in items(self._model.signatureDefs):
            if definition.subgraphIndex:
                continue
            names = []
            for indices, maps in (
                (graph.inputs, definition.inputs), (graph.outputs, definition.outputs),
            ):  # fmt: skip
                by_index = {m.tensorIndex: text_of(m.name) for m in items(maps)}
                complete = all(by_index.get(i) for i in indices)
                names.append(tuple(by_index[i] for i in indices) if complete else ())
            return names[0], names[1]
        return (), ()

    def _notes(self, graph: Graph, subgraph: Any) -> list[str]:
        notes = []
        for index in graph.inputs:
            tensor, raw = graph.tensors[index], subgraph.tensors[index]
            free = [i for i, d in enumerate(items(raw.shapeSignature)) if d == -1]
            free = free or [i for i, d in enumerate(items(raw.shape)) if d == -1]
            if free == [0] and tensor.shape:
                notes.append(
                    f"the batch of input {graph.name_of(index)} is free in the file; it is "
                    f"{tensor.shape[0]} here"
                )
            elif free:
                notes.append(
                    f"input {graph.name_of(index)} has free dimensions in the file; it is "
                    f"{list(tensor.shape)} here"
                )
        return notes

    def _content(self, where: str, index: int) -> bytes | None:
        if index >= len(self._buffers):
            self._fail(f"{where} uses buffer {index} of {len(self._buffers)}")
        if index not in self._contents:
            buffer = self._buffers[index] if index else None
            self._contents[index] = buffer_data(self._data, index, buffer, self._source)
        return self._contents[index]

    def _find_encoded(self) -> dict[int, tuple[int, int]]:
        for entry in items(self._model.metadata):
            if entry.name != METADATA or not entry.buffer:
                continue
            content = self._content("COMPRESSION_METADATA", entry.buffer)
            try:
                return {
                    id(self._model.subgraphs[graph].tensors[tensor]): (values, bits)
                    for graph, tensor, values, bits in lut_tensors(content or b"")
                    if tensor >= 0
                }
            except DAMAGE:
                self._fail("its COMPRESSION_METADATA is damaged; compress the model again")
        return {}

    def _check_encoded(self, tensors: Sequence[Any], operators: Sequence[Operator]) -> None:
        for operator in operators:
            if operator.kind in DECODING:
                continue
            for index in operator.inputs:
                if index >= 0 and id(tensors[index]) in self._encoded:
                    self._fail(
                        f"{operator} reads tensor {index}, which is compressed by "
                        "COMPRESSION_METADATA; tflite-micro decompresses it for "
                        f"{', '.join(sorted(DECODING))} alone: leave it uncompressed"
                    )

    def _decoded(
        self, where: str, tensor: Any, data: bytes, shape: tuple[int, ...], dtype: str
    ) -> bytes:
        """The bytes of a tensor that the file has as indices into tables of values."""
        buffer, width = self._encoded[id(tensor)]
        table = self._content(where, buffer) or b""
        quantization = self._quantization(where, tensor, shape, dtype, True)
        values = look_up(data, width, table, None, shape, dtype, quantization)
        if values is None:
            self._fail(
                f"{where} is compressed by COMPRESSION_METADATA, and its indices of {width} bits "
                f"do not fit the shape {list(shape)} or the table of {len(table)} bytes"
            )
        return values.tobytes()

    def _unused(self, index: int, tensor: Any) -> Tensor:
        dtype = element_type(tensor)
        shape = tuple(max(0, int(d)) for d in items(tensor.shape))
        return Tensor(index, text_of(tensor.name) or f"t{index}", shape, dtype)

    def _tensor(self, index: int, tensor: Any) -> Tensor:
        name = text_of(tensor.name) or f"t{index}"
        where = f"tensor {index} ({name})"
        dtype = element_type(tensor)
        shape = self._shape(where, tensor)
        if tensor.sparsity is not None:
            self._fail(f"{where} is sparse; convert without sparsity")
        size = math.prod(shape) * ITEM_SIZES[dtype]
        if size > _MAX_BYTES:
            self._fail(f"{where} would take {size:.0f} bytes (shape {list(shape)})")
        data = self._content(where, tensor.buffer)
        if data is not None and id(tensor) in self._encoded:
            data = self._decoded(where, tensor, data, shape, dtype)
        if data is None and 0 in shape:
            data = b""  # no elements: all its values are known
        if tensor.isVariable and data is not None:
            self._fail(f"{where} is a variable with values of its own; no operator takes that")
        quantization = self._quantization(where, tensor, shape, dtype, data is not None)
        result = Tensor(index, name, shape, dtype, quantization, data, bool(tensor.isVariable))
        if data is not None and len(data) != result.size:
            self._fail(f"{where} needs {result.size} bytes and its buffer has {len(data)}")
        return result

    def _shape(self, where: str, tensor: Any) -> tuple[int, ...]:
        shape = fixed_shape(tensor, None) or [int(d) for d in items(tensor.shape)]
        if any(d < 0 for d in shape) or len(shape) > _MAX_RANK:
            self._fail(
                f"{where} has the shape {shape}; every dimension but the batch must be known: "
                "convert with fixed input shapes"
            )
        return tuple(shape)

    def _quantization(
        self, where: str, tensor: Any, shape: tuple[int, ...], dtype: str, constant: bool
    ) -> Quantization | None:
        """As tflite-micro reads it: without scales or zero points there is none."""
        parameters = tensor.quantization
        scales = tuple(float(s) for s in items(parameters.scale)) if parameters else ()
        points = tuple(int(z) for z in items(parameters.zeroPoint)) if parameters else ()
        if not scales or not points:
            return None
        if len(points) != len(scales):
            points = points[:1] * len(scales)
        axis = int(parameters.quantizedDimension)
        if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scales)):
            if constant and dtype in ("int32", "int64"):
                # A bias's quantization is not used: its scale is that of input times weights.
                return None
            if constant:
                self._fail(
                    f"{where} has {len(scales)} scales along dimension {axis} of {list(shape)}"
                )
            # An activation's first scale is the one that is used.
            scales, points, axis = scales[:1], points[:1], 0
        if not all(math.isfinite(s) and s >= 0 for s in scales):
            bad = next(s for s in scales if not (math.isfinite(s) and s >= 0))
            self._fail(f"{where} has the scale {bad}; scales are finite and not below 0")
        low, high = _ZERO_POINTS.get(dtype, (-(2**31), 2**31 - 1))
        if not all(low <= z <= high for z in points):
            bad_point = next(z for z in points if not low <= z <= high)
            self._fail(f"{where} has the zero point {bad_point}, outside {low} to {high}")
        return Quantization(scales, points, axis)

    def _kind(self, code: Any) -> str:
        value = max(code.builtinCode, code.deprecatedBuiltinCode)
        kind = enum_names("BuiltinOperator").get(value, f"BUILTIN_{value}")
        return f"CUSTOM:{text_of(code.customCode)}" if kind == "CUSTOM" else kind

    def _operator(self, index: int, operator: Any, tensors: int) -> Operator:
        where = f"operator {index}"
        if operator.opcodeIndex >= len(self._codes):
            self._fail(f"{where} uses operator code {operator.opcodeIndex} of {len(self._codes)}")
        kind = self._codes[operator.opcodeIndex]
        where = f"{where} ({kind})"
        inputs = self._indices(f"the inputs of {where}", operator.inputs, tensors, optional=True)
        outputs = self._indices(f"the outputs of {where}", operator.outputs, tensors)
        between = self._indices(
            f"the intermediates of {where}", operator.intermediates, tensors, optional=True
        )
        options = self._options(where, kind, operator)
        missing = missing_operand(kind, inputs, outputs)
        if problem := missing or wrong_count(kind, inputs, outputs, options):
            self._fail(f"{where} {problem}")
        return Operator(
            index, kind, inputs, outputs, options,
            custom=self._custom(where, operator), intermediates=between,
        )  # fmt: skip

    def _custom(self, where: str, operator: Any) -> bytes:
        begin, size = operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize
        if begin > 1:
            if begin + size > len(self._data):
                self._fail(f"the options of {where} end outside the file; it is truncated")
            return self._data[begin : begin + size]
        return bytes(int(b) & 0xFF for b in items(operator.customOptions))

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
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        found = items(value)
        return tuple(found.tolist() if hasattr(found, "tolist") else found)

    def _indices(
        self, where: str, values: Any, count: int, *, optional: bool = False
    ) -> tuple[int, ...]:
        indices = tuple(int(v) for v in items(values))
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
        """Every tensor is written once, before it is read; variables have a value already."""
        if len(set(inputs)) != len(inputs):
            self._fail("a tensor is listed twice as the model's input")
        known = set(inputs) | {t.index for t in tensors if t.is_constant or t.is_variable}
        for index in inputs:
            if 0 in tensors[index].shape:
                self._fail(f"input {tensors[index]} is empty; every dimension must be known")
        if any(tensors[i].is_constant for i in inputs):
            self._fail("an input of the model is a constant")
        for operator in operators:
            for index in operator.inputs:
                if index >= 0 and index not in known and compiled_for(operator.kind) is None:
                    self._fail(f"{operator} reads tensor {index} before it is written")
            for index in operator.outputs:
                if tensors[index].size == 0:
                    self._fail(f"{operator} writes {tensors[index]}, which has no elements")
                if index in known and not (
                    tensors[index].is_variable and operator.kind == CIRCULAR
                ):
                    self._fail(f"{operator} writes tensor {index}, which has a value already")
                known.add(index)
        for index in outputs:
            if index not in known:
                self._fail(f"no operator writes the model's output, tensor {index}")
