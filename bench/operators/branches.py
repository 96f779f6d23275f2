"""Random graphs with IF, WHILE and resource variables: whatever a body may do with its values."""

from dataclasses import dataclass, field

import numpy as np
from bench.operators.single import chance, pick, quantization_of

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

Rng = np.random.Generator
_NONE: dict[str, OptionValue] = {"fused_activation_function": "NONE"}
# What a body may compute, of two operands or one, by type.
_PAIRS = {
    "int8": ("ADD", "MAXIMUM"), "int16": ("ADD", "MINIMUM"), "int32": ("MINIMUM", "MAXIMUM"),
    "int64": ("MAXIMUM", "MINIMUM"), "bool": ("LOGICAL_AND", "LOGICAL_OR"),
    "float32": ("ADD", "MAXIMUM"), "uint8": (),
}  # fmt: skip


@dataclass
class Body:
    """A subgraph in the making, all of whose values but the counter are alike."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    grid: Quantization | None
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    def tensor(self, shape: tuple[int, ...], dtype: str, data: bytes | None = None) -> int:
        """A tensor of another kind than the values."""
        index = len(self.tensors)
        self.tensors.append(Tensor(index, f"{self.name}{index}", shape, dtype, None, data))
        return index

    def value(self) -> int:
        """A tensor of the values' kind."""
        index = self.tensor(self.shape, self.dtype)
        named = self.tensors[index]
        self.tensors[index] = Tensor(index, named.name, self.shape, self.dtype, self.grid)
        return index

    def add(
        self, kind: str, inputs: tuple[int, ...], output: int, options: dict[str, OptionValue]
    ) -> int:
        """An operator; its output."""
        self.operators.append(Operator(len(self.operators), kind, inputs, (output,), options))
        return output

    def compute(self, rng: Rng, values: list[int], count: int) -> list[int]:
        """`values` and `count` more, computed from any of them."""
        known = list(values)
        for _ in range(count):
            pairs = _PAIRS[self.dtype]
            if pairs and chance(rng, 0.6):
                kind = str(pick(rng, *pairs))
                operands = (int(pick(rng, *known)), int(pick(rng, *known)))
                options = _NONE if kind == "ADD" else {}
                known.append(self.add(kind, operands, self.value(), options))
            else:
                axis = int(rng.integers(len(self.shape)))
                axes = self.tensor((1,), "int32", np.array([axis], np.int32).tobytes())
                operands = (int(pick(rng, *known)), axes)
                known.append(self.add("REVERSE_V2", operands, self.value(), {}))
        return known

    def graph(self, inputs: list[int], outputs: list[int], subgraphs: tuple[Graph, ...]) -> Graph:
        """The finished graph."""
        return Graph(
            self.name, tuple(self.tensors), tuple(self.operators), tuple(inputs), tuple(outputs),
            subgraphs=subgraphs,
        )  # fmt: skip


def _body(rng: Rng, name: str, dtype: str) -> Body:
    shape = tuple(int(n) for n in rng.integers(1, 6, size=int(rng.integers(1, 4))))
    return Body(name, shape, dtype, quantization_of(rng, dtype))


def if_(rng: Rng, dtype: str = "int8") -> Graph:
    """1 to 3 operands and results; a branch may hand on what it was given, twice or not at all."""
    whole = _body(rng, "if", dtype)
    condition = whole.tensor((1,), "bool")
    taken = [whole.value() for _ in range(int(rng.integers(1, 4)))]
    given = [whole.value() for _ in range(int(rng.integers(1, 4)))]
    branches = []
    for name in ("then", "else"):
        body = Body(name, whole.shape, dtype, whole.grid)
        inputs = [body.value() for _ in taken]
        known = body.compute(rng, inputs, int(rng.integers(0, 5)))
        branches.append(body.graph(inputs, [int(pick(rng, *known)) for _ in given], ()))
    options: dict[str, OptionValue] = {"then_subgraph_index": 1, "else_subgraph_index": 2}
    whole.operators.append(Operator(0, "IF", (condition, *taken), tuple(given), options))
    return whole.graph([condition, *taken], given, tuple(branches))


def while_(rng: Rng, dtype: str = "int8") -> Graph:
    """0 to 6 rounds over 1 to 4 values: some are kept as they are, some swapped, some unread."""
    whole = _body(rng, "while", dtype)
    counter = whole.tensor((1,), "int32", np.zeros(1, np.int32).tobytes())
    taken = [whole.value() for _ in range(int(rng.integers(1, 5)))]
    counted = whole.tensor((1,), "int32")
    given = [whole.value() for _ in taken]
    rounds = _rounds(whole, len(taken), int(rng.integers(0, 7)))
    body = Body("body", whole.shape, dtype, whole.grid)
    at = body.tensor((1,), "int32")
    inputs = [body.value() for _ in taken]
    one = body.tensor((1,), "int32", np.ones(1, np.int32).tobytes())
    following = body.add("ADD", (at, one), body.tensor((1,), "int32"), _NONE)
    known = body.compute(rng, inputs, int(rng.integers(0, 6)))
    kept = [inputs[i] if chance(rng, 0.3) else int(pick(rng, *known)) for i in range(len(inputs))]
    turn = body.graph([at, *inputs], [following, *kept], ())
    options: dict[str, OptionValue] = {"cond_subgraph_index": 1, "body_subgraph_index": 2}
    operands, results = (counter, *taken), (counted, *given)
    whole.operators.append(Operator(0, "WHILE", operands, results, options))
    outputs = [given[i] for i in range(len(given)) if i == 0 or chance(rng, 0.7)]
    return whole.graph(taken, outputs, (rounds, turn))


def _rounds(whole: Body, values: int, most: int) -> Graph:
    """Whether fewer than `most` rounds have been made."""
    body = Body("condition", whole.shape, whole.dtype, whole.grid)
    at = body.tensor((1,), "int32")
    inputs = [body.value() for _ in range(values)]
    limit = body.tensor((1,), "int32", np.array([most], np.int32).tobytes())
    less = body.add("LESS", (at, limit), body.tensor((1,), "bool"), {})
    return body.graph([at, *inputs], [less], ())


def variable(rng: Rng, dtype: str = "int8") -> Graph:
    """One or two resource variables, some with first values, read and assigned in any order."""
    whole = _body(rng, "variable", dtype)
    source = whole.value()
    handles = [
        whole.add("VAR_HANDLE", (), whole.tensor((), "resource"), {"shared_name": f"v{i}"})
        for i in range(int(rng.integers(1, 3)))
    ]
    once = _initialiser(rng, whole, len(handles))
    values = [source]
    outputs: list[int] = []
    for step in range(int(rng.integers(2, 7))):
        handle = int(pick(rng, *handles))
        if step == 0 or chance(rng, 0.5):
            values.append(whole.add("READ_VARIABLE", (handle,), whole.value(), {}))
            if not outputs or chance(rng, 0.5):
                outputs.append(values[-1])
        else:
            values = whole.compute(rng, values, int(rng.integers(0, 2)))
            _assign(whole, handle, int(pick(rng, *values)))
    for handle in handles:
        # What nothing assigns has no value that is known.
        _assign(whole, handle, int(pick(rng, *values)))
    return whole.graph([source], outputs, once)


def _assign(body: Body, handle: int, value: int) -> None:
    body.operators.append(Operator(len(body.operators), "ASSIGN_VARIABLE", (handle, value), ()))


def _initialiser(rng: Rng, whole: Body, count: int) -> tuple[Graph, ...]:
    """A CALL_ONCE that assigns constants to some of the variables, or none."""
    chosen = [i for i in range(count) if chance(rng, 0.5)]
    if not chosen:
        return ()
    body = Body("once", whole.shape, whole.dtype, whole.grid)
    for i in chosen:
        handle = body.tensor((), "resource")
        body.add("VAR_HANDLE", (), handle, {"shared_name": f"v{i}"})
        drawn = rng.integers(0, 2 if whole.dtype == "bool" else 100, whole.shape)
        index = body.value()
        data = drawn.astype(whole.dtype).tobytes()
        body.tensors[index] = Tensor(index, f"first{i}", whole.shape, whole.dtype, whole.grid, data)
        _assign(body, handle, index)
    options: dict[str, OptionValue] = {"init_subgraph_index": 1}
    whole.operators.append(Operator(len(whole.operators), "CALL_ONCE", (), (), options))
    return (body.graph([], [], ()),)
