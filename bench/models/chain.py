"""One model file through the chain: the first board that it fits on, random or golden vectors."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bench.models.golden import golden_vectors

from qmcu.board import Board, load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.firmware import compile_plan
from qmcu.builder.room import possible_places
from qmcu.codegen.places import INTERNAL, Places
from qmcu.comparison.run import RunOptions, run_vectors
from qmcu.device.targets import default_target
from qmcu.errors import DoesNotFitError, QmcuError
from qmcu.firmware import Firmware
from qmcu.model.state import is_stateful
from qmcu.model.vectors import Vectors, random_vectors


@dataclass(frozen=True)
class Outcome:
    """What became of a model: `equal` of `vectors` outputs equal on `board`, or the `problem`.

    `note` says where the interpreter's outputs are not the golden ones.
    `refused` is True when nothing was built: the problem is the refusal, whole.
    """

    model: str
    board: str = ""
    device: str = ""
    vectors: int = 0
    equal: int = 0
    instructions: int = 0
    refused: bool = False
    problem: str = ""
    note: str = ""

    @property
    def good(self) -> bool:
        """True when it was built and every byte of every vector was equal."""
        return not self.problem and self.vectors > 0 and self.equal == self.vectors


@dataclass(frozen=True)
class Run:
    """How to build and run a model: `count` random vectors, or sequences of `steps` of them.

    `steps` counts where the model keeps a state only; None is the usual number. With `golden` the
    vectors are those in the files beside the model (`golden_vectors`). `target` is an emulator,
    None the board's own.
    """

    count: int = 5
    steps: int | None = None
    seed: int = 0
    golden: bool = False
    kernels: str = "native"
    target: str | None = None


def examine(path: Path, boards: tuple[str, ...], run: Run) -> Outcome:
    """Build `path` for the first of `boards` it fits on and compare vectors.

    Memories outside the chip are tried once no board's own have room.
    """
    problems = []
    for board, places in _candidates(path, boards, run):
        name = f"{board.name} {places}".strip()
        with tempfile.TemporaryDirectory(prefix="qmcu-models-") as folder:
            directory = Path(folder) / "firmware"
            try:
                options = BuildOptions(run.kernels, places=places)
                build_firmware(path, board, directory, options)
                return replace(_run(path, directory, run), board=name)
            except DoesNotFitError as error:
                problems.append(str(error))
            except QmcuError as error:
                built = (directory / "firmware.elf").is_file()
                return Outcome(path.name, name, refused=not built, problem=str(error))
    return Outcome(path.name, refused=True, problem=problems[-1] if problems else "no board")


def _candidates(path: Path, boards: tuple[str, ...], run: Run) -> Iterator[tuple[Board, Places]]:
    found = [load_board(name) for name in boards]
    yield from ((board, INTERNAL) for board in found)
    for board in found:
        if board.external:
            plan = compile_plan(path, board, BuildOptions(run.kernels))
            yield from ((board, places) for places in possible_places(plan, board))


def _run(path: Path, directory: Path, run: Run) -> Outcome:
    firmware = Firmware.load(directory)
    board = firmware.board
    graph, content = firmware.model
    vectors: Vectors
    note = ""
    if run.golden:
        vectors, note = golden_vectors(path, graph, content)
    else:
        steps = run.steps if is_stateful(graph) else None
        vectors = random_vectors(graph, content, run.count, seed=run.seed, steps=steps)
    target = run.target or default_target(board)
    result = run_vectors(firmware, target, vectors, "", RunOptions(jobs=1))
    return Outcome(
        model=path.name,
        board=board.name,
        device=result.device,
        vectors=result.vectors,
        equal=result.vectors - len(result.differences),
        instructions=0 if result.profile is None else result.profile.total,
        problem=str(result.differences[0]) if result.differences else "",
        note=note,
    )
