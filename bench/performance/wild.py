"""Models of others beside CMSIS-NN, all of them in one picture a core.

Measures every public model of `../shared/models/wild` that both kernel sets run, and draws the
ratio of their instructions, sorted. Without the models what was measured before stays.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.performance.document import DOCUMENT
from bench.performance.measuring import measured, sizes
from rich.progress import Progress

from qmcu.board import load_board
from qmcu.builder import BuildOptions
from qmcu.builder.firmware import compile_plan
from qmcu.files import write_atomic

RESULTS = Path(__file__).with_name("wild.json")
PICTURE = DOCUMENT.parent / "figures" / "wild-ratios.svg"
BEGIN, END = "<!-- wild: python -m bench.performance -->", "<!-- end of wild -->"
# Board, core, emulator, and the goals for the median and the worst ratio.
CORES = (
    ("rpi-pico", "Cortex-M0+", "unicorn", 0.60, 0.80),
    ("mps2-an385", "Cortex-M3", "qemu", 0.60, 0.80),
    ("stm32f407", "Cortex-M4", "unicorn", 0.33, 0.60),
    ("nucleo-u575zi-q", "Cortex-M33", "unicorn", 0.33, 0.60),
    ("mps3-an547", "Cortex-M55", "qemu", 0.35, 0.70),
)
SETS = ("native", "cmsis-nn")
# What is kept of a set's sizes; where the setting `size` is built, for its sizes alone.
SIZES = ("arena", "constants", "code")
SIZED = ("stm32f407", "mps3-an547")
# The most of CMSIS-NN's that is meant to be taken by default.
MOST = {"arena": 1.00, "constants": 1.05}
Row = Mapping[str, Any]


def measure(
    folder: Path, before: Sequence[Row] = (), *, changed: bool = True, boards: Sequence[str] = ()
) -> None:
    """Write a row for each board and model that both kernel sets run with all bytes equal.

    `changed`: a row of `before` with the same image is taken as it is. Boards that are not among
    `boards`, unless that is empty, keep their rows. What is measured is written at once.
    """
    rows: list[Row] = []
    old = {(r["model"], r["board"]): r for r in before}
    paths = sorted(folder.glob("*.tflite"))
    with Progress() as bar:
        task = bar.add_task("models", total=len(paths) * len(CORES))
        for path in paths:
            for board, _, target, _, _ in CORES:
                last = old.pop((path.stem, board), {})
                if boards and board not in boards:
                    rows += [last] if last else []
                else:
                    row = _row(path, board, target, last if changed else {})
                    rows += [row] if row else []
                bar.advance(task)
            write_atomic(RESULTS, json.dumps({"rows": [*rows, *old.values()]}, indent=1) + "\n")


def measure_sizes(folder: Path, before: Sequence[Row], boards: Sequence[str] = ()) -> None:
    """Write the rows of `before` with the sizes of today's images, of `boards` or of all.

    Nothing runs: instructions and the images that they were counted of stay, so that `measure`
    counts those again that are others now.
    """
    rows = [dict(row) for row in before]
    order = [board for board, *_ in CORES if not boards or board in boards]
    with Progress() as bar:
        for board in order:
            own = [row for row in rows if row["board"] == board]
            for row in bar.track(own, description=board):
                path = folder / f"{row['model']}.tflite"
                for kernels in SETS:
                    found = sizes(path, board, BuildOptions(kernels))
                    row |= {f"{kernels} {name}": size for name, size in found.items()}
                row |= _smallest(path, board)
                write_atomic(RESULTS, json.dumps({"rows": rows}, indent=1) + "\n")


def _smallest(path: Path, board: str) -> dict[str, int]:
    """Sizes with `--optimize size`, where they are wanted."""
    found = sizes(path, board, BuildOptions("native", "size")) if board in SIZED else {}
    return {f"size {name}": size for name, size in found.items()}


def _row(path: Path, board: str, target: str, before: Row) -> Row | None:
    """Instructions, sizes and images of both sets; None where one does not run."""
    row: dict[str, Any] = {"model": path.stem, "board": board}
    images = {}
    for kernels in SETS:
        known = [_again(before, kernels)] if before else []
        found = measured(path, board, target, BuildOptions(kernels), known, count=1, estimate=False)
        if found.get("equal") != found.get("vectors", 0):
            return None
        row[kernels], images[kernels] = found["count"], found["image"]
        row |= {f"{kernels} {name}": found[name] for name in SIZES}
    row |= _smallest(path, board)
    if board in SIZED and row["native arena"] > row["cmsis-nn arena"]:
        least = BuildOptions("native", "ram")
        row["ram arena"] = compile_plan(path, load_board(board), least).arena_size
    return row | {"images": images}


def _again(row: Row, kernels: str) -> Row:
    """One set's figures of a row, as they were measured."""
    sizes = {name: row[f"{kernels} {name}"] for name in SIZES if f"{kernels} {name}" in row}
    image = row.get("images", {}).get(kernels) if sizes else None
    return {"image": image, "count": row[kernels], "equal": 1, "vectors": 1} | sizes


def known() -> list[Row]:
    """The rows of the last measurement."""
    return list(json.loads(RESULTS.read_text())["rows"]) if RESULTS.is_file() else []


def ratios(rows: Sequence[Row], board: str) -> list[tuple[float, str]]:
    """The ratio of each model's instructions, native by CMSIS-NN's, sorted, with its name."""
    own = (r for r in rows if r["board"] == board)
    return sorted((r["native"] / r["cmsis-nn"], str(r["model"])) for r in own)


def section(rows: Sequence[Row]) -> Iterator[str]:
    """The lines of the document's section: the picture, and where the distributions lie."""
    place = f"{PICTURE.parent.name}/{PICTURE.name}"
    yield f"![Instructions, native by CMSIS-NN's, of each model]({place})"
    yield ""
    yield "| core | models | median | goal | worst | goal | more than the peer |"
    yield "|---|---|---|---|---|---|---|"
    for board, core, _, median, worst in CORES:
        found = [ratio for ratio, _ in ratios(rows, board)]
        if found:
            middle, last = found[len(found) // 2], found[-1]
            over = sum(ratio > 1 for ratio in found)
            yield (
                f"| {core}, {board} | {len(found)} | {middle:.2f} | {median:.2f} | {last:.2f} | "
                f"{worst:.2f} | {over} |"
            )


def size_section(rows: Sequence[Row]) -> Iterator[str]:
    """The lines on arena, constants and code, by CMSIS-NN's: the middle and the worst of a core."""
    rows = [r for r in rows if all(f"native {name}" in r for name in SIZES)]
    if not rows:
        return
    yield ""
    yield ("| core | arena: median, worst | constants | code | with `size`: arena | constants | "
           "code |")  # fmt: skip
    yield "|---|---|---|---|---|---|---|"
    for board, core, _, _, _ in CORES:
        own = [r for r in rows if r["board"] == board]
        if own:
            cells = [
                _middle_and_worst(own, name, size) for name in ("native", "size") for size in SIZES
            ]
            yield f"| {core}, {board} | {' | '.join(cells)} |"
    for board, core, _, _, _ in CORES:
        above = [r for r in rows if r["board"] == board and _is_above(r)] if board in SIZED else []
        if above:
            yield ""
            yield f"| above the goal on {core} | arena | with `ram` | constants | with `size` |"
            yield "|---|---|---|---|---|"
            yield from map(_above, above)


def _share(row: Row, name: str, size: str) -> float:
    """A size by CMSIS-NN's."""
    return float(row[f"{name} {size}"] / row[f"cmsis-nn {size}"])


def _middle_and_worst(rows: Sequence[Row], name: str, size: str) -> str:
    found = sorted(_share(r, name, size) for r in rows if f"{name} {size}" in r)
    return f"{found[len(found) // 2]:.2f}, {found[-1]:.2f}" if found else ""


def _is_above(row: Row) -> bool:
    return any(_share(row, "native", size) > goal for size, goal in MOST.items())


def _above(row: Row) -> str:
    """A line: what is above its goal, and what the setting that is named for it gives."""
    cells = []
    for size, setting in (("arena", "ram"), ("constants", "size")):
        over = _share(row, "native", size) > MOST[size]
        known = over and f"{setting} {size}" in row
        cells += [f"{_share(row, 'native', size):.2f}" if over else ""]
        cells += [f"{_share(row, setting, size):.2f}" if known else ""]
    return f"| {row['model']} | {' | '.join(cells)} |"


def write_section(rows: Sequence[Row]) -> None:
    """The picture, and the section between its marks in the document. Raises ValueError."""
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} ... {END}")
    lines = "\n".join((*section(rows), *size_section(rows)))
    write_atomic(DOCUMENT, f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}")
    write_atomic(PICTURE, picture(rows))


def picture(rows: Sequence[Row]) -> bytes:
    """An SVG: a point a model, sorted, a row of them for each core; the same for the same rows."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "qmcu"
    matplotlib.rcParams["font.size"] = 9
    cores = [core for core in CORES if ratios(rows, core[0])] or CORES[:1]
    figure = Figure(figsize=(2.4 * len(cores) + 1, 3.2))
    axes = figure.subplots(1, len(cores), sharey=True, squeeze=False)[0]
    for place, (board, core, _, median, worst) in zip(axes, cores, strict=True):
        found = [ratio for ratio, _ in ratios(rows, board)]
        place.plot(range(1, len(found) + 1), found, "o", color="#2a78b5", markersize=4)
        place.axhline(1, color="black", linewidth=0.8)
        place.axhline(median, color="#c8442f", linestyle=":", label="goal: median")
        place.axhline(worst, color="#c8442f", linestyle="--", label="goal: worst")
        place.set_title(core)
        place.set_xlabel("model, sorted")
        place.set_ylim(0, 1.1)
        place.grid(axis="y", alpha=0.3)
    axes[0].set_ylabel("instructions, native / CMSIS-NN")
    axes[0].legend(loc="lower right")
    stream = io.BytesIO()
    figure.savefig(stream, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return stream.getvalue()
