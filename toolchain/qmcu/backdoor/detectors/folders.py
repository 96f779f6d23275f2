"""Audits of folders of models: every int8 .tflite, beside the float model of its name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from qmcu.backdoor.detectors.outputs import audit_files
from qmcu.backdoor.detectors.result import AuditResult
from qmcu.cluster import Cluster, Piece
from qmcu.conversion.files import OpenOptions
from qmcu.errors import QmcuError, UsageError
from qmcu.types import Progress

# Every form that --float takes; "" is a SavedModel folder.
_FLOAT_SUFFIXES = (".keras", ".h5", ".hdf5", "", ".onnx", ".pt2", ".tflite")
# How the two files of one model are told apart: x_float.tflite beside x_int8.tflite.
_FLOAT_MARK = re.compile(r"[-_.](float|float32|fp32|f32)$", re.IGNORECASE)
_INTEGER_MARK = re.compile(
    r"[-_.](int8|i8|quant|quantized|full_integer_quant|integer_quant)$", re.IGNORECASE
)
_FLOAT_MARKS = tuple(f"{sign}{word}" for sign in "_-." for word in ("float", "float32", "fp32"))


@dataclass(frozen=True)
class Audits:
    """What audits of a folder found, by the name of the int8 file; `failed` says what could not."""

    __schema__ = "audits-1"
    __shown__ = ("passed",)

    results: Mapping[str, AuditResult]
    failed: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """True when every file could be audited, and none is backdoored or damaged."""
        return not self.failed and all(result.passed for result in self.results.values())


def audit_folder(
    integers: Path,
    floats: Path | None = None,
    data: Path | None = None,
    *,
    slow: bool = False,
    seed: int = 0,
    opening: OpenOptions | None = None,
    cluster: Cluster | None = None,
    progress: Progress | None = None,
) -> Audits:
    """Audit every .tflite in the folder `integers`, here or on a cluster.

    The float model of a.tflite or a_int8.tflite in `floats` is a or a_float with .keras, .h5,
    .hdf5, .onnx, .pt2 or .tflite, or a SavedModel folder of that name, if there is one. A
    .tflite that is the float model of another is not audited by itself. What cannot be audited is
    kept in `failed`, and the others go on; `opening` says how float models are opened. Raises
    UsageError where there are none.
    """
    files = _integers_of(integers, floats)
    if not files:
        raise UsageError(f"{integers} has no .tflite files to audit.")
    report = progress or (lambda done, total: None)
    pairs = {path.name: (_float_of(path, floats), path) for path in files}
    found: dict[str, AuditResult | str] = {}
    if cluster is not None:
        here = {n: (f and f.resolve(), p.resolve()) for n, (f, p) in pairs.items()}
        whole = data and data.resolve()
        pieces = [
            Piece(n, audit_pair, (*pair, whole, slow, seed, opening)) for n, pair in here.items()
        ]
        cluster.run(pieces, found.__setitem__, report)
    else:
        for number, (name, pair) in enumerate(pairs.items(), 1):
            found[name] = audit_pair(*pair, data, slow, seed, opening)
            report(number, len(pairs))
    ordered = {name: found[name] for name in pairs}
    return Audits(
        {name: one for name, one in ordered.items() if isinstance(one, AuditResult)},
        {name: one for name, one in ordered.items() if isinstance(one, str)},
    )


def audit_pair(
    floating: Path | None,
    integer: Path,
    data: Path | None,
    slow: bool,
    seed: int,
    opening: OpenOptions | None = None,
) -> AuditResult | str:
    """One audit, or the sentence that says why there is none."""
    try:
        return audit_files(floating, integer, data, slow=slow, seed=seed, opening=opening)[0]
    except QmcuError as error:
        return str(error)


def _integers_of(integers: Path, floats: Path | None) -> list[Path]:
    """The .tflite files to audit: all but those that are the float model of another."""
    files = sorted(integers.glob("*.tflite"))
    partners = {found.resolve() for f in files if (found := _float_of(f, floats)) is not None}
    return [path for path in files if path.resolve() not in partners]


def _float_of(integer: Path, floats: Path | None) -> Path | None:
    if floats is None or _FLOAT_MARK.search(integer.stem):
        return None
    itself = integer.resolve()
    return next((p for p in _candidates(integer, floats) if _is_model(p, itself)), None)


def _candidates(integer: Path, floats: Path) -> Iterator[Path]:
    """Where a float model could be: of the same name first, then of the name without its mark."""
    bare = _INTEGER_MARK.sub("", integer.stem)
    for stem in dict.fromkeys((integer.stem, bare, *(bare + mark for mark in _FLOAT_MARKS))):
        for suffix in _FLOAT_SUFFIXES:
            # A .tflite of the bare name alone may be another int8 model, where the folder is one.
            if (
                suffix == ".tflite"
                and stem == bare
                and floats.resolve() == integer.parent.resolve()
            ):
                continue
            yield floats / f"{stem}{suffix}"


def _is_model(path: Path, itself: Path) -> bool:
    whole = (path / "saved_model.pb").is_file() or (path.is_file() and path.suffix != "")
    return whole and path.resolve() != itself
