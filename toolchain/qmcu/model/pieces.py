"""A model in pieces: what tflite-micro runs, and between it what tflite-micro lacks.

Operators that it has no kernel for, but that are exactly defined (they move bytes, compute with
integers, or are a function of one byte in LiteRT), are evaluated here as constants are
(`passes.evaluation`, `byte_functions`); the user's own by their Python reference.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from qmcu.errors import ModelError
from qmcu.model.byte_functions import BYTE_FUNCTIONS, byte_function
from qmcu.model.custom import custom_operator
from qmcu.model.custom_reference import Reference
from qmcu.model.gelu import gelu
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.passes.evaluation import evaluate
from qmcu.model.products import product
from qmcu.model.resizing import resize_bilinear
from qmcu.model.writer import write_model
from qmcu.types import Array

# What tflite-micro's kernels take, of operators that others evaluate in every type.
_TAKEN = {
    "ARG_MAX": ("int8", "float32"),
    "ARG_MIN": ("int8", "float32"),
    "ATAN2": (),
    "BITWISE_XOR": (),
    "BUCKETIZE": (),
    "CAST": ("int8", "int16", "int32", "uint32", "bool", "float32"),
    "SELECT": (),
    "SELECT_V2": ("int8", "int16", "float32"),
    "SIGN": (),
    "TILE": (),
    "TOPK_V2": (),
    "REDUCE_ANY": (),
    "REDUCE_PROD": (),
    "FLOOR_DIV": ("float32",),
    "FLOOR_MOD": ("float32",),
    "RIGHT_SHIFT": (),
    "SCATTER_ND": (),
    "SEGMENT_SUM": (),
    "UNSORTED_SEGMENT_SUM": (),
    "EXP": ("float32",),
    "GELU": (),
    "LOG": ("float32",),
    "SQRT": ("float32",),
    "BATCH_TO_SPACE_ND": ("int8", "float32"),
    "SPACE_TO_BATCH_ND": ("int8", "float32"),
    "EXPAND_DIMS": ("int8", "int16", "float32"),
    "GATHER": ("int8", "float32"),
    "GATHER_ND": ("int8", "float32"),
    "MEAN": ("int8", "int16", "float32"),
    "PACK": ("int8", "int16", "int32", "int64", "float32"),
    "REDUCE_MAX": ("int8", "float32"),
    "REDUCE_MIN": ("int8", "float32"),
    "RESIZE_BILINEAR": ("int8", "float32"),
    "SLICE": ("int8", "int16", "int32", "bool", "float32"),
    "SPLIT": ("int8", "int16", "int32", "float32"),
    "SPLIT_V": ("int8", "int16", "int32", "float32"),
    "STRIDED_SLICE": ("int8", "int16", "int32", "bool", "float32"),
    "SUM": ("int8", "int16", "float32"),
    "TRANSPOSE": ("int8", "int16", "float32"),
    "UNPACK": ("int8", "int16", "int32", "float32"),
}
# Of others: in which types they are evaluated here.
_OWN = {
    "ABS": ("int32",),
    "ADD": ("int64",),
    "CUMSUM": ("int32", "int64"),
    "MIRROR_PAD": ("int16", "int32", "int64", "uint8", "bool"),
    "MUL": ("int64",),
    "NEG": ("int32", "int64"),
    "PAD": ("int64", "bool"),
    "SUB": ("int64",),
}
# And of how many dimensions at most.
_MOST_DIMENSIONS = {"SLICE": 5, "STRIDED_SLICE": 4, "TRANSPOSE": 5}
# Of products: what is scaled, or rounded, after each factor.
_SCALED = (np.int8, np.int16, np.float32)
_HANDLES = ("READ_VARIABLE", "ASSIGN_VARIABLE")
# Far beyond any tensor of a microcontroller.
_MOST_ELEMENTS = 1 << 28


@dataclass(frozen=True)
class Piece:
    """Operators in a row for the interpreter; `tensors` are their indices in the whole model."""

    graph: Graph
    tensors: tuple[int, ...]


class Runner(Protocol):
    """What runs a piece: the oracle of its model."""

    def run_many(
        self, inputs: Sequence[Array], *, resets: Collection[int] = ()
    ) -> tuple[Array, ...]:
        """Each input [N, *shape] to each output; state is reset before the rows in `resets`."""

    def all_tensors(self, inputs: Sequence[Array]) -> dict[int, Array]:
        """Every activation of one inference."""

    def reset(self) -> None:
        """Make all state what it is before the first inference."""


def is_own(graph: Graph, operator: Operator) -> bool:
    """Whether tflite-micro lacks the operator, in its types, and it is evaluated here."""
    if custom_operator(operator.kind) is not None:
        return True
    second = operator.kind in ("SCATTER_ND", "SELECT", "SELECT_V2", "SPLIT")
    operand = graph.operand(operator, 1 if second else 0)
    if operator.kind in _OWN and operand is not None:
        return operand.dtype in _OWN[operator.kind]
    if operator.kind not in _TAKEN or operand is None:
        return False
    if len(operand.shape) > _MOST_DIMENSIONS.get(operator.kind, len(operand.shape)):
        return True
    given = [graph.tensors[i].dtype for i in operator.outputs] if operator.kind == "CAST" else []
    taken = _TAKEN[operator.kind]
    return any(dtype not in taken for dtype in (operand.dtype, *given))


class Pieces:
    """A model cut into pieces, run one after the other.

    `open_piece` makes the runner of a piece's model. Raises ModelError when the pieces share a
    variable, or as `open_piece` does.
    """

    def __init__(self, graph: Graph, open_piece: Callable[[bytes], Runner]) -> None:
        self._graph = graph
        self._steps: list[tuple[Piece, Runner] | Operator] = []
        # The states of `run` and of `all_tensors` are apart.
        self._references = (_references(graph), _references(graph))
        for step in cut(graph):
            if isinstance(step, Operator):
                self._steps.append(step)
            else:
                self._steps.append((step, open_piece(write_model(step.graph))))

    @property
    def origin(self) -> str:
        """Which operators were not run by tflite-micro, and by what instead."""
        own = [s for s in self._steps if isinstance(s, Operator)]
        customs = dict.fromkeys(r.origin for r in self._references[0].values())
        kinds = dict.fromkeys(s.kind for s in own if s.index not in self._references[0])
        ours = [f"{', '.join(kinds)} by qmcu's own reference"] if kinds else []
        return "; ".join([*customs, *ours])

    def run(self, inputs: Sequence[Array], resets: Collection[int]) -> list[Array]:
        """Each input [N, *shape] to each output."""
        values = self._begun(inputs)
        for step in self._steps:
            if isinstance(step, Operator):
                self._evaluate(step, values, self._references[0], resets)
                continue
            piece, runner = step
            outputs = runner.run_many(_given(piece, values), resets=resets)
            values |= {
                piece.tensors[i]: a for i, a in zip(piece.graph.outputs, outputs, strict=True)
            }
        rows = len(next(iter(values.values())))
        return [
            values[i]
            if i in values
            else np.repeat(self._graph.tensors[i].array[np.newaxis], rows, 0)
            for i in self._graph.outputs
        ]

    def all_tensors(self, inputs: Sequence[Array]) -> dict[int, Array]:
        """Every activation of one inference, [1, *shape], by its index in the whole model."""
        values = self._begun(inputs)
        for step in self._steps:
            if isinstance(step, Operator):
                self._evaluate(step, values, self._references[1], ())
                continue
            piece, runner = step
            found = runner.all_tensors([a[0] for a in _given(piece, values)])
            values |= {piece.tensors[i]: a[np.newaxis] for i, a in found.items() if i >= 0}
        return values

    def reset(self) -> None:
        """Make all state what it is before the first inference."""
        for step in self._steps:
            if not isinstance(step, Operator):
                step[1].reset()
        for reference in (r for references in self._references for r in references.values()):
            reference.reset()

    def _begun(self, inputs: Sequence[Array]) -> dict[int, Array]:
        return dict(zip(self._graph.inputs, inputs, strict=True))

    def _evaluate(
        self,
        operator: Operator,
        values: dict[int, Array],
        references: Mapping[int, Reference],
        resets: Collection[int],
    ) -> None:
        """Add the operator's outputs for every row."""
        tensors = self._graph.tensors
        rows = len(next(iter(values.values())))
        if operator.index in references:
            given = [
                np.repeat(tensors[i].array[np.newaxis], rows, 0)
                if tensors[i].is_constant
                else values[i]
                for i in operator.inputs
            ]
            found = references[operator.index].run(given, resets)
            values |= dict(zip(operator.outputs, found, strict=True))
            return
        results = []
        for row in range(rows):
            operands = [
                tensors[i].array if tensors[i].is_constant else values[i][row]
                for i in operator.inputs
            ]
            outputs = self._outputs_of(operator, operands)
            results.append(_checked(self._graph, operator, outputs))
        for position, index in enumerate(operator.outputs):
            values[index] = np.stack([outputs[position] for outputs in results])

    def _outputs_of(self, operator: Operator, operands: Sequence[Array]) -> Sequence[Array] | None:
        """Of one inference; None where the operator does not take these operands."""
        outputs = [self._graph.tensors[i] for i in operator.outputs]
        if operator.kind == "RESIZE_BILINEAR":
            image, size = operands
            resized = resize_bilinear(operator, image, (int(size[0]), int(size[1])))
            return [resized.astype(image.dtype)]
        if operator.kind == "REDUCE_PROD" and operands[0].dtype in _SCALED:
            return product(operator, operands, self._graph.tensors[operator.inputs[0]], outputs[0])
        if operator.kind == "GELU" and operands[0].dtype == np.float32:
            return [gelu(operands[0], approximate=bool(operator.options.get("approximate", False)))]
        if operator.kind not in BYTE_FUNCTIONS:
            return evaluate(operator, operands, _MOST_ELEMENTS, [t.dtype for t in outputs])
        source, target = (
            self._graph.tensors[operator.inputs[0]].quantization,
            outputs[0].quantization,
        )
        if source is None or target is None or operands[0].dtype != np.int8:
            return None
        results = byte_function(operator, source, target).astype(np.int8)
        return [results[operands[0].astype(np.int64) + 128]]


def _references(graph: Graph) -> dict[int, Reference]:
    """The references of the user's own operators, by the operator's number."""
    found = {}
    for operator in graph.operators:
        described = custom_operator(operator.kind)
        if described is None:
            continue
        problem = described.problem(graph, operator)
        if problem is not None:
            raise ModelError(f"{graph.name}: {operator}: {problem}.")
        found[operator.index] = Reference(described, graph, operator)
    return found


def _given(piece: Piece, values: Mapping[int, Array]) -> list[Array]:
    rows = len(next(iter(values.values())))
    nothing = np.zeros((rows, 1), np.int8)
    indices = (piece.tensors[i] for i in piece.graph.inputs)
    return [values[i] if i >= 0 else nothing for i in indices]


def _checked(graph: Graph, operator: Operator, found: Sequence[Array] | None) -> list[Array]:
    outputs = [graph.tensors[i] for i in operator.outputs]
    if found is None or len(found) != len(outputs):
        raise ModelError(f"{graph.name}: {operator} does not take these operands.")
    for tensor, array in zip(outputs, found, strict=True):
        if array.dtype.name != tensor.dtype or array.size != tensor.elements:
            raise ModelError(
                f"{graph.name}: {operator} gives {array.dtype} {list(array.shape)}; its output is "
                f"{tensor}."
            )
    return [a.reshape(t.shape) for t, a in zip(outputs, found, strict=True)]


def cut(graph: Graph) -> list[Piece | Operator]:
    """The model as pieces for the interpreter and, between them, operators for others."""
    steps: list[list[Operator] | Operator] = []
    for operator in graph.operators:
        if operator.kind in ("VAR_HANDLE", "CALL_ONCE"):
            # They go wherever their variables are used.
            continue
        if is_own(graph, operator):
            steps.append(operator)
        elif steps and isinstance(steps[-1], list):
            steps[-1].append(operator)
        else:
            steps.append([operator])
    _refuse_shared_variables(graph, [s for s in steps if isinstance(s, list)])
    result: list[Piece | Operator] = []
    for number, step in enumerate(steps):
        if isinstance(step, Operator):
            result.append(step)
            continue
        others = steps[number + 1 :]
        read = {i for s in others for o in (s if isinstance(s, list) else [s]) for i in o.inputs}
        piece = _piece(graph, step, read | set(graph.outputs))
        # What gives nothing to anybody else has only variables of its own to write.
        result += [piece] if piece.graph.outputs else []
    return result


def _variables(graph: Graph, operators: Sequence[Operator]) -> set[object]:
    """Names of resource variables and indices of variable tensors that the operators use."""
    handles = {
        o.outputs[0]: (o.options.get("container", ""), o.options.get("shared_name", ""))
        for o in graph.operators
        if o.kind == "VAR_HANDLE"
    }
    named: set[object] = {
        handles.get(o.inputs[0], o.inputs[0]) for o in operators if o.kind in _HANDLES
    }
    return named | {
        i for o in operators for i in o.inputs if i >= 0 and graph.tensors[i].is_variable
    }


def _refuse_shared_variables(graph: Graph, pieces: Sequence[Sequence[Operator]]) -> None:
    seen: set[object] = set()
    for piece in pieces:
        used = _variables(graph, piece)
        if seen & used:
            own = next(o for o in graph.operators if is_own(graph, o))
            raise ModelError(
                f"{graph.name}: tflite-micro lacks {own}, and a variable is used both before and "
                "after it, so that the model cannot be run in pieces."
            )
        seen |= used


def _piece(graph: Graph, operators: Sequence[Operator], wanted: Collection[int]) -> Piece:
    """The operators as a graph of their own, with only the tensors that they need."""
    handles = {o.outputs[0]: o for o in graph.operators if o.kind == "VAR_HANDLE"}
    needed = list(dict.fromkeys(i for o in operators for i in o.inputs if i in handles))
    once = [o for o in graph.operators if o.kind == "CALL_ONCE"] if needed else []
    whole = [*once, *(handles[i] for i in needed), *operators]
    named = (i for o in whole for i in (*o.inputs, *o.outputs, *o.intermediates) if i >= 0)
    indices = list(dict.fromkeys(named))
    written = {i for o in whole for i in o.outputs}
    tensors: list[Tensor] = [replace(graph.tensors[t], index=n) for n, t in enumerate(indices)]
    inputs = [
        t.index
        for t, i in zip(tensors, indices, strict=True)
        if not (i in written or t.is_constant or t.is_variable)
    ]
    if not inputs:
        # A model has an input: one that nobody reads.
        inputs.append(len(tensors))
        tensors.append(Tensor(len(tensors), "nothing", (1,), "int8"))
        indices.append(-1)
    place = {i: n for n, i in enumerate(indices)} | {-1: -1}
    moved = tuple(
        replace(
            o,
            index=n,
            inputs=tuple(place[i] for i in o.inputs),
            outputs=tuple(place[i] for i in o.outputs),
            intermediates=tuple(place[i] for i in o.intermediates),
        )
        for n, o in enumerate(whole)
    )
    outputs = tuple(place[i] for i in indices if i in written and i in wanted)
    part = Graph(
        graph.name, tuple(tensors), moved, tuple(inputs), outputs, subgraphs=graph.subgraphs
    )
    return Piece(part, tuple(indices))
