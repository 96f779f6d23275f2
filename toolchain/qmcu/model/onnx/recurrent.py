"""LSTM, GRU and RNN of ONNX, unrolled: one step after another in operators that TFLite has.

The product with the inputs is one for all steps, that with the state one a step (ONNX operators,
versions 7 to 22: LSTM in the order i o f c, GRU in z r h). A layer of D directions reads [T, N, I]
and gives Y [T, D, N, H] and the last states [D, N, H].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qmcu.model.onnx.net import Net, Node, Value
from qmcu.types import Float64Array, Shape

# As for Keras models: more would make a model of thousands of operators.
LONGEST = 256
_ACTIVATIONS = {"Sigmoid", "Tanh", "Relu", "HardSigmoid"}
_USUAL = {
    "GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh"), "RNN": ("Tanh",),
}  # fmt: skip
_GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}


@dataclass
class _Direction:
    """One direction of a layer: weights [G H, I] and [G H, H], biases [G H], first states."""

    inputs: Float64Array
    states: Float64Array
    input_bias: Float64Array
    state_bias: Float64Array
    hidden: str
    cell: str
    activations: tuple[str, ...]
    backward: bool


class _Writer:
    """The nodes that replace one recurrent node."""

    def __init__(self, net: Net, node: Node) -> None:
        self.net, self.node = net, node
        self.nodes: list[Node] = []
        self.source = net.values[node.inputs[0]]
        self.steps, self.batch, self.width = self.source.shape
        self.size = node.integer("hidden_size")
        self.row: Shape = (self.batch, self.size)
        # Every step reads the same weights: a constant is one however often it is asked for.
        self._constants: dict[tuple[Shape, bytes], str] = {}

    def add(
        self, kind: str, inputs: Sequence[str], shape: Shape, result: str = "", **given: object
    ) -> str:
        name = result or self.net.free_name(f"{self.node.label}/{kind.lower()}")
        if not result:
            self.net.values[name] = Value(name, shape, "float32")
        self.nodes.append(Node(kind, self.node.label, list(inputs), [name], dict(given)))
        return name

    def constant(self, role: str, values: object) -> str:
        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind in "iu" else np.float32)
        key = array.shape, array.tobytes()
        if key not in self._constants:
            self._constants[key] = self.net.add_constant(f"{self.node.label}/{role}", array)
        return self._constants[key]

    def part(self, name: str, axis: int, begin: int, end: int, shape: Shape) -> str:
        bounds = [self.constant(role, [n]) for role, n in
                  (("begin", begin), ("end", end), ("axis", axis))]  # fmt: skip
        return self.add("Slice", [name, *bounds], shape)

    def gates(self, name: str, count: int) -> list[str]:
        """A row [N, G H] in its G parts."""
        if count == 1:
            return [name]
        parts = [self.net.free_name(f"{self.node.label}/gate{i}") for i in range(count)]
        for part in parts:
            self.net.values[part] = Value(part, self.row, "float32")
        self.nodes.append(Node("Split", self.node.label, [name], parts, {"axis": 1}))
        return parts

    def times(self, name: str, weights: Float64Array, bias: Float64Array | None) -> str:
        """A product [N, G H] with the transpose of weights, and a bias."""
        rows = self.net.values[name].shape[0]
        inputs = [name, self.constant("weights", weights)]
        if bias is not None and np.any(bias):
            inputs.append(self.constant("bias", bias))
        return self.add("Gemm", inputs, (rows, len(weights)), transB=1)


def unroll(net: Net, node: Node) -> list[Node]:
    """The nodes in place of a recurrent one. Raises ModelError for what has no such form."""
    w = _Writer(net, node)
    _require_plain(w)
    flat = w.add("Reshape", [node.inputs[0]], (w.steps * w.batch, w.width))
    found = [_run(w, flat, d) for d in _directions(w)]
    count, (length, batch, size) = len(found), (w.steps, w.batch, w.size)
    results = dict(enumerate(node.outputs))
    if results.get(0):
        wide = (length, 1, batch, size)
        each = [_stacked(w, rows, wide) for rows, _, _ in found[:-1]]
        alone = results[0] if count == 1 else ""
        each.append(_stacked(w, found[-1][0], wide, alone))
        if count > 1:
            w.add("Concat", each, (length, count, batch, size), results[0], axis=1)
    for position, last in ((1, [h for _, h, _ in found]), (2, [c for _, _, c in found])):
        if results.get(position):
            _joined_states(w, last, (count, batch, size), results[position])
    return w.nodes


def _stacked(w: _Writer, rows: list[str], shape: Shape, result: str = "") -> str:
    joined = rows[0]
    if len(rows) > 1:
        joined = w.add("Concat", rows, (len(rows) * w.batch, w.size), axis=0)
    return w.add("Reshape", [joined], shape, result)


def _joined_states(w: _Writer, states: list[str], shape: Shape, result: str) -> None:
    joined = states[0]
    if len(states) > 1:
        joined = w.add("Concat", states, (len(states) * w.batch, w.size), axis=0)
    w.add("Reshape", [joined], shape, result)


def _run(w: _Writer, flat: str, d: _Direction) -> tuple[list[str], str, str]:
    """A direction over all steps: the state after each in the order of time, and the last ones."""
    step = {"GRU": _gru, "LSTM": _lstm, "RNN": _rnn}[w.node.kind]
    fixed = d.input_bias + d.state_bias
    if w.node.kind == "GRU":
        # The candidate's bias of the state stays beside the state: a gate may stand before it.
        fixed = d.input_bias + np.where(np.arange(len(fixed)) < 2 * w.size, d.state_bias, 0.0)
    whole = w.times(flat, d.inputs, fixed)
    hidden, cell = d.hidden, d.cell
    rows: list[str] = []
    order = range(w.steps)
    for t in reversed(order) if d.backward else order:
        here = whole
        if w.steps > 1:
            shape = (w.batch, len(d.inputs))
            here = w.part(whole, 0, t * w.batch, (t + 1) * w.batch, shape)
        hidden, cell = step(w, d, here, hidden, cell)
        rows.append(hidden)
    return (rows[::-1] if d.backward else rows), hidden, cell


def _rnn(w: _Writer, d: _Direction, here: str, hidden: str, _: str) -> tuple[str, str]:
    if hidden:
        here = w.add("Add", [here, w.times(hidden, d.states, None)], w.row)
    return w.add(d.activations[0], [here], w.row), ""


def _lstm(w: _Writer, d: _Direction, here: str, hidden: str, cell: str) -> tuple[str, str]:
    gate, candidate, out = d.activations
    if hidden:
        wide = (w.batch, 4 * w.size)
        here = w.add("Add", [here, w.times(hidden, d.states, None)], wide)
    if cell:
        i, o, f, c = w.gates(here, 4)
    else:
        # What would be forgotten is zero: a part that nobody reads is not cut out at all.
        i, o, c = (w.part(here, 1, k * w.size, (k + 1) * w.size, w.row) for k in (0, 1, 3))
    new = w.add("Mul", [w.add(gate, [i], w.row), w.add(candidate, [c], w.row)], w.row)
    if cell:
        kept = w.add("Mul", [w.add(gate, [f], w.row), cell], w.row)
        new = w.add("Add", [kept, new], w.row)
    shown = w.add("Mul", [w.add(gate, [o], w.row), w.add(out, [new], w.row)], w.row)
    return shown, new


def _gru(w: _Writer, d: _Direction, here: str, hidden: str, _: str) -> tuple[str, str]:
    """h' = (1 - z) n + z h, written as n + z (h - n)."""
    gate, candidate = d.activations
    size, split = w.size, 2 * w.size
    own = d.state_bias[split:]
    z, r, n = w.gates(here, 3)
    if not hidden:
        # Of no state before only its bias is left.
        reset = w.add(gate, [r], w.row) if w.node.integer("linear_before_reset") else ""
        if np.any(own):
            beside = w.constant("bias", own.reshape(1, size))
            beside = w.add("Mul", [reset, beside], w.row) if reset else beside
            n = w.add("Add", [n, beside], w.row)
        n = w.add(candidate, [n], w.row)
        # (1 - z) n as n - z n.
        kept = w.add("Mul", [w.add(gate, [z], w.row), n], w.row)
        return w.add("Sub", [n, kept], w.row), ""
    if w.node.integer("linear_before_reset"):
        bias = np.concatenate([np.zeros(split), own])
        zs, rs, ns = w.gates(w.times(hidden, d.states, bias), 3)
        reset = w.add(gate, [w.add("Add", [r, rs], w.row)], w.row)
        state = w.add("Mul", [reset, ns], w.row)
    else:
        both = w.times(hidden, d.states[:split], None)
        zs, rs = w.gates(both, 2)
        reset = w.add(gate, [w.add("Add", [r, rs], w.row)], w.row)
        state = w.times(w.add("Mul", [reset, hidden], w.row), d.states[split:], own)
    n = w.add(candidate, [w.add("Add", [n, state], w.row)], w.row)
    update = w.add(gate, [w.add("Add", [z, zs], w.row)], w.row)
    moved = w.add("Mul", [update, w.add("Sub", [hidden, n], w.row)], w.row)
    return w.add("Add", [n, moved], w.row), ""


def _require_plain(w: _Writer) -> None:
    node, net = w.node, w.net
    problems: list[tuple[Callable[[], bool], str]] = [
        (lambda: w.steps > LONGEST, f"has {w.steps} steps, and more than {LONGEST} would be that "
         "many copies of the layer"),
        (lambda: node.integer("layout") == 1, "has its batch first (layout 1)"),
        (lambda: "clip" in node.attributes, "clips its gates"),
        (lambda: node.integer("input_forget") == 1, "couples its gates (input_forget)"),
        (lambda: net.operand(node, 7) is not None, "has peepholes"),
        (lambda: not _is_whole(w), "has sequences of several lengths"),
        (lambda: any(k in node.attributes for k in ("activation_alpha", "activation_beta")),
         "has activations with parameters"),
    ]  # fmt: skip
    for met, problem in problems:
        if met():
            raise net.fail(node, problem, "export it without, or unroll it by hand")


def _is_whole(w: _Writer) -> bool:
    lengths = w.net.operand(w.node, 4)
    if lengths is None:
        return True
    return lengths.array is not None and bool((lengths.array == w.steps).all())


def _directions(w: _Writer) -> list[_Direction]:
    node, net = w.node, w.net
    kinds = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}
    ways = kinds.get(node.text("direction", "forward"))
    if ways is None:
        raise net.fail(node, "has an unknown direction", "export it again")
    gates = _GATES[node.kind] * w.size
    weights = [_array(w, i, (len(ways), gates, n)) for i, n in ((1, w.width), (2, w.size))]
    bias = np.zeros((len(ways), 2 * gates))
    if net.operand(node, 3) is not None:
        bias = _array(w, 3, (len(ways), 2 * gates))
    usual = _USUAL[node.kind]
    names = [_word(a) for a in node.attributes.get("activations", usual * len(ways))]
    odd = [name for name in names if name not in _ACTIVATIONS]
    if odd or len(names) != len(usual) * len(ways):
        raise net.fail(node, f"has the activations {', '.join(names)}", "use Sigmoid and Tanh")
    return [
        _Direction(
            weights[0][k], weights[1][k], bias[k, :gates], bias[k, gates:],
            _first_state(w, 5, k, len(ways)),
            _first_state(w, 6, k, len(ways)) if node.kind == "LSTM" else "",
            tuple(names[k * len(usual) : (k + 1) * len(usual)]), backward,
        )
        for k, backward in enumerate(ways)
    ]  # fmt: skip


def _word(name: object) -> str:
    text = name.decode() if isinstance(name, bytes) else str(name)
    known = {a.lower(): a for a in _ACTIVATIONS}
    return known.get(text.lower(), text)


def _array(w: _Writer, position: int, shape: Shape) -> Float64Array:
    value = w.net.operand(w.node, position)
    if value is None or value.array is None or value.array.shape != shape:
        raise w.net.fail(
            w.node, f"has no constant {list(shape)} as input {position}", "export it as a constant"
        )
    return value.real


def _first_state(w: _Writer, position: int, way: int, ways: int) -> str:
    """The state before the first step [N, H], "" where it is zero."""
    value = w.net.operand(w.node, position)
    if value is None:
        return ""
    if value.array is not None:
        own = value.real.reshape(ways, w.batch, w.size)[way]
        return w.constant("state", own) if np.any(own) else ""
    name = value.name
    if ways > 1:
        name = w.part(name, 0, way, way + 1, (1, w.batch, w.size))
    return w.add("Reshape", [name], w.row)
