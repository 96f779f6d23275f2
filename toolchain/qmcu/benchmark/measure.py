"""One model with one kernel set on one board: built, run, compared and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qmcu.benchmark.cycles import CORES, CycleEstimate, estimate_cycles
from qmcu.benchmark.flash_waits import NO_WAITS, FlashWaits, waits_of
from qmcu.board import Board
from qmcu.builder import BuildOptions, Category, MemoryReport, build_firmware
from qmcu.builder.classify import is_model_object
from qmcu.builder.linker_map import parse_map
from qmcu.cluster import Cluster, Piece
from qmcu.comparison import RunOptions, run_vectors
from qmcu.comparison.result import Profile, TestResult
from qmcu.compile.plan import Plan
from qmcu.device import open_session
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import UsageError
from qmcu.files import read_regular
from qmcu.firmware import Firmware
from qmcu.model.custom import CustomOperator, operators_in_use, use_operators
from qmcu.model.vectors import Vectors, load_vectors, random_vectors
from qmcu.scratch import ScratchFolder
from qmcu.types import Count, Progress


@dataclass(frozen=True)
class LayerCost:
    """One layer: its kernel, multiply-accumulates and counted instructions of one inference."""

    layer: str
    kernel: str
    macs: Count
    count: Count
    trade: str = ""
    slower: str = ""


@dataclass(frozen=True)
class Benchmark:
    """What one inference takes; sizes in bytes.

    `count` is in `unit`, obtained as `how` says; `ram` is arena + static data of the model +
    stack high-water mark; `code` is flash less the model's constants, `proof` what of it is the
    hash by which the image proves itself; `bound` the least arena for the plan's buffers; `trades`
    what was given for speed. `estimates` are no measurements.
    """

    __shown__ = ("passed", "flash", "ram")

    model: str
    board: str
    device: str
    kernels: str
    optimize: str
    vectors: Count
    equal: Count
    macs: Count
    count: Count
    unit: str
    how: str
    code: Count
    proof: Count
    constants: Count
    arena: Count
    bound: Count
    static: Count
    stack: Count
    layers: tuple[LayerCost, ...]
    estimates: tuple[CycleEstimate, ...] = ()

    @property
    def passed(self) -> bool:
        """True when every output byte was equal."""
        return self.equal == self.vectors

    @property
    def flash(self) -> Count:
        """Code and constants."""
        return self.code + self.constants

    @property
    def ram(self) -> Count:
        """Arena, static data of the model, stack."""
        return self.arena + self.static + self.stack


@dataclass(frozen=True)
class Benchmarks:
    """What one call of `qmcu bench` measured."""

    __schema__ = "bench-1"

    results: tuple[Benchmark, ...]


def benchmark(
    model: Path,
    board: Board,
    *,
    kernels: str = "native",
    optimize: str = "balanced",
    target: str | None = None,
    count: int = 5,
    seed: int = 0,
    vectors: Path | None = None,
    cmsis_nn: Path | None = None,
    wait_states: int | None = None,
) -> Benchmark:
    """Build `model` for `board`, compare `count` random inputs (or `vectors`) and count one run.

    `cmsis_nn` names the copy for that kernel set; `target` is an emulator of the board (its first
    by default). Raises UsageError when the board has none, and whatever building and running raise.
    """
    if target is None:
        target = first_emulator(board)
    with ScratchFolder("bench") as folder:
        directory = Path(folder) / "firmware"
        report = build_firmware(model, board, directory, BuildOptions(kernels, optimize, cmsis_nn))
        return benchmark_firmware(
            directory, report, target, optimize=optimize, count=count, seed=seed, vectors=vectors,
            wait_states=wait_states,
        )  # fmt: skip


def first_emulator(board: Board) -> str:
    """The emulator that counts for `board` when none is named. Raises UsageError for none."""
    if not board.emulators:
        raise UsageError(f"{board.name} has no emulator; `qmcu boards` shows which boards do.")
    return board.emulators[0]


def benchmark_firmware(
    directory: Path,
    report: MemoryReport,
    target: str,
    *,
    optimize: str = "balanced",
    count: int = 5,
    seed: int = 0,
    vectors: Path | None = None,
    estimate: bool = True,
    wait_states: int | None = None,
) -> Benchmark:
    """As `benchmark`, of a firmware directory that was built, with its report.

    Without `estimate` there are no cycles, and one run less. The flash's `wait_states` are its
    family's by default.
    """
    firmware = Firmware.load(directory)
    graph, content = firmware.model
    chosen = (
        load_vectors(vectors, graph)
        if vectors is not None
        else random_vectors(graph, content, count, seed=seed)
    )
    result = run_vectors(firmware, target, chosen, "benchmark", RunOptions(jobs=1))
    waits = waits_of(firmware.board, wait_states)
    estimates = estimate_firmware(firmware, target, chosen, waits) if estimate else ()
    return _benchmark(optimize, report, firmware.plan, result, estimates)


@dataclass(frozen=True)
class Measurement:
    """What one benchmark is of: the arguments of `benchmark`."""

    model: Path
    board: Board
    kernels: str = "native"
    optimize: str = "balanced"
    target: str | None = None
    count: int = 5
    seed: int = 0
    vectors: Path | None = None
    cmsis_nn: Path | None = None
    wait_states: int | None = None

    def measure(self) -> Benchmark:
        """Call `benchmark` with them."""
        return benchmark(
            self.model, self.board, kernels=self.kernels, optimize=self.optimize,
            target=self.target, count=self.count, seed=self.seed, vectors=self.vectors,
            cmsis_nn=self.cmsis_nn, wait_states=self.wait_states,
        )  # fmt: skip


def measure_all(
    work: Sequence[Measurement], cluster: Cluster | None = None, progress: Progress | None = None
) -> tuple[Benchmark, ...]:
    """Every measurement in order, here or on a cluster, whose workers get the files' content.

    A copy of CMSIS-NN has to be on them under the same path. Raises as `benchmark` does.
    """
    report = progress or (lambda done, total: None)
    if cluster is None:
        results = []
        for number, one in enumerate(work, 1):
            results.append(one.measure())
            report(number, len(work))
        return tuple(results)
    made: dict[str, Benchmark] = {}
    operators = operators_in_use()
    pieces = []
    for number, one in enumerate(work):
        files = [p for p in (one.model, one.vectors) if p is not None]
        contents = {path.name: read_regular(path) for path in files}
        pieces.append(Piece(str(number), measure_contents, (one, contents, operators)))
    cluster.run(pieces, made.__setitem__, report)
    return tuple(made[str(number)] for number in range(len(work)))


def measure_contents(
    work: Measurement, contents: Mapping[str, bytes], operators: Sequence[CustomOperator]
) -> Benchmark:
    """As `work.measure()`, with the content of its files given by name."""
    use_operators(operators)
    with ScratchFolder("bench") as name:
        folder = Path(name)
        for file, content in contents.items():
            (folder / file).write_bytes(content)
        vectors = None if work.vectors is None else folder / work.vectors.name
        return replace(work, model=folder / work.model.name, vectors=vectors).measure()


def _benchmark(
    optimize: str,
    report: MemoryReport,
    plan: Plan,
    result: TestResult,
    estimates: tuple[CycleEstimate, ...],
) -> Benchmark:
    profile = result.profile or Profile(0, 0, "", "not counted", ())
    counts = dict(profile.layers)
    return Benchmark(
        model=report.model,
        board=result.board,
        device=result.device,
        kernels=report.kernels,
        optimize=optimize,
        vectors=result.vectors,
        equal=result.equal,
        macs=plan.macs,
        count=profile.total,
        unit=profile.unit,
        how=profile.how,
        code=report.code,
        proof=report.proof,
        constants=report.total(Category.CONSTANTS),
        arena=report.total(Category.ARENA),
        bound=plan.arena_lower_bound,
        static=report.total(Category.STATIC, "RAM"),
        stack=result.stack_bytes,
        layers=tuple(
            LayerCost(c.layer, c.kernel, c.macs, counts.get(c.layer, 0), c.trade, c.slower)
            for c in plan.calls
        ),
        estimates=estimates,
    )


def estimate_firmware(
    firmware: Firmware, target: str, vectors: Vectors, waits: FlashWaits = NO_WAITS
) -> tuple[CycleEstimate, ...]:
    """Both cores' cycles of one profiled run: of the kernels' code, not of the protocol's.

    Nothing where `target` is not Unicorn. Raises as `run_vectors`.
    """
    spans = _model_spans(firmware.root / "firmware.map")
    with open_session(target, firmware) as session:
        link = session.link
        if not isinstance(link, UnicornLink):
            return ()
        session.profile(tuple(a[0] for a in vectors.inputs))
        blocks = {
            key: follow
            for key, follow in link.counter.blocks.items()
            if any(start <= key[0] < end for start, end in spans)
        }
    code = {address: firmware.image.bytes_at(address, size) for address, size in blocks}
    return tuple(estimate_cycles(blocks, code, core, waits) for core in CORES)


def _model_spans(path: Path) -> list[tuple[int, int]]:
    """First and end addresses of the code of kernels and model."""
    return [
        (section.address, section.address + section.size)
        for section in parse_map(path.read_text()).inputs
        if section.name.startswith(".text")
        and (
            any(f in section.source for f in ("/kernels/", "/cmsis_nn/"))
            or is_model_object(section.source)
        )
    ]
