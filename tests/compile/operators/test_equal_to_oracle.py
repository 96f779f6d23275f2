"""Every operator against the reference interpreter on random single-operator graphs.

Lowered by the compiler, run by the kernels on the host; every output byte must be equal. The full
count, on the firmware in an emulator, is bench/operators.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.int4 import INT4
from bench.operators.packing import pack
from tests.compile.operators.host_kernel import initial_state, run_plan
from tests.support.host_run import run_on_host

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.state import is_stateful
from qmcu.model.writer import write_model
from qmcu.types import Array

Generator = Callable[[np.random.Generator], Graph]
# What is compiled to control flow runs as generated C.
BRANCHES = ("IF", "WHILE")
CASES = [
    *((kind, g) for kind, g in GENERATORS.items() if kind.split()[0] not in BRANCHES),
    *((f"{kind} int4", generator) for kind, generator in INT4.items()),
]
# Six graphs side by side in a model cost a third of what six models do; more of them, and places
# in the arena would be what takes long. The first are for the inner loop too.
_SLOW = (range(6, 12), range(12, 18), range(18, 25))
SEEDS = [range(6), *(pytest.param(seeds, marks=pytest.mark.slow) for seeds in _SLOW)]


def _inputs(rng: np.random.Generator, graph: Graph) -> Iterator[list[Array]]:
    """Full-range noise; of int8 also values around one level, one extreme value everywhere."""
    tensors = graph.input_tensors
    if any(tensor.dtype != "int8" for tensor in tensors):
        for _ in range(3):
            yield [random_array(rng, graph, tensor, 1)[0] for tensor in tensors]
        return
    shapes = [tensor.shape for tensor in tensors]
    yield [rng.integers(-128, 128, size=s).astype(np.int8) for s in shapes]
    level, spread = rng.uniform(-128, 127), rng.uniform(1, 60)
    yield [np.clip(rng.normal(level, spread, s), -128, 127).astype(np.int8) for s in shapes]
    yield [np.full(s, rng.choice([-128, 127]), np.int8) for s in shapes]


@pytest.mark.parametrize("seeds", SEEDS, ids=str)
@pytest.mark.parametrize("generator", [g for _, g in CASES], ids=[kind for kind, _ in CASES])
def test_every_byte_equals_the_oracle(generator: Generator, seeds: range) -> None:
    drawn: list[Graph] = []
    vectors: list[list[Array]] = [[], [], []]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        drawn.append(generator(rng))
        for inputs, own in zip(vectors, _inputs(rng, drawn[-1]), strict=True):
            inputs += own
    _check(pack(drawn), vectors)


def _check(graph: Graph, vectors: list[list[Array]]) -> None:
    plan = compile_graph(graph)
    interpreter = Oracle(write_model(graph))
    state = initial_state(plan)
    for number, inputs in enumerate(vectors * (2 if is_stateful(graph) else 1)):
        found, expected = run_plan(plan, inputs, state), interpreter.run(inputs)
        for output, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            assert ours.tobytes() == theirs.tobytes(), f"output {output}, inference {number}"


@pytest.mark.parametrize("kind", [kind for kind in GENERATORS if kind.split()[0] in BRANCHES])
def test_every_byte_of_branches_equals_the_oracle(kind: str) -> None:
    rng = np.random.default_rng(0)
    graph = pack([GENERATORS[kind](rng) for _ in range(25)])
    vectors = [
        [random_array(rng, graph, tensor, 1)[0] for tensor in graph.input_tensors] for _ in range(3)
    ]
    interpreter = Oracle(write_model(graph))
    expected = [[array.tobytes() for array in interpreter.run(inputs)] for inputs in vectors]
    assert run_on_host(graph, vectors) == expected
