"""One model file through the chain: the first board that it fits on, random or golden vectors."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.models.golden import golden_vectors

from qmcu.board import load_board
from qmcu.build import BuildOptions, build_firmware
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
    """Build `path` for the first of `boards` it fits on and compare vectors."""
    problems = []
    for name in boards:
        with tempfile.TemporaryDirectory(prefix="qmcu-models-") as folder:
            directory = Path(folder) / "firmware"
            try:
                build_firmware(path, load_board(name), directory, BuildOptions(run.kernels))
                return _run(path, directory, run)
            except DoesNotFitError as error:
                problems.append(str(error))
            except QmcuError as error:
                built = (directory / "firmware.elf").is_file()
                return Outcome(path.name, name, refused=not built, problem=str(error))
    return Outcome(path.name, refused=True, problem=problems[-1] if problems else "no board")


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
