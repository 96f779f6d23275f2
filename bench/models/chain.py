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
from qmcu.model.vectors import Vectors, random_vectors


@dataclass(frozen=True)
class Outcome:
    """What became of a model: `equal` of `vectors` outputs equal on `board`, or the `problem`.

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

    @property
    def good(self) -> bool:
        """True when it was built and every byte of every vector was equal."""
        return not self.problem and self.vectors > 0 and self.equal == self.vectors


def examine(
    path: Path, boards: tuple[str, ...], count: int, seed: int, golden: bool, kernels: str
) -> Outcome:
    """Build `path` for the first of `boards` it fits on and compare `count` vectors.

    With `golden` the vectors are those in the files beside the model (`golden_vectors`).
    """
    problems = []
    for name in boards:
        with tempfile.TemporaryDirectory(prefix="qmcu-models-") as folder:
            directory = Path(folder) / "firmware"
            try:
                build_firmware(path, load_board(name), directory, BuildOptions(kernels))
                return _run(path, directory, count, seed, golden)
            except DoesNotFitError as error:
                problems.append(str(error))
            except QmcuError as error:
                built = (directory / "firmware.elf").is_file()
                return Outcome(path.name, name, refused=not built, problem=str(error))
    return Outcome(path.name, refused=True, problem=problems[-1] if problems else "no board")


def _run(path: Path, directory: Path, count: int, seed: int, golden: bool) -> Outcome:
    firmware = Firmware.load(directory)
    board = firmware.board
    graph, content = firmware.model
    vectors: Vectors
    if golden:
        vectors = golden_vectors(path, graph, content)
    else:
        vectors = random_vectors(graph, content, count, seed=seed)
    result = run_vectors(firmware, default_target(board), vectors, "", RunOptions(jobs=1))
    return Outcome(
        model=path.name,
        board=board.name,
        device=result.device,
        vectors=result.vectors,
        equal=result.vectors - len(result.differences),
        instructions=0 if result.profile is None else result.profile.total,
        problem=str(result.differences[0]) if result.differences else "",
    )
