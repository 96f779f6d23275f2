"""A journal of device answers, so that a long run goes on where it was interrupted.

A text file: one line that says which run it belongs to, then one line an answer, in any order.
It is removed when the run is complete, so that a finished run is never taken for a new one.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from qmcu.device.messages import InferResult
from qmcu.device.session import Inputs
from qmcu.errors import UsageError

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
        self._write({"format": FORMAT, "run": key})
        for index, result in self.results.items():
            self._write(_line(index, result))

    def add(self, index: int, result: InferResult) -> None:
        """Keep one answer. Raises UsageError when the file cannot be written."""
        self.results[index] = result
        self._write(_line(index, result))

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

    def _write(self, document: dict[str, Any]) -> None:
        try:
            self._stream.write(json.dumps(document) + "\n")
            self._stream.flush()
        except OSError as error:
            raise UsageError(f"cannot write {self._path}: {error.strerror}.") from error

    def _read(self, lines: list[str], key: str, total: int) -> None:
        try:
            header = json.loads(lines[0])
            known = header["format"] == FORMAT and isinstance(header["run"], str)
        except (ValueError, KeyError, TypeError):
            known = False
        if not known:
            raise UsageError(f"{self._path} is no journal of a run; give another name.")
        if header["run"] != key:
            raise UsageError(
                f"{self._path} is of another firmware, target or vectors; remove it to start anew."
            )
        for number, line in enumerate(lines[1:], 2):
            try:
                index, result = _answer(json.loads(line))
                if not 0 <= index < total:
                    raise ValueError
            except (ValueError, KeyError, TypeError) as error:
                if number == len(lines):
                    return  # torn by the interrupt
                raise UsageError(
                    f"{self._path} is damaged in line {number}; remove it to start anew."
                ) from error
            self.results[index] = result


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no journal of a run; give another name.") from error


def _line(index: int, result: InferResult) -> dict[str, Any]:
    return {
        "vector": index,
        "outputs": [base64.b64encode(output).decode() for output in result.outputs],
        "cycles": result.cycles,
        "stack_bytes": result.stack_bytes,
    }


def _answer(document: dict[str, Any]) -> tuple[int, InferResult]:
    outputs = tuple(base64.b64decode(text, validate=True) for text in document["outputs"])
    cycles = document["cycles"]
    result = InferResult(
        outputs, None if cycles is None else int(cycles), int(document["stack_bytes"])
    )
    return int(document["vector"]), result
