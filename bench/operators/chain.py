"""One batch through the whole chain: model file, firmware, device, comparison."""

import tempfile
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bench.operators.batches import Batch
from bench.operators.cases import CASES, cases
from bench.operators.rows import STREAMED

from qmcu.board import load_board
from qmcu.builder.firmware import (
    BuildOptions,
    build_compiled,
    compile_model,
    compile_options,
)
from qmcu.compile import compile_streamed, overlay_everywhere
from qmcu.compile.plan import KernelCall, Plan
from qmcu.compile.serialization import load_plan
from qmcu.device import open_session
from qmcu.errors import QmcuError
from qmcu.firmware import Firmware
from qmcu.model.oracle import Oracle
from qmcu.model.state import is_stateful
from qmcu.model.writer import write_model
from qmcu.types import Array

# Each graph is run on this many sets of random inputs; one that keeps a state on more in a row,
# after each of which it is reset.
VECTORS = 2
SEQUENCES = (5, 2)


@dataclass(frozen=True)
class Outcome:
    """What became of a batch: for each graph whether every output byte was equal.

    `problem` says why the chain stopped, and is empty when it did not; `kernels` are those that
    were called, with which of CASES it was, and `overlaid` counts outputs written over an input.
    """

    kind: str
    equal: tuple[bool, ...]
    device: str
    problem: str = ""
    kernels: tuple[tuple[str, tuple[bool, ...]], ...] = ()
    overlaid: int = 0


def run(
    batch: Batch, board: str, target: str, kernels: str = "portable", optimize: str = "balanced"
) -> Outcome:
    """Build the batch for `board`, run it on `target` and compare with the interpreter.

    In every other batch, the first included, outputs lie over inputs wherever the kernels allow
    it: where all inputs are there from the start, the planner alone would hardly choose that.
    Chains of layers are streamed some rows at a time.
    """
    model = write_model(batch.graph)
    sequences = SEQUENCES if is_stateful(batch.graph) else (VECTORS,)
    vectors = batch.vectors(sum(sequences))
    resets = {sum(sequences[:i]) for i in range(1, len(sequences))}
    equal = np.ones(len(batch.graphs), bool)
    device = ""
    try:
        expected = _expected(batch, model, vectors, resets)
        with tempfile.TemporaryDirectory(prefix="qmcu-operators-") as folder:
            path = Path(folder) / "batch.tflite"
            path.write_bytes(model)
            directory = Path(folder) / "firmware"
            options = BuildOptions(kernels, optimize)
            compiled = compile_model(path, load_board(board), options)
            if batch.kind == STREAMED:
                core = compile_options(load_board(board), options)
                plan = compile_streamed(compiled.graph, core, batch.number)
                compiled = replace(compiled, plan=plan)
            elif batch.number % 2 == 0:
                plan = overlay_everywhere(compiled.graph, compiled.plan)
                compiled = replace(compiled, plan=plan)
            build_compiled(compiled, load_board(board), directory, options)
            plan = load_plan(directory / "plan.json")
            with open_session(target, Firmware.load(directory)) as session:
                device = session.link.name
                for number, (vector, wanted) in enumerate(zip(vectors, expected, strict=True)):
                    if number in resets:
                        session.reset()
                    found = batch.by_graph(_arrays(batch, session.infer(vector).outputs))
                    equal &= [_same(a, b) for a, b in zip(found, wanted, strict=True)]
    except QmcuError as error:
        return Outcome(batch.kind, (False,) * len(batch.graphs), device, f"{batch}: {error}")
    return Outcome(
        kind=batch.kind,
        equal=tuple(bool(e) for e in equal),
        device=device,
        kernels=tuple(_called(batch, plan.calls)),
        overlaid=sum(_shared(call, plan) for call in plan.calls),
    )


def _expected(
    batch: Batch, model: bytes, vectors: Sequence[Sequence[Array]], resets: Collection[int]
) -> list[list[list[Array]]]:
    """What the interpreter, reset before those in `resets`, answers to each vector, by graph."""
    oracle = Oracle(model)
    expected = []
    for number, vector in enumerate(vectors):
        if number in resets:
            oracle.reset()
        expected.append(batch.by_graph(list(oracle.run(vector))))
    return expected


def _called(batch: Batch, calls: Sequence[KernelCall]) -> Iterator[tuple[str, tuple[bool, ...]]]:
    """Each call's kernel, and which of CASES its graph is; of what stands in a branch, none."""
    owners = [graph for graph in batch.graphs for _ in graph.operators]
    for call in calls:
        inside = call.operator >= len(owners) or batch.kind == STREAMED
        yield call.kernel, (False,) * len(CASES) if inside else cases(owners[call.operator])


def _shared(call: KernelCall, plan: Plan) -> bool:
    """True when an output of the call shares bytes with one of its inputs."""
    places = {t.index: t for t in plan.tensors}
    reads, writes = ([places[i] for i in side] for side in (call.reads, call.writes))
    return any(
        r.space == w.space and r.offset < w.offset + w.size and w.offset < r.offset + r.size
        for r in reads
        for w in writes
    )


def _arrays(batch: Batch, outputs: Sequence[bytes]) -> list[Array]:
    types = [np.dtype(tensor.dtype) for tensor in batch.graph.output_tensors]
    return [np.frombuffer(output, t) for output, t in zip(outputs, types, strict=True)]


def _same(found: Sequence[Array], wanted: Sequence[Array]) -> bool:
    return [a.tobytes() for a in found] == [b.tobytes() for b in wanted]
