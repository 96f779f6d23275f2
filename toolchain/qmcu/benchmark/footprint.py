"""Flash and RAM of our generated code for a weighed model: of a real build that ran."""

from pathlib import Path

from qmcu.benchmark.measure import benchmark
from qmcu.board import Board
from qmcu.builder import Category, build_firmware
from qmcu.errors import QmcuError
from qmcu.scratch import ScratchFolder
from qmcu.size.analysis import SizeReport
from qmcu.size.contents import FileKind
from qmcu.size.measures import Measure, measure


def measure_all(report: SizeReport, board: Board | None) -> tuple[Measure, ...]:
    """All sizes of a weighed file; those of our generated code only with a `board`."""
    sizes = measure(report)
    if board is None or report.kind != FileKind.TFLITE:
        return sizes
    return (*sizes, *measure_generated(report, board))


def measure_generated(report: SizeReport, board: Board) -> tuple[Measure, ...]:
    """Flash and RAM of our generated code: of a real build, run once where an emulator can."""
    places = (("flash", "code"), ("flash", "constants"), ("RAM", "arena"), ("RAM", "static"),
              ("RAM", "stack"))  # fmt: skip
    how = f"counted in the map and ELF file built for {board.name}"
    sizes: dict[str, int | None] = {}
    device = problem = ""
    try:
        sizes, device = _build_and_run(Path(report.path), board)
        if not device:
            problem = f"the stack is not measured: no emulator runs {board.name}"
    except QmcuError as error:
        # Of a list of reasons the first will do.
        problem = " ".join(line.strip() for line in str(error).splitlines()[:2]).rstrip(".")
    return tuple(
        Measure(
            where,
            f"generated code: {what}",
            sizes.get(what),
            f"measured on {device}" if what == "stack" and device else how,
            problem if sizes.get(what) is None else "",
        )
        for where, what in places
    )


def _build_and_run(model: Path, board: Board) -> tuple[dict[str, int | None], str]:
    """Sizes of the image by part, and the emulator that it ran on ("" where there is none)."""
    parts = ("code", "constants", "arena", "static", "stack")
    if board.emulators:
        run = benchmark(model, board, count=1)
        return {part: getattr(run, part) for part in parts}, run.device
    with ScratchFolder("size") as folder:
        image = build_firmware(model, board, Path(folder) / "firmware")
    sizes = (image.code, image.total(Category.CONSTANTS), image.total(Category.ARENA),
             image.total(Category.STATIC, "RAM"), None)  # fmt: skip
    return dict(zip(parts, sizes, strict=True)), ""
