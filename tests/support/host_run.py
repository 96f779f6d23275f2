"""A model's generated C and its portable kernels, run on this machine under sanitizers.

    outputs = run_on_host(graph, [inputs])     # one list of arrays for each inference
    check_on_host(graph, count=3)              # the same, compared with tflite-micro

What runs is what `qmcu build` would compile, model.c with its arena and constants and all. Before
each layer everything in the arena but the layer's own tensors and scratch is poisoned, so that a
kernel that reads or writes a byte beside them stops the run with AddressSanitizer's report.
"""

import functools
import hashlib
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.codegen.project import library_sources
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.compiler import PORTABLE
from qmcu.compile.plan import ARENA, KernelCall, Plan
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import integer_range, random_array
from qmcu.model.writer import write_model
from qmcu.resources import kernel_directories

Array = npt.NDArray[Any]

_WARNINGS = ("-std=c11", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-Wconversion")
_SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
_RANK = re.compile(r"#define (QMCU_WALK_RANK) (\d+)")
_MAIN = Path(__file__).with_name("host_run.c")


def run_on_host(
    graph: Graph | Plan, vectors: Sequence[Sequence[Array]], sanitize: bool = True
) -> list[list[bytes]]:
    """The outputs' bytes of each inference: a list of input arrays for each of `vectors`.

    Raises AssertionError with the sanitizer's report.
    """
    plan = graph if isinstance(graph, Plan) else compile_graph(graph)
    with tempfile.TemporaryDirectory(prefix="qmcu-host-") as folder:
        program = _build(plan, Path(folder), sanitize)
        stream = b"".join(np.ascontiguousarray(a).tobytes() for v in vectors for a in v)
        done = subprocess.run([str(program)], input=stream, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    sizes = [plan.tensor(index).size for index in plan.outputs]
    assert len(done.stdout) == len(vectors) * sum(sizes)
    outputs: list[list[bytes]] = []
    at = 0
    for _ in vectors:
        outputs.append([])
        for size in sizes:
            outputs[-1].append(done.stdout[at : at + size])
            at += size
    return outputs


def check_on_host(
    graph: Graph, count: int = 3, seed: int = 0, options: CompileOptions = PORTABLE
) -> frozenset[str]:
    """Run `count` random inferences, every output byte equal to tflite-micro's.

    The first inference is full-range noise; of int8 and int16 the second is the lowest value
    everywhere, the third the highest. State is kept from one to the next. Answers the kernels that
    ran. Raises AssertionError.
    """
    rng = np.random.default_rng(seed)
    plan, interpreter = compile_graph(graph, options), Oracle(write_model(graph))
    tensors = graph.input_tensors
    vectors = [[random_array(rng, graph, t, 1)[0] for t in tensors] for _ in range(count)]
    if all(tensor.dtype in ("int8", "int16") for tensor in tensors):
        ends = [integer_range(graph, t) for t in tensors]
        extremes = [
            [np.full(t.shape, end[i], t.dtype) for t, end in zip(tensors, ends, strict=True)]
            for i in range(2)
        ]
        vectors = [vectors[0], *extremes, *vectors[3:]][:count]
    for i, (inputs, found) in enumerate(zip(vectors, run_on_host(plan, vectors), strict=True)):
        expected = [output.tobytes() for output in interpreter.run(inputs)]
        assert found == expected, f"{graph.name}: inference {i} differs from tflite-micro"
    return frozenset(call.kernel for call in plan.calls)


def _build(plan: Plan, folder: Path, sanitize: bool) -> Path:
    for name, text in library_sources(plan).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "src/layers.h").write_text(_layers(plan))
    sources = [str(p) for p in (folder / "src").glob("*.c")]
    kernels = sorted(p.stem for p in (folder / "src/kernels").glob("*.c"))
    walk = folder / "src/kernels/walk.h"
    rank = _RANK.search(walk.read_text() if walk.is_file() else "#define QMCU_WALK_RANK 5")
    assert rank is not None
    # The kernels are compiled where they are, with the walks that this model has.
    objects = [str(_object(kernel, sanitize, f"-D{rank[1]}={rank[2]}")) for kernel in kernels]
    # Globals in sections of their own, as the arena's, would get no red zone around them.
    command = ["gcc", "-U__ELF__", "-O1", "-g", *_WARNINGS[:5]]
    command += _SANITIZERS if sanitize else ()
    command += [f"-I{folder / 'src'}", str(_MAIN), *sources, *objects, "-o", str(folder / "run")]
    subprocess.run(command, check=True)
    return folder / "run"


@functools.cache
def _object(kernel: str, sanitize: bool, rank: str) -> Path:
    """A C file of a kernel, compiled once for each content of it, headers and flags."""
    folders = kernel_directories()
    source = next(f / f"{kernel}.c" for f in folders if (f / f"{kernel}.c").is_file())
    flags = ["-O1", "-g", *_WARNINGS, *(_SANITIZERS if sanitize else ()), rank, f"-I{folders[0]}"]
    digest = hashlib.sha256(" ".join(flags).encode() + source.read_bytes())
    for header in sorted({*source.parent.glob("*.h"), *folders[0].glob("*.h")}):
        digest.update(header.read_bytes())
    cache = Path(tempfile.gettempdir()) / "qmcu-host-objects"
    cache.mkdir(exist_ok=True)
    result = cache / f"{kernel}-{digest.hexdigest()[:16]}.o"
    if not result.exists():
        fresh = Path(tempfile.mkdtemp(dir=cache)) / result.name
        subprocess.run(["gcc", *flags, "-c", str(source), "-o", str(fresh)], check=True)
        fresh.replace(result)
        fresh.parent.rmdir()
    return result


def _layers(plan: Plan) -> str:
    """For host_run.c: which bytes of the arena each layer may touch."""
    regions = [
        [r for call in plan.calls[layer.first : layer.last] for r in _regions(plan, call)]
        for layer in plan.layers
    ]
    # A branching also reads its condition, which need not be a tensor of its calls.
    conditions = [plan.tensor(control.condition) for control in plan.controls]
    for row in regions:
        row += [f"{{{t.offset}, {t.size}}}" for t in conditions if t.space == ARENA]
    rows = [f"    {{ {', '.join(row)} }}," for row in regions]
    most = max((len(row) for row in regions), default=1) or 1
    return "\n".join([f"static const region layers[][{most}] = {{", *rows, "};", ""])


def _regions(plan: Plan, call: KernelCall) -> list[str]:
    used = [plan.tensor(index) for index in (*call.reads, *call.writes)]
    tensors = [t for t in used if t.space == ARENA]
    regions = [f"{{{t.offset}, {t.size + call.overread}}}" for t in tensors]
    scratch = [p for p in plan.placements if p.name == f"{call.layer}_scratch"]
    return regions + [f"{{{p.offset}, {p.size}}}" for p in scratch]
