"""A measurement of a model, unless the same image was measured before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qmcu.benchmark import Benchmark, benchmark_firmware
from qmcu.board import load_board
from qmcu.builder import BuildOptions, Category, build_firmware
from qmcu.errors import QmcuError
from qmcu.scratch import ScratchFolder

Row = Mapping[str, Any]


def measured(
    path: Path,
    board: str,
    target: str,
    options: BuildOptions,
    known: Sequence[Row] = (),
    *,
    count: int,
    estimate: bool = True,
) -> dict[str, Any]:
    """Figures of the model at `path`, as plain data: those of a row of `known` with its `image`.

    An image that is the same byte for byte takes what it took. A row of `skipped` says why there
    are no figures.
    """
    if not path.is_file():
        return {"skipped": f"{path.name} is not there"}
    try:
        with ScratchFolder("performance") as folder:
            directory = Path(folder) / "firmware"
            report = build_firmware(path, load_board(board), directory, options)
            for row in known:
                if row.get("image") == report.image_sha256:
                    return dict(row)
            found = benchmark_firmware(
                directory, report, target, optimize=options.optimize, count=count,
                estimate=estimate,
            )  # fmt: skip
            return {"image": report.image_sha256} | _figures(found)
    except QmcuError as error:
        return {"skipped": str(error)}


def sizes(path: Path, board: str, options: BuildOptions) -> dict[str, int]:
    """Arena, constants and code of an image, in bytes; nothing of one that does not fit."""
    try:
        with ScratchFolder("performance") as folder:
            report = build_firmware(path, load_board(board), Path(folder) / "firmware", options)
    except QmcuError:
        return {}
    return {
        "arena": report.total(Category.ARENA),
        "constants": report.total(Category.CONSTANTS),
        "code": report.code,
    }


def _figures(found: Benchmark) -> dict[str, object]:
    names = ("device", "vectors", "equal", "macs", "count", "how", "code", "proof", "constants",
             "arena", "bound", "static", "stack", "ram")  # fmt: skip
    cycles = {e.core: e.cycles for e in found.estimates}
    return {name: getattr(found, name) for name in names} | {"cycles": cycles}
