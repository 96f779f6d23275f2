"""IF and WHILE: their subgraphs become operators of the one graph, in ranges that C branches over.

Operators stand in the order: of an IF the branch that is taken when its condition holds, then the
other; of a WHILE the condition's, then the body's. What the subgraphs are given and give back is
copied by RESHAPE, as the interpreter copies it; a WHILE's variables are its outputs.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from qmcu.compile.plan import Control, KernelCall
from qmcu.model.graph import Graph, Operator, Tensor

_BODIES = {
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
}
_COPY = "RESHAPE"


@dataclass(frozen=True)
class Branching:
    """One IF or WHILE: `operator` was it; its two parts are the flat graph's operators
    [first, middle) and [middle, last), by position; `condition` decides, a bool tensor."""

    operator: Operator
    condition: int
    first: int
    middle: int
    last: int


@dataclass(frozen=True)
class Flat:
    """A graph without IF and WHILE; what is in `pinned` shares its bytes with no other tensor."""

    graph: Graph
    branchings: tuple[Branching, ...] = ()
    pinned: frozenset[int] = frozenset()
    problems: tuple[str, ...] = ()

    def controls(self, calls: Sequence[KernelCall]) -> tuple[Control, ...]:
        """The branchings over `calls`, which the graph's operators were lowered to, in order."""
        places = {operator.index: at for at, operator in enumerate(self.graph.operators)}
        at = [places.get(call.operator, len(places)) for call in calls]
        return tuple(
            Control(
                layer=f"l{b.operator.index:02d}_{b.operator.kind.lower()}",
                operator=b.operator.index,
                kind=b.operator.kind,
                condition=b.condition,
                first=bisect_left(at, b.first),
                middle=bisect_left(at, b.middle),
                last=bisect_left(at, b.last),
                writes=b.operator.outputs,
            )
            for b in self.branchings
        )


def flatten(graph: Graph) -> Flat:
    """The graph with the subgraphs of IF and WHILE in their places, inner branchings first."""
    if not any(operator.kind in _BODIES for operator in graph.operators):
        return Flat(graph)
    flattening = _Flattening(graph)
    flattening.add(graph, {}, ())
    if flattening.problems:
        return Flat(graph, problems=tuple(flattening.problems))
    operators = tuple(flattening.resolved(operator) for operator in flattening.operators)
    flat = replace(graph, tensors=tuple(flattening.tensors), operators=operators)
    return Flat(flat, tuple(flattening.branchings), frozenset(flattening.pinned))


@dataclass
class _Flattening:
    graph: Graph
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    branchings: list[Branching] = field(default_factory=list)
    pinned: set[int] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors = list(self.graph.tensors)
        self._number = max(operator.index for operator in self.graph.operators)
        self._inlined: set[int] = set()
        # Handles that a loop gives back are those that it was given: nothing assigns a handle.
        self._handles: dict[int, int] = {}

    def resolved(self, operator: Operator) -> Operator:
        """The operator with the handles that were made, not those that loops gave back."""
        inputs = tuple(self._handle(i) for i in operator.inputs)
        return operator if inputs == operator.inputs else replace(operator, inputs=inputs)

    def _handle(self, index: int) -> int:
        while index in self._handles:
            index = self._handles[index]
        return index

    def add(self, graph: Graph, places: dict[int, int], path: tuple[int, ...]) -> None:
        """Add a graph's operators; `places` maps its tensors to those of the flat graph.

        `path` are the subgraphs that call it, by number; the model itself has none.
        """
        for operator in graph.operators:
            index = operator.index if not path else self._next()
            placed = replace(
                operator,
                index=index,
                inputs=self._placed(graph, operator.inputs, places, path),
                outputs=self._placed(graph, operator.outputs, places, path),
                intermediates=self._placed(graph, operator.intermediates, places, path),
            )
            if operator.kind not in _BODIES:
                self.operators.append(placed)
                continue
            problem = self._problem(placed, path)
            if problem:
                self.problems.append(f"{operator}: {problem}")
            elif operator.kind == "IF":
                self._add_if(placed, path)
            else:
                self._add_while(placed, path)

    def _placed(
        self, graph: Graph, indices: Sequence[int], places: dict[int, int], path: tuple[int, ...]
    ) -> tuple[int, ...]:
        if not path:
            return tuple(indices)
        for index in indices:
            if index >= 0 and index not in places:
                places[index] = self._new(graph.tensors[index])
        return tuple(places[i] if i >= 0 else i for i in indices)

    def _new(self, like: Tensor) -> int:
        self.tensors.append(replace(like, index=len(self.tensors)))
        return len(self.tensors) - 1

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _bodies(self, operator: Operator) -> tuple[int, int]:
        numbers = [operator.options.get(name, 0) for name in _BODIES[operator.kind]]
        assert all(isinstance(number, int) for number in numbers)
        return numbers[0], numbers[1]  # type: ignore[return-value]

    def _problem(self, operator: Operator, path: tuple[int, ...]) -> str | None:
        numbers = self._bodies(operator)
        if any(number in path or number == 0 for number in numbers):
            return "its subgraph calls itself"
        bodies = [self.graph.subgraph(number) for number in numbers]
        for number, body in zip(numbers, bodies, strict=True):
            if number in self._inlined and any(t.is_variable for t in body.tensors):
                return f"subgraph {body.name} keeps a state and is called twice"
        self._inlined.update(numbers)
        operands = operator.inputs[1:] if operator.kind == "IF" else operator.inputs
        given = [[body.tensors[i] for i in body.inputs] for body in bodies]
        kept = [[body.tensors[i] for i in body.outputs] for body in bodies]
        if operator.kind == "WHILE":
            given, kept = [*given, list(kept[1])], kept[1:]
            if len(bodies[0].outputs) != 1:
                return f"its condition has {len(bodies[0].outputs)} outputs"
            condition = bodies[0].tensors[bodies[0].outputs[0]]
        else:
            condition = self.tensors[operator.inputs[0]]
        if condition.dtype != "bool" or condition.elements != 1:
            return f"its condition {condition} is no single bool"
        for tensors, wanted in (
            *((tensors, operands) for tensors in given),
            *((tensors, operator.outputs) for tensors in kept),
        ):
            sizes = [self.tensors[i].size for i in wanted]
            if [tensor.size for tensor in tensors] != sizes:
                return "its subgraphs take or give tensors of other sizes than it has"
        return None

    def _copy(self, source: int, target: int) -> None:
        self.pinned.add(target)
        if source != target:
            self.operators.append(Operator(self._next(), _COPY, (source,), (target,)))

    def _add_if(self, operator: Operator, path: tuple[int, ...]) -> None:
        ends = [len(self.operators)]
        for number in self._bodies(operator):
            body = self.graph.subgraph(number)
            places = dict(zip(body.inputs, operator.inputs[1:], strict=True))
            self.add(body, places, (*path, number))
            sources = self._placed(body, body.outputs, places, (*path, number))
            for source, target in zip(sources, operator.outputs, strict=True):
                self._copy(source, target)
            ends.append(len(self.operators))
        self.branchings.append(Branching(operator, operator.inputs[0], *ends))

    def _add_while(self, operator: Operator, path: tuple[int, ...]) -> None:
        for source, target in zip(operator.inputs, operator.outputs, strict=True):
            if self.tensors[source].dtype == "resource":
                self._handles[target] = source
            else:
                self._copy(source, target)
        numbers = self._bodies(operator)
        first = len(self.operators)
        (condition,) = self._add_round(numbers[0], operator.outputs, path)
        if self.tensors[condition].is_constant:
            decided = self._new(replace(self.tensors[condition], data=None))
            self._copy(condition, decided)
            condition = decided
        middle = len(self.operators)
        sources = self._add_round(numbers[1], operator.outputs, path)
        variables = set(operator.outputs)
        kept = []
        for source, target in zip(sources, operator.outputs, strict=True):
            if target in self._handles:
                if self._handle(source) != self._handle(target):
                    self.problems.append(f"{operator}: its handles change from round to round")
                kept.append(target)
                continue
            if source in variables and source != target:
                # It may be given its next value before it is read.
                saved = self._new(self.tensors[source])
                self._copy(source, saved)
                source = saved
            kept.append(source)
        for source, target in zip(kept, operator.outputs, strict=True):
            self._copy(source, target)
        self.branchings.append(Branching(operator, condition, first, middle, len(self.operators)))

    def _add_round(
        self, number: int, variables: Sequence[int], path: tuple[int, ...]
    ) -> tuple[int, ...]:
        """The operators of a WHILE's condition or body, and the places of its outputs."""
        body = self.graph.subgraph(number)
        places = dict(zip(body.inputs, variables, strict=True))
        self.add(body, places, (*path, number))
        return self._placed(body, body.outputs, places, (*path, number))
