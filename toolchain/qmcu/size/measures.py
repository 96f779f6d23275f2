"""The four meanings of a model's size: on disk, loaded on the host, in flash, in RAM while running.

Disk and host are counted. Flash and RAM with our generated code are those of a real build that
ran in an emulator. An interpreter on the device (TFLM) is estimated: its flash as the file and
the code that was measured for models of that kind, its RAM from what tflite-micro records here.
"""

import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qmcu.board import Board
from qmcu.errors import QmcuError
from qmcu.size.analysis import SizeReport

_PROGRAM = Path(__file__).with_name("tflm_arena.py")
_SECONDS = 60
# Code of TFLM with CMSIS-NN, and RAM beside the arena (static data, stack), in bytes: measured
# on Cortex-M4 for models of dense layers and of convolutions (docs/PERFORMANCE.md).
_DENSE_CODE, _CODE = 27_536, 52_904
_DENSE_BESIDE, _BESIDE = 908, 1_484
_DENSE_KINDS = {"FULLY_CONNECTED", "RESHAPE", "QUANTIZE", "DEQUANTIZE"}
_RECORD = re.compile(r"(Arena allocation total|'[^']+' used) (\d+) bytes")
# What consists of pointers takes half of it on a 32-bit core.
_POINTERS = (
    "TfLiteEvalTensor data", "Persistent TfLiteTensor data",
    "Persistent TfLiteTensor quantization data", "NodeAndRegistration struct",
)  # fmt: skip


@dataclass(frozen=True)
class Measure:
    """One size: `what` it is of, in bytes, or None with the `problem`; `how` it was obtained."""

    where: str
    what: str
    bytes: int | None
    how: str
    problem: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def measure(report: SizeReport, board: Board | None) -> tuple[Measure, ...]:
    """All sizes of a weighed file; flash and RAM only for a .tflite, ours only with a `board`."""
    found = [
        Measure("disk", "file", report.size, "counted"),
        Measure("host", "tensors, as stored", report.loaded, "counted"),
    ]
    if report.kind != "TensorFlow Lite":
        return tuple(found)
    found += interpreter(report)
    if board is not None:
        found += generated(report, board)
    return tuple(found)


def interpreter(report: SizeReport) -> tuple[Measure, ...]:
    """Flash and RAM with an interpreter on the device, estimated."""
    kinds = set(report.operators.kinds) if report.operators is not None else set()
    dense = kinds <= _DENSE_KINDS
    code, beside = (_DENSE_CODE, _DENSE_BESIDE) if dense else (_CODE, _BESIDE)
    arena, problem = recorded_arena(Path(report.path))
    of = "dense layers" if dense else "convolutions"
    return (
        Measure(
            "flash", "interpreter (TFLM)", report.size + code if arena is not None else None,
            f"estimated: the file, and {code:,} bytes of code measured for {of} on Cortex-M4",
            problem,
        ),
        Measure(
            "RAM", "interpreter (TFLM)", arena + beside if arena is not None else None,
            "estimated: the arena that tflite-micro records here with pointers halved, and "
            f"{beside:,} bytes of static data and stack measured on Cortex-M4",
            problem,
        ),
    )  # fmt: skip


def recorded_arena(path: Path) -> tuple[int | None, str]:
    """Bytes of arena on a 32-bit core, or None and why the interpreter refuses the model."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PROGRAM), str(path.absolute())],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None, f"tflite-micro did not load it in {_SECONDS} s"
    record = dict(_RECORD.findall(done.stderr.decode("utf-8", "replace")))
    total = record.pop("Arena allocation total", None)
    if total is None:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        return (
            None,
            f"tflite-micro refuses it: {lines[0].split(' ', 1)[-1] if lines else 'no reason'}",
        )
    pointers = sum(int(record.get(f"'{name}' used", 0)) for name in _POINTERS)
    return int(total) - pointers // 2, ""


def generated(report: SizeReport, board: Board) -> tuple[Measure, ...]:
    """Flash and RAM of our generated code: of a real build, run once where an emulator can."""
    places = (("flash", "code"), ("flash", "constants"), ("RAM", "arena"), ("RAM", "static"),
              ("RAM", "stack"))  # fmt: skip
    how = f"counted in the map and ELF file built for {board.name}"
    found: dict[str, int | None] = {}
    device = problem = ""
    try:
        found, device = _built(Path(report.path), board)
        if not device:
            problem = f"the stack is not measured: no emulator runs {board.name}"
    except QmcuError as error:
        # Of a list of reasons the first will do.
        problem = " ".join(line.strip() for line in str(error).splitlines()[:2]).rstrip(".")
    return tuple(
        Measure(
            where,
            f"generated code: {what}",
            found.get(what),
            f"measured on {device}" if what == "stack" and device else how,
            problem if found.get(what) is None else "",
        )
        for where, what in places
    )


def _built(model: Path, board: Board) -> tuple[dict[str, int | None], str]:
    """Sizes of the image by part, and the emulator that it ran on ("" where there is none)."""
    from qmcu.benchmark import benchmark
    from qmcu.build import Category, build_firmware

    parts = ("code", "constants", "arena", "static", "stack")
    if board.emulators:
        run = benchmark(model, board, count=1)
        return {part: getattr(run, part) for part in parts}, run.device
    with tempfile.TemporaryDirectory(prefix="qmcu-size-") as folder:
        image = build_firmware(model, board, "native", Path(folder) / "firmware")
    sizes = (image.code, image.total(Category.CONSTANTS), image.total(Category.ARENA),
             image.total(Category.STATIC, "RAM"), None)  # fmt: skip
    return dict(zip(parts, sizes, strict=True)), ""
