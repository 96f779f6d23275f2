"""The sweep: every variant measured, each finished point kept.

A point is a file, so that an interrupted sweep goes on where it was.
"""

from dataclasses import dataclass
from pathlib import Path

from qmcu import documents
from qmcu.backdoor.defences import find_defence
from qmcu.errors import UsageError
from qmcu.files import write_atomic
from qmcu.frontier.measuring import measure_point
from qmcu.frontier.points import Frontier, Point
from qmcu.frontier.variants import variants
from qmcu.frontier.work import Sweep
from qmcu.model.oracle import oracle_version
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Stages

POINTS = "points"


@dataclass(frozen=True)
class _Kept:
    """A finished point, and what it is a point of."""

    fingerprint: str
    point: Point


def sweep(work: Sweep, directory: Path, stages: Stages | None = None) -> Frontier:
    """Measure every variant; points, models and firmware are kept in `directory`.

    A point that an earlier, interrupted sweep of the same files left is taken from there.
    `stages` is told (stage, done, total). Raises UsageError when `directory` holds something else
    or cannot be written, and what converting, building and running raise.
    """
    tell = stages or (lambda stage, done, total: None)
    _check_directory(directory)
    todo, skipped = variants(work.defence)
    points = []
    for number, variant in enumerate(todo):
        tell("schemes", number, len(todo))
        kept = directory / POINTS / f"{variant.name}.json"
        point = _kept(kept, work.fingerprint())
        if point is None:
            point = measure_point(work, variant, directory, tell)
            write_atomic(kept, documents.indented(_Kept(work.fingerprint(), point)))
        points.append(point)
    tell("schemes", len(todo), len(todo))
    return Frontier(work.name, work.board.name, tuple(points), dict(skipped), _origin(work))


def _check_directory(directory: Path) -> None:
    if directory.is_dir() and any(directory.iterdir()) and not (directory / POINTS).is_dir():
        raise UsageError(
            f"{directory} is not empty and holds no earlier sweep; choose another folder."
        )
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file; give a folder for the output.")


def _kept(path: Path, fingerprint: str) -> Point | None:
    """An earlier point of the same sweep; a damaged or other one is measured again."""
    try:
        kept = documents.load(path, _Kept, "point of a sweep", made_by="qmcu frontier")
    except UsageError:
        return None
    return kept.point if kept.fingerprint == fingerprint else None


def _origin(work: Sweep) -> dict[str, str]:
    trigger = f"{work.trigger} ({work.trigger.sha256})" if work.trigger is not None else "none"
    defence = f"{work.defence}: {find_defence(work.defence).source}" if work.defence else "none"
    return {
        "inputs": f"{len(work.inputs):,} measured, {len(work.samples):,} for calibration",
        "trigger": trigger,
        "defence": defence,
        "seed": str(work.seed),
        **{f"{name} SHA-256": digest for name, digest in work.files.items()},
        "converter": f"TensorFlow {load_tensorflow().__version__}",
        "int8 arithmetic": oracle_version(),
    }
