"""The sweep: every variant measured, each finished point kept.

A point is a file, so that an interrupted sweep goes on where it was.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from qmcu import documents
from qmcu.backdoor.defences import find_defence
from qmcu.cluster import Cluster, Piece
from qmcu.errors import UsageError
from qmcu.files import write_atomic
from qmcu.frontier.measuring import measure_point
from qmcu.frontier.points import Frontier, Point
from qmcu.frontier.variants import Variant, variants
from qmcu.frontier.work import Source, Sweep, load_sweep
from qmcu.model.oracle import oracle_version
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Stages

POINTS = "points"


@dataclass(frozen=True)
class _Kept:
    """A finished point, and what it is a point of."""

    fingerprint: str
    point: Point


def sweep(
    work: Sweep, directory: Path, stages: Stages | None = None, cluster: Cluster | None = None
) -> Frontier:
    """Measure every variant; points, models and firmware are kept in `directory`.

    On a `cluster` its workers measure them, for which they must reach `directory` and the sweep's
    files under the same paths. A point that an earlier, interrupted sweep of the same files left is
    taken from there. `stages` is told (stage, done, total). Raises UsageError when `directory`
    holds something else or cannot be written, and what converting, building and running raise.
    """
    tell = stages or (lambda stage, done, total: None)
    _check_directory(directory)
    todo, skipped = variants(work.defence)
    points: dict[str, Point] = {}
    for variant in todo:
        point = _kept(directory / POINTS / f"{variant.name}.json", work.fingerprint())
        if point is not None:
            points[variant.name] = point

    def keep(name: str, point: Point) -> None:
        path = directory / POINTS / f"{name}.json"
        write_atomic(path, documents.indented(_Kept(work.fingerprint(), point)))
        points[name] = point

    missing = [variant for variant in todo if variant.name not in points]
    before = len(points)
    if cluster is None:
        for number, variant in enumerate(missing, before):
            tell("schemes", number, len(todo))
            keep(variant.name, measure_point(work, variant, directory, tell))
    else:
        place = directory.resolve()
        pieces = [Piece(v.name, measure_variant, (_resolved(work), v, place)) for v in missing]
        cluster.run(pieces, keep, lambda done, _: tell("schemes", before + done, len(todo)))
    tell("schemes", len(todo), len(todo))
    found = tuple(points[variant.name] for variant in todo)
    return Frontier(work.name, work.board.name, found, dict(skipped), _origin(work))


def measure_variant(source: Source, variant: Variant, directory: Path) -> Point:
    """One point, measured on a worker, which keeps the sweep that it loaded for the next."""
    key = repr(source)
    if key not in _LOADED:
        _LOADED.clear()
        _LOADED[key] = load_sweep(source)
    return measure_point(_LOADED[key], variant, directory, lambda stage, done, total: None)


_LOADED: dict[str, Sweep] = {}


def _resolved(work: Sweep) -> Source:
    """The source of a sweep with whole paths, and the target that was chosen."""
    source = work.source
    calibration = source.calibration and source.calibration.resolve()
    return replace(
        source, model=source.model.resolve(), data=source.data.resolve(),
        calibration=calibration, target=work.target or source.target,
    )  # fmt: skip


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
