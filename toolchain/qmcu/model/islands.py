"""Operators between integers and real numbers, as tflite-micro has them.

TensorFlow's quantizer makes integers of operators that tflite-micro computes in real numbers alone
(EXP, LOG, SQRT), and leaves others real that tflite-micro has in integers (ELU). Here the first get
DEQUANTIZE before and QUANTIZE behind them, and the second lose theirs.
"""

from dataclasses import replace

from qmcu.model.graph import Graph, Operator, Tensor, without_unused
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

# What tflite-micro's kernels of functions of one number take real numbers alone for.
REAL_ONLY = frozenset(("CEIL", "COS", "EXP", "FLOOR", "LOG", "ROUND", "SIN", "SQRT"))
# Functions of one number that it has in int8 and the quantizer leaves real.
INTEGER_TOO = frozenset(("ELU",))
_INTEGERS = ("int8", "int16")
# Within these tflite-micro has RSQRT of int16: 1 / (root of the input's scale * output's scale).
_LEAST_ROOT, _MOST_ROOT = 2.0**-11, 2.0**20


def settle_islands(data: bytes, name: str = "model") -> bytes:
    """The .tflite with each operator in numbers that tflite-micro has it in.

    The same bytes where nothing is to be done, and for a file with several subgraphs.
    """
    graph = parse_model(data, name)
    kinds = REAL_ONLY | INTEGER_TOO | {"RSQRT"}
    if graph.subgraphs or not any(op.kind in kinds for op in graph.operators):
        return data
    changed = _without_detours(_with_islands(graph))
    return data if changed is graph else write_model(changed)


def _with_islands(graph: Graph) -> Graph:
    """DEQUANTIZE and QUANTIZE around operators that have real numbers alone."""
    tensors, operators = list(graph.tensors), []
    for op in graph.operators:
        if not _is_real_only(graph, op):
            operators.append(op)
            continue
        source, result = tensors[op.inputs[0]], tensors[op.outputs[0]]
        given = _real(tensors, source)
        made = _real(tensors, result)
        operators += [
            _operator("DEQUANTIZE", source.index, given, 2), replace(
                op, inputs=(given,), outputs=(made,), version=1),
            _operator("QUANTIZE", made, result.index, 1),
        ]  # fmt: skip
    if len(operators) == len(graph.operators):
        return graph
    return _renumbered(replace(graph, tensors=tuple(tensors)), operators)


def _is_real_only(graph: Graph, op: Operator) -> bool:
    """Whether tflite-micro has an operator of integers in real numbers alone."""
    result = graph.tensors[op.outputs[0]]
    if op.kind != "RSQRT" or result.dtype != "int16":
        return op.kind in REAL_ONLY and result.dtype in _INTEGERS
    given, made = graph.tensors[op.inputs[0]].quantization, result.quantization
    if given is None or made is None or not given.scale or not made.scale:
        return False
    return not _LEAST_ROOT <= 1 / (given.scale**0.5 * made.scale) < _MOST_ROOT


def _without_detours(graph: Graph) -> Graph:
    """DEQUANTIZE, an operator that has integers too, QUANTIZE: the operator alone."""
    makers = {i: op for op in graph.operators for i in op.outputs}
    readers: dict[int, list[Operator]] = {}
    for op in graph.operators:
        for i in op.inputs:
            readers.setdefault(i, []).append(op)
    changed: dict[int, Operator] = {}
    gone: set[int] = set()
    for op in graph.operators:
        before = makers.get(op.inputs[0]) if op.inputs else None
        after = readers.get(op.outputs[0], [])
        if op.kind not in INTEGER_TOO or before is None or before.kind != "DEQUANTIZE":
            continue
        if len(after) != 1 or after[0].kind != "QUANTIZE" or op.outputs[0] in graph.outputs:
            continue
        ends = (before.inputs[0], after[0].outputs[0])
        if any(graph.tensors[i].dtype != "int8" for i in ends):
            continue
        changed[op.index] = replace(op, inputs=ends[:1], outputs=ends[1:])
        gone.add(after[0].index)
        if len(readers[before.outputs[0]]) == 1 and before.outputs[0] not in graph.outputs:
            gone.add(before.index)
    if not changed:
        return graph
    kept = [changed.get(op.index, op) for op in graph.operators if op.index not in gone]
    return _renumbered(graph, kept)


def _real(tensors: list[Tensor], tensor: Tensor) -> int:
    """A float32 tensor beside one of integers."""
    index = len(tensors)
    name = f"{tensor.name}/real"
    tensors.append(replace(tensor, index=index, name=name, dtype="float32", quantization=None))
    return index


def _operator(kind: str, source: int, result: int, version: int) -> Operator:
    return Operator(0, kind, (source,), (result,), {}, version)


def _renumbered(graph: Graph, operators: list[Operator]) -> Graph:
    """The graph with these operators, and without tensors that nobody has any more."""
    numbered = tuple(replace(op, index=i) for i, op in enumerate(operators))
    return without_unused(replace(graph, operators=numbered))
