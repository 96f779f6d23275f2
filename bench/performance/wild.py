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

from qmcu.benchmark import benchmark
from qmcu.board import load_board
from qmcu.errors import QmcuError
from qmcu.files import write_atomic

RESULTS = Path(__file__).with_name("wild.json")
PICTURE = DOCUMENT.parent / "figures" / "wild-ratios.svg"
BEGIN, END = "<!-- wild: python -m bench.performance -->", "<!-- end of wild -->"
# Board, core, emulator, and the goals for the median and the worst ratio.
CORES = (
    ("stm32f407", "Cortex-M4", "unicorn", 0.33, 0.60),
    ("mps3-an547", "Cortex-M55", "qemu", 0.35, 0.70),
)
SETS = ("native", "cmsis-nn")
Row = Mapping[str, Any]


def measure(folder: Path) -> list[Row]:
    """A row for each board and model that both kernel sets run, with the bytes that are equal."""
    rows: list[Row] = []
    for path in sorted(folder.glob("*.tflite")):
        for board, _, target, _, _ in CORES:
            counts = {name: _count(path, board, target, name) for name in SETS}
            if all(counts.values()):
                rows.append({"model": path.stem, "board": board, **counts})
    write_atomic(RESULTS, json.dumps({"rows": rows}, indent=1) + "\n")
    return rows


def _count(path: Path, board: str, target: str, kernels: str) -> int | None:
    """Instructions of one inference; None where the model does not fit or its bytes differ."""
    try:
        found = benchmark(path, load_board(board), kernels=kernels, target=target, count=1)
    except QmcuError:
        return None
    return found.count if found.equal == found.vectors else None


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


def write_section(rows: Sequence[Row]) -> None:
    """The picture, and the section between its marks in the document. Raises ValueError."""
    text = DOCUMENT.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOCUMENT} has no {BEGIN} ... {END}")
    lines = "\n".join(section(rows))
    write_atomic(DOCUMENT, f"{before}{BEGIN}\n\n{lines}\n\n{END}{after}")
    write_atomic(PICTURE, picture(rows))


def picture(rows: Sequence[Row]) -> bytes:
    """An SVG: a point a model, sorted, a row of them for each core; the same for the same rows."""
    import matplotlib
    from matplotlib.figure import Figure

    matplotlib.rcParams["svg.hashsalt"] = "qmcu"
    matplotlib.rcParams["font.size"] = 9
    figure = Figure(figsize=(8, 3.2))
    axes = figure.subplots(1, len(CORES), sharey=True)
    for place, (board, core, _, median, worst) in zip(axes, CORES, strict=True):
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
