"""Packing and batches: the parts stay what they were, and the draw is repeatable."""

import numpy as np
from bench.operators import GENERATORS, pack
from bench.operators.batches import ACTIVATION_BYTES, batches

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.operators import OPERATORS
from qmcu.compile.operators.documentation import form_name

# No graph of one operator: they work together with VAR_HANDLE and others.
TOGETHER = ("READ_VARIABLE", "ASSIGN_VARIABLE")


def test_every_operator_has_a_generator_of_its_own_kind() -> None:
    typed = {
        form_name(kind, dtype)
        for kind, forms in OPERATORS.items()
        for form in forms
        for dtype in form.types
    }
    # Some go from one type to another and are named for it.
    assert {name for name in GENERATORS if ">" not in name} == typed
    for name, generator in GENERATORS.items():
        model = generator(np.random.default_rng(1))
        kinds = [operator.kind for operator in model.operators]
        kind = name.split()[0]
        assert kind in kinds if kind in TOGETHER else kinds == [kind]
        assert unsupported(model) == []


def test_packed_graphs_share_nothing() -> None:
    rng = np.random.default_rng(3)
    graphs = [generator(rng) for generator in GENERATORS.values()]
    packed = pack(graphs)
    assert [t.index for t in packed.tensors] == list(range(len(packed.tensors)))
    assert len({t.name for t in packed.tensors}) == len(packed.tensors)
    assert [op.index for op in packed.operators] == list(
        range(sum(len(g.operators) for g in graphs))
    )
    assert len(packed.inputs) == sum(len(g.inputs) for g in graphs)
    owners = [number for number, g in enumerate(graphs) for _ in g.operators]
    used: list[set[int]] = [set() for _ in graphs]
    for owner, op in zip(owners, packed.operators, strict=True):
        used[owner] |= {i for i in (*op.inputs, *op.outputs) if i >= 0}
    assert sum(map(len, used)) == len(set().union(*used))
    shapes = [t.shape for g in graphs for t in g.output_tensors]
    assert [t.shape for t in packed.output_tensors] == shapes
    plan = compile_graph(packed)
    assert [plan.tensor(index).shape for index in plan.outputs] == shapes


def test_batches_are_repeatable_and_small_enough() -> None:
    first, second = (list(batches("PAD", 400, 5)) for _ in range(2))
    assert [b.graphs for b in first] == [b.graphs for b in second]
    assert sum(len(b.graphs) for b in first) == 400 and len(first) > 1
    for batch in first:
        activations = sum(t.size for t in batch.graph.tensors if not t.is_constant)
        assert activations <= ACTIVATION_BYTES
    vector, again = (first[0].vectors(1)[0] for _ in range(2))
    assert all((a == b).all() for a, b in zip(vector, again, strict=True))


def test_large_inputs_hold_every_byte() -> None:
    (batch,) = batches("TANH", 3, 0)
    for values in batch.vectors(1)[0]:
        assert len(np.unique(values)) == 256


def test_outputs_return_to_their_graphs() -> None:
    (batch,) = batches("SPLIT", 5, 0)
    outputs = [np.full(t.shape, i, np.int8) for i, t in enumerate(batch.graph.output_tensors)]
    parts = batch.by_graph(outputs)
    assert [len(p) for p in parts] == [len(g.outputs) for g in batch.graphs]
    assert [int(a.flat[0]) for p in parts for a in p] == list(range(len(outputs)))
