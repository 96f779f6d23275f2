"""A cause of a file's size, and the commands that causes name."""

import shlex
from dataclasses import dataclass
from pathlib import PurePath

from qmcu.size.analysis import SizeReport
from qmcu.size.contents import FileKind
from qmcu.types import Count


@dataclass(frozen=True)
class Cause:
    """One reason for the file's size: `word` names it, `concerns` bytes of the file are so.

    `could` is what these bytes could be, an estimate; `good` where they are as small as they look.
    `leads` where most weights are so, whatever the bytes of the others.
    """

    __written__ = ("word", "reason", "next", "concerns", "could")

    word: str
    reason: str
    next: str
    concerns: Count
    could: Count
    good: bool = False
    leads: bool = False

    @property
    def ratio(self) -> float:
        """How many times larger than need be."""
        return self.concerns / max(1, self.could)


@dataclass(frozen=True)
class Diagnosis:
    """The cause that explains most of the bytes, and the others."""

    main: Cause
    others: tuple[Cause, ...]


def quoted(report: SizeReport) -> str:
    """The file as a word of a command."""
    return shlex.quote(report.path)


def convert(report: SizeReport, made_of: str = "") -> str:
    """The command that makes full int8 of a file, or of the one that it was made of."""
    stem = PurePath(report.path).stem
    if made_of:
        source = made_of
    elif report.kind in (FileKind.KERAS, FileKind.HDF5, FileKind.SAVED_MODEL, FileKind.ONNX):
        source = quoted(report)
    elif report.kind == FileKind.TFLITE:
        source = "MODEL.keras"
    else:
        return "export the model to Keras or ONNX and quantize it there"
    output = shlex.quote(f"{stem}-int8.tflite")
    return f"qmcu convert {source} --calibration CALIBRATION.npz -o {output}"


def compare(report: SizeReport) -> str:
    """The command that weighs it beside another."""
    return f"qmcu size {quoted(report)} OTHER"
