"""The four meanings of a model's size: on disk, loaded on the host, in flash, in RAM while running.

Disk and host are counted. An interpreter on the device (TFLM) is estimated: its flash as the file
and the code that was measured for models of that kind, its RAM from what tflite-micro records
here. What our generated code takes is measured by `qmcu.benchmark.footprint`.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from qmcu.model.engines import has_tflite_micro
from qmcu.size.analysis import SizeReport
from qmcu.size.contents import FileKind
from qmcu.types import Count

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
    bytes: Count | None
    how: str
    problem: str = ""


def measure(report: SizeReport) -> tuple[Measure, ...]:
    """Sizes of a weighed file that need no build; flash and RAM only for a .tflite."""
    sizes = (
        Measure("disk", "file", report.size, "counted"),
        Measure("host", "tensors, as stored", report.loaded, "counted"),
    )
    return (*sizes, *interpreter(report)) if report.kind == FileKind.TFLITE else sizes


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
    if not has_tflite_micro():
        return None, "tflite-micro, which records the arena, is not installed here"
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
