"""Inferences that end early become branches: what follows a circular buffer runs when it is due.

Outputs that come later are kept in variables, from which the other branch takes them.
"""

from dataclasses import replace

from flatbuffers import flexbuffers

from qmcu.compile.control import Branching, Flat
from qmcu.model.early_ends import cycles
from qmcu.model.graph import Graph, Operator, Tensor


def branch_at_early_ends(flat: Flat) -> Flat:
    """The flat graph with an IF over all that follows each buffer of more than one cycle."""
    try:
        periods = cycles(flat.graph)
    except ValueError:
        return flat  # told when the operators are looked at
    operators = flat.graph.operators
    inside = {at for b in flat.branchings for at in range(b.first, b.last)}
    points = [
        at for at, o in enumerate(operators) if periods.get(o.index, 1) > 1 and at not in inside
    ]
    return _Ends(flat, points, periods).branched() if points else flat


class _Ends:
    def __init__(self, flat: Flat, points: list[int], periods: dict[int, int]) -> None:
        self._flat, self._periods = flat, periods
        self._tensors = list(flat.graph.tensors)
        self._number = max(operator.index for operator in flat.graph.operators)
        self._operators: list[Operator] = []
        last = len(flat.graph.operators) - 1
        self._points = [at for at in points if at < last]
        # What follows the last operator needs no branch: that buffer runs as any other.
        self._always = set(points) - set(self._points)
        self._handles: dict[int, int] = {}

    def branched(self) -> Flat:
        """See `branch_at_early_ends`."""
        graph = self._flat.graph
        segments = self._segments(graph)
        for output in (o for outputs in segments for o in outputs):
            self._declare(output)
        places: list[int] = []
        starts: list[int] = []
        conditions: list[int] = []
        for at, operator in enumerate(graph.operators):
            places.append(len(self._operators))
            if at in self._always:
                custom = bytes(flexbuffers.Dumps({"cycles_max": 1}))
                operator = replace(operator, custom=custom)
            self._operators.append(self._due(operator) if at in self._points else operator)
            if at == len(graph.operators) - 1:
                places.append(len(self._operators))
            if starts and (at in self._points or at == len(graph.operators) - 1):
                self._keep(segments[len(starts) - 1])
            if at in self._points:
                starts.append(len(self._operators))
                conditions.append(self._operators[places[at]].outputs[1])
        branchings = [
            replace(b, first=places[b.first], middle=places[b.middle], last=places[b.last])
            for b in self._flat.branchings
        ]
        for k in reversed(range(len(starts))):
            later = tuple(output for outputs in segments[k:] for output in outputs)
            middle = len(self._operators)
            for output in later:
                self._restore(output)
            operator = Operator(self._next(), "IF", (conditions[k],), later)
            branchings.append(
                Branching(operator, conditions[k], starts[k], middle, len(self._operators))
            )
        changed = replace(graph, tensors=tuple(self._tensors), operators=tuple(self._operators))
        pinned = self._flat.pinned | set(self._handles)
        return Flat(changed, tuple(branchings), pinned, self._flat.problems)

    def _segments(self, graph: Graph) -> list[list[int]]:
        """The model's outputs that are made behind each point, up to the next."""
        ends = [*self._points[1:], len(graph.operators) - 1][: len(self._points)]
        made = [
            {o for op in graph.operators[first + 1 : last + 1] for o in op.outputs}
            for first, last in zip(self._points, ends, strict=True)
        ]
        return [[o for o in dict.fromkeys(graph.outputs) if o in found] for found in made]

    def _new(self, tensor: Tensor) -> int:
        self._tensors.append(replace(tensor, index=len(self._tensors)))
        return len(self._tensors) - 1

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _declare(self, output: int) -> None:
        handle = self._new(Tensor(0, f"{self._tensors[output].name} handle", (), "resource"))
        name = f"{self._tensors[output].name} of the last whole inference"
        options = {"container": "qmcu", "shared_name": name}
        self._operators.append(Operator(self._next(), "VAR_HANDLE", (), (handle,), options))
        self._handles[output] = handle

    def _due(self, operator: Operator) -> Operator:
        """The buffer that counts, and says whether what follows is due."""
        counter = self._new(Tensor(0, f"{operator.index} inferences", (1,), "int32"))
        self._tensors[counter] = replace(self._tensors[counter], is_variable=True)
        due = self._new(Tensor(0, f"{operator.index} is due", (1,), "bool"))
        options = {"cycles": self._periods[operator.index]}
        return replace(
            operator,
            inputs=(operator.inputs[0], counter),
            outputs=(operator.outputs[0], due),
            options=options,
        )

    def _keep(self, outputs: list[int]) -> None:
        for output in outputs:
            inputs = (self._handles[output], output)
            self._operators.append(Operator(self._next(), "ASSIGN_VARIABLE", inputs, ()))

    def _restore(self, output: int) -> None:
        kept = self._new(self._tensors[output])
        handle = self._handles[output]
        self._operators.append(Operator(self._next(), "READ_VARIABLE", (handle,), (kept,)))
        self._operators.append(Operator(self._next(), "RESHAPE", (kept,), (output,)))
