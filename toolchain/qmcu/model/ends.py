"""Models without the QUANTIZE and DEQUANTIZE at their ends: integers go in and come out."""

from typing import Any, NoReturn

from qmcu.errors import ModelError
from qmcu.model.schema import enum_names
from qmcu.model.unpack import pack_model, standalone, unpack_model

IO = ("declared", "int8")
_INSIDE = ("INT8", "INT16")


def strip_ends(
    data: bytes, *, source: str = "model", lenient: bool = False, whole_numbers: bool = False
) -> bytes:
    """The .tflite file with inputs behind their QUANTIZE, outputs before theirs or DEQUANTIZE.

    Inputs that are `whole_numbers` declared as real ones go in behind the CAST that makes integers
    of them. All bytes between stay as they are; a file without such ends is given back. Raises
    ModelError when an end is no int8 or int16 then; a `lenient` caller gets it as it is.
    """
    whole = standalone(data, source=source)
    ends = _Ends(unpack_model(whole, source), source, lenient, whole_numbers)
    return ends.stripped() or whole


class _Ends:
    def __init__(self, model: Any, source: str, lenient: bool, whole_numbers: bool) -> None:
        self._model, self._lenient, self._whole_numbers = model, lenient, whole_numbers
        self._source = source
        self._graph = model.subgraphs[0]
        self._moved: dict[int, int] = {}
        self._gone: set[int] = set()

    def stripped(self) -> bytes:
        """The file; empty where nothing was stripped."""
        graph = self._graph
        for index in graph.inputs:
            self._strip_input(int(index))
        for index in graph.outputs:
            self._strip_output(int(index))
        graph.inputs = [self._moved.get(int(i), int(i)) for i in graph.inputs]
        graph.outputs = [self._moved.get(int(i), int(i)) for i in graph.outputs]
        for definition in self._model.signatureDefs or []:
            if definition.subgraphIndex == 0:
                for named in [*(definition.inputs or []), *(definition.outputs or [])]:
                    named.tensorIndex = self._moved.get(named.tensorIndex, named.tensorIndex)
        graph.operators = [op for i, op in enumerate(graph.operators) if i not in self._gone]
        for role, indices in (("input", graph.inputs), ("output", graph.outputs)):
            for index in indices:
                if self._type(index) not in _INSIDE and not self._lenient:
                    self._refuse(role, index)
        return pack_model(self._model) if self._gone else b""

    def _strip_input(self, index: int) -> None:
        readers = [i for i, op in enumerate(self._graph.operators) if index in _list(op.inputs)]
        if self._type(index) in _INSIDE or len(readers) != 1 or index in _list(self._graph.outputs):
            return
        (reader,) = readers
        operator = self._graph.operators[reader]
        target = int(operator.outputs[0])
        makes = self._kind(operator) == "QUANTIZE"
        if self._whole_numbers and self._kind(operator) == "CAST":
            makes = self._type(index) == "FLOAT32" and self._type(target) in ("INT32", "INT64")
        if makes and target not in _list(self._graph.outputs):
            self._move(index, target, reader)

    def _strip_output(self, index: int) -> None:
        operators = self._graph.operators
        writers = [i for i, op in enumerate(operators) if index in _list(op.outputs)]
        read = any(index in _list(op.inputs) for op in operators)
        if self._type(index) in _INSIDE or len(writers) != 1 or read:
            return
        (writer,) = writers
        operator = operators[writer]
        inner = int(operator.inputs[0])
        computed = any(inner in _list(op.outputs) for op in operators)
        if self._kind(operator) in ("QUANTIZE", "DEQUANTIZE") and computed:
            self._move(index, inner, writer)

    def _move(self, end: int, inside: int, operator: int) -> None:
        """The end is `inside` from now on, under the same name; the operator is gone."""
        tensors = self._graph.tensors
        tensors[end].name, tensors[inside].name = tensors[inside].name, tensors[end].name
        self._moved[end] = inside
        self._gone.add(operator)

    def _type(self, index: int) -> str:
        return enum_names("TensorType").get(self._graph.tensors[index].type, "unknown")

    def _kind(self, operator: Any) -> str:
        code = self._model.operatorCodes[operator.opcodeIndex]
        value = max(code.builtinCode, code.deprecatedBuiltinCode)
        return enum_names("BuiltinOperator").get(value, "")

    def _refuse(self, role: str, index: int) -> NoReturn:
        name = (self._graph.tensors[index].name or b"").decode("utf-8", "replace")
        end = "only QUANTIZE reads it" if role == "input" else "QUANTIZE or DEQUANTIZE writes it"
        raise ModelError(
            f"{self._source}: {role} {name} is {self._type(index).lower()} and cannot be stripped "
            f"to int8 unless {end}; build with --io declared."
        )


def _list(values: Any) -> list[int]:
    return [] if values is None else [int(v) for v in values]
