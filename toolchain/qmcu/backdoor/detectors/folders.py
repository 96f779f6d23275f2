"""Audits of folders of models: every int8 .tflite, beside the float model of its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qmcu.backdoor.detectors.context import load_context
from qmcu.backdoor.detectors.result import AuditResult
from qmcu.backdoor.detectors.run import audit
from qmcu.cluster import Cluster, Piece
from qmcu.errors import QmcuError, UsageError
from qmcu.types import Progress

_FLOAT_SUFFIXES = (".keras", ".h5", ".hdf5")


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
    cluster: Cluster | None = None,
    progress: Progress | None = None,
) -> Audits:
    """Audit every .tflite in the folder `integers`, here or on a cluster.

    The float model of a.tflite is a.keras, a.h5 or a.hdf5 in `floats`, if there is one. What cannot
    be audited is kept in `failed`, and the others go on. Raises UsageError where there are none.
    """
    files = sorted(integers.glob("*.tflite"))
    if not files:
        raise UsageError(f"{integers} has no .tflite files to audit.")
    report = progress or (lambda done, total: None)
    pairs = {path.name: (_float_of(path, floats), path) for path in files}
    found: dict[str, AuditResult | str] = {}
    if cluster is not None:
        here = {n: (f and f.resolve(), p.resolve()) for n, (f, p) in pairs.items()}
        whole = data and data.resolve()
        pieces = [Piece(n, audit_pair, (*pair, whole, slow, seed)) for n, pair in here.items()]
        cluster.run(pieces, found.__setitem__, report)
    else:
        for number, (name, pair) in enumerate(pairs.items(), 1):
            found[name] = audit_pair(*pair, data, slow, seed)
            report(number, len(pairs))
    ordered = {name: found[name] for name in pairs}
    return Audits(
        {name: one for name, one in ordered.items() if isinstance(one, AuditResult)},
        {name: one for name, one in ordered.items() if isinstance(one, str)},
    )


def audit_pair(
    floating: Path | None, integer: Path, data: Path | None, slow: bool, seed: int
) -> AuditResult | str:
    """One audit, or the sentence that says why there is none."""
    named = {"float": floating, "int8": integer, "data": data}
    audited = {name: str(path) for name, path in named.items() if path is not None}
    try:
        context = load_context(floating, integer, data, seed=seed)
        return audit(context, slow=slow, audited=audited)
    except QmcuError as error:
        return str(error)


def _float_of(integer: Path, floats: Path | None) -> Path | None:
    if floats is None:
        return None
    candidates = (floats / f"{integer.stem}{suffix}" for suffix in _FLOAT_SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)
