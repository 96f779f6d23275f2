"""Resource variables become variable tensors: handles, reads and initialisers are resolved here.

VAR_HANDLE and CALL_ONCE are done when the model is compiled. A READ_VARIABLE whose variable is not
assigned before the value's last use reads the variable itself; others are copies, and so is
ASSIGN_VARIABLE, whose output is then the variable.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from qmcu.model.graph import Graph, Operator, Tensor

Handle = tuple[str, str]

# Of all variables: what they begin with is made here, byte by byte.
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Resolved:
    """A graph without handles; `initial` holds the first bytes of every variable by tensor."""

    graph: Graph
    initial: Mapping[int, bytes] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def default_bytes(tensor: Tensor) -> bytes:
    """What the interpreter fills a variable tensor with: the zero point of int8, else zero."""
    quantization = tensor.quantization
    zero_point = quantization.zero_point if quantization and tensor.dtype == "int8" else 0
    return bytes([zero_point & 0xFF]) * tensor.size


def resolve_variables(graph: Graph) -> Resolved:
    """The graph with resource variables as variable tensors, and what all variables begin with."""
    resolution = _Resolution(graph)
    resolution.run()
    if resolution.problems:
        return Resolved(graph, {}, tuple(resolution.problems))
    variables = {
        index: graph.tensors[index]
        for operator in graph.operators
        for index in operator.inputs
        if index >= 0 and graph.tensors[index].is_variable
    }
    kept = [*variables.values(), *(v.tensor for v in resolution.variables.values())]
    size = sum(tensor.size for tensor in kept)
    if size > _MOST_BYTES:
        largest = max(kept, key=lambda tensor: tensor.size)
        problem = f"its variables take {size:,} bytes, {largest} most; no board keeps as much"
        return Resolved(graph, {}, (problem,))
    initial = {index: default_bytes(tensor) for index, tensor in variables.items()}
    if not resolution.variables:
        return Resolved(graph, initial)
    return Resolved(resolution.rewritten(), initial | resolution.initial())


@dataclass
class _Variable:
    """A resource variable: the tensor that it becomes, and what it begins with.

    The interpreter fills it with the low byte of the zero point of what is first assigned; `fill`
    is None where nothing is. `assigned` are the bytes that an initialiser gave it.
    """

    tensor: Tensor
    fill: int | None = None
    assigned: bytes | None = None

    def first_bytes(self) -> bytes:
        """Before the first inference."""
        if self.assigned is not None:
            return self.assigned
        return bytes([self.fill or 0]) * self.tensor.size


class _Resolution:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.variables: dict[Handle, _Variable] = {}
        self.problems: list[str] = []
        self._handles: dict[int, Handle] = {}
        self._operators: list[Operator] = []
        self._instead: dict[int, int] = {}
        self._last_use = {t: at for at, op in enumerate(graph.operators) for t in op.inputs}

    def run(self) -> None:
        graph = self.graph
        self._handles = _handles(graph)
        for operator in graph.operators:
            if operator.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
                self._declare(graph, self._handles, operator)
        used: set[Handle] = set()
        for operator in graph.operators:
            if operator.kind == "CALL_ONCE":
                self._initialise(operator, used)
            elif operator.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE"):
                used |= {self._handles[i] for i in operator.inputs[:1] if i in self._handles}
        for handle in used:
            if self.variables[handle].fill is None:
                self.problems.append(
                    f"variable {handle[1]} is read and nothing assigns it: the interpreter gives "
                    "whatever lies in its memory"
                )

    def _declare(self, graph: Graph, handles: Mapping[int, Handle], operator: Operator) -> None:
        """The variable that an operator reads or assigns, of the size that it has there."""
        handle = handles.get(operator.inputs[0])
        if handle is None:
            self.problems.append(f"{operator}: its variable is not known when compiling")
            return
        index = operator.outputs[0] if operator.kind == "READ_VARIABLE" else operator.inputs[1]
        value = graph.tensors[index]
        variable = self.variables.get(handle)
        if variable is None:
            number = len(self.graph.tensors) + len(self.variables)
            tensor = replace(value, index=number, name=handle[1], data=None, is_variable=True)
            variable = self.variables[handle] = _Variable(tensor)
        elif (variable.tensor.size, variable.tensor.dtype) != (value.size, value.dtype):
            self.problems.append(f"{operator}: {value} does not fit the variable {variable.tensor}")
        if operator.kind == "ASSIGN_VARIABLE" and variable.fill is None:
            variable.fill = value.quantization.zero_point & 0xFF if value.quantization else 0

    def _initialise(self, operator: Operator, used: Collection[Handle]) -> None:
        """CALL_ONCE: its subgraph may only assign constants, to variables that none has `used`."""
        index = operator.options.get("init_subgraph_index", 0)
        assert isinstance(index, int)
        body = self.graph.subgraph(index)
        handles = _handles(body)
        for inner in body.operators:
            if inner.kind == "VAR_HANDLE":
                continue
            if inner.kind != "ASSIGN_VARIABLE":
                self.problems.append(
                    f"{operator}: its initialiser computes {inner.kind}; only assignments of "
                    "constants are possible"
                )
                return
            value = body.tensors[inner.inputs[1]]
            if value.data is None:
                self.problems.append(f"{operator}: it assigns {value}, which is no constant")
                return
            self._declare(body, handles, inner)
            if handles.get(inner.inputs[0]) in used:
                self.problems.append(f"{operator}: its variable is used before it; it comes late")
            if inner.inputs[0] in handles and handles[inner.inputs[0]] in self.variables:
                self.variables[handles[inner.inputs[0]]].assigned = value.data

    def initial(self) -> dict[int, bytes]:
        return {v.tensor.index: v.first_bytes() for v in self.variables.values()}

    def rewritten(self) -> Graph:
        operators: list[Operator] = []
        instead: dict[int, int] = {}
        for at, operator in enumerate(self.graph.operators):
            if operator.kind in ("VAR_HANDLE", "CALL_ONCE"):
                continue
            inputs = tuple(instead.get(i, i) for i in operator.inputs)
            if operator.kind == "READ_VARIABLE":
                variable = self._variable(operator)
                if self._is_read_in_place(operator, at):
                    instead[operator.outputs[0]] = variable
                    continue
                operator = replace(operator, inputs=(variable,))
            elif operator.kind == "ASSIGN_VARIABLE":
                outputs = (self._variable(operator),)
                operator = replace(operator, inputs=inputs[1:], outputs=outputs)
            else:
                operator = replace(operator, inputs=inputs)
            operators.append(operator)
        tensors = (*self.graph.tensors, *(v.tensor for v in self.variables.values()))
        return replace(self.graph, tensors=tensors, operators=tuple(operators))

    def _variable(self, operator: Operator) -> int:
        return self.variables[self._handles[operator.inputs[0]]].tensor.index

    def _is_read_in_place(self, operator: Operator, at: int) -> bool:
        """Whether nobody assigns the variable while the value that was read is needed."""
        value, handle = operator.outputs[0], self._handles[operator.inputs[0]]
        if value in self.graph.outputs:
            return False
        last = self._last_use.get(value, at)
        return not any(
            other.kind == "ASSIGN_VARIABLE"
            and self._handles[other.inputs[0]] == handle
            and at < there <= last
            for there, other in enumerate(self.graph.operators)
        )


def _handles(graph: Graph) -> dict[int, Handle]:
    """Tensors that hold handles, and of which variables."""
    return {
        operator.outputs[0]: (
            str(operator.options.get("container", "")),
            str(operator.options.get("shared_name", "")),
        )
        for operator in graph.operators
        if operator.kind == "VAR_HANDLE"
    }
