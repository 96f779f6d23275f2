"""Detectors: a float model, an int8 model, or both in; a finding with its statistic out.

One module a detector. A module is found by being in this folder; its function is registered by
`@detector(...)` and so is part of every audit, of the matrix and of the reports.
"""

from qmcu.backdoor.detectors.method import (
    DETECTORS,
    STRONGEST,
    AuditContext,
    Detector,
    Finding,
    detector,
    load_detectors,
)

__all__ = [
    "DETECTORS",
    "STRONGEST",
    "AuditContext",
    "Detector",
    "Finding",
    "detector",
    "load_detectors",
]
