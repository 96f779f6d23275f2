"""Detectors: a float model, an int8 model, or both in; a finding with its statistic out.

One module a detector, registered by `@detector(...)` and found by being in this folder; `context`
reads the files of an audit, `run` asks every detector that applies, `result` makes one verdict of
their findings. `method` is what a detector is given and answers; `controls` and `residuals` are
what several share.
"""

from qmcu.backdoor.detectors.context import (
    load_context,
)
from qmcu.backdoor.detectors.folders import (
    Audits,
    audit_folder,
)
from qmcu.backdoor.detectors.method import (
    STRONGEST,
    AuditContext,
    Detector,
    Finding,
    detector,
    load_detectors,
)
from qmcu.backdoor.detectors.outputs import (
    audit_files,
)
from qmcu.backdoor.detectors.residuals import (
    used_residuals,
)
from qmcu.backdoor.detectors.result import (
    AuditResult,
    judge,
    load_audit,
)
from qmcu.backdoor.detectors.run import (
    audit,
)
from qmcu.backdoor.detectors.ties import find_ties

__all__ = [
    "STRONGEST",
    "AuditContext",
    "AuditResult",
    "Audits",
    "Detector",
    "Finding",
    "audit",
    "audit_files",
    "audit_folder",
    "detector",
    "find_ties",
    "judge",
    "load_audit",
    "load_context",
    "load_detectors",
    "used_residuals",
]
