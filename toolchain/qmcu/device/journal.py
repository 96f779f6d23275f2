"""A journal of device answers, so that a long run goes on where it was interrupted.

A text file: one line that says which run it belongs to, then one line an answer, in any order.
It is removed when the run is complete, so that a finished run is never taken for a new one.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from qmcu import documents
from qmcu.device.messages import InferResult
from qmcu.device.session import Inputs
from qmcu.errors import UsageError
from qmcu.files import read_regular

FORMAT = 1


def run_key(target: str, image: bytes, vectors: Sequence[Inputs]) -> str:
    """What a run is: the same target, firmware image and vectors give the same hex digest."""
    digest = hashlib.sha256(f"{target}\n{len(image)}\n".encode())
    digest.update(image)
    for vector in vectors:
        for tensor in vector:
            content = bytes(tensor)
            digest.update(len(content).to_bytes(8, "little"))
            digest.update(content)
    return digest.hexdigest()


@dataclass(frozen=True)
class _Header:
    """The first line: which run the answers are of."""

    format: int
    run: str


@dataclass(frozen=True)
class _Answer:
    """What the device answered to one vector."""

    vector: int
    outputs: tuple[bytes, ...]
    cycles: int | None
    stack_bytes: int


class Journal:
    """The answers so far of the run `key`, over `total` vectors; a context manager.

    `results` maps a vector's index to what the device answered. Raises UsageError when `path`
    is of another run, damaged, or cannot be written.
    """

    def __init__(self, path: Path, key: str, total: int) -> None:
        self._path = path
        self.results: dict[int, InferResult] = {}
        lines = _lines(path)
        if lines:
            self._read(lines, key, total)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Written anew: a line that an interrupt tore in two is gone then.
            self._stream: TextIO = path.open("w")
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}.") from error
        self._write(_Header(FORMAT, key))
        for index, result in self.results.items():
            self._write(_Answer(index, result.outputs, result.cycles, result.stack_bytes))

    def add(self, index: int, result: InferResult) -> None:
        """Keep one answer. Raises UsageError when the file cannot be written."""
        self.results[index] = result
        self._write(_Answer(index, result.outputs, result.cycles, result.stack_bytes))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; remove it when the run ended well."""
        self._stream.close()
        if kind is None:
            self._path.unlink(missing_ok=True)

    def _write(self, line: "_Header | _Answer") -> None:
        try:
            self._stream.write(json.dumps(documents.plain(line)) + "\n")
            self._stream.flush()
        except OSError as error:
            raise UsageError(f"cannot write {self._path}: {error.strerror}.") from error

    def _read(self, lines: list[str], key: str, total: int) -> None:
        try:
            header = documents.parse(lines[0], _Header)
        except ValueError:
            header = None
        if header is None or header.format != FORMAT:
            raise UsageError(f"{self._path} is no journal of a run; give another name.")
        if header.run != key:
            raise UsageError(
                f"{self._path} is of another firmware, target or vectors; remove it to start anew."
            )
        for number, line in enumerate(lines[1:], 2):
            try:
                answer = documents.parse(line, _Answer)
                if not 0 <= answer.vector < total:
                    raise ValueError
            except ValueError as error:
                if number == len(lines):
                    return  # torn by the interrupt
                raise UsageError(
                    f"{self._path} is damaged in line {number}; remove it to start anew."
                ) from error
            self.results[answer.vector] = InferResult(
                answer.outputs, answer.cycles, answer.stack_bytes
            )


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        return read_regular(path).decode().splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no journal of a run; give another name.") from error
