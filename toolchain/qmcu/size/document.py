"""Weighed files as JSON, by the published schema docs/schema/size-1.json."""

from collections.abc import Sequence
from typing import Any

from qmcu.size.analysis import SizeReport
from qmcu.size.measures import Measure
from qmcu.size.verdict import Diagnosis

SCHEMA = "size-1"


def size_document(
    reports: Sequence[SizeReport],
    verdicts: Sequence[Diagnosis],
    measures: Sequence[Sequence[Measure]] = (),
) -> dict[str, Any]:
    """The whole result; the same files give the same document.

    `measures` has an entry a report, or none when nothing but the files was looked at.
    """
    sizes = measures or [()] * len(reports)
    files = [
        _file(report, verdict) | {"measures": [m.to_dict() for m in own]}
        for report, verdict, own in zip(reports, verdicts, sizes, strict=True)
    ]
    return {"schema": SCHEMA, "files": files}


def _file(report: SizeReport, verdict: Diagnosis) -> dict[str, Any]:
    operators = report.operators
    return {
        "path": report.path,
        "kind": report.kind,
        "bytes": report.size,
        "roles": {role.value: count for role, count in report.roles.items()},
        "weights": {
            "count": report.weight_count,
            "stored_bits": round(report.stored_bits, 4),
            "effective_bits": round(report.effective_bits, 4),
        },
        "estimates": {"int8": report.int8, "packed": report.packed},
        "loaded": report.loaded,
        "compressed": report.compressed,
        "examined": round(report.examined, 6),
        "operators": None if operators is None else {
            "kinds": dict(sorted(operators.kinds.items())),
            "integer": operators.integer,
            "float": dict(sorted(operators.float_kinds.items())),
            "activations": list(operators.activations),
            "dynamic": operators.dynamic,
            "float_io": operators.float_io,
        },
        "notes": list(report.notes),
        "verdict": verdict.to_dict(),
        "tensors": [t.to_dict() for t in report.tensors],
    }  # fmt: skip
