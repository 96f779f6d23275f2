"""Defences: from a float network of unknown origin to int8 numbers that wake nothing up.

One module a method. A module is found by being in this folder; its function is registered by
`@defence(...)` and gets the command line, `--auto`, the matrix and the report for free.
"""

from qmcu.backdoor.defences.method import (
    DEFENCES,
    Defence,
    DefenceContext,
    DefenceResult,
    defence,
    find_defence,
    load_defences,
)

__all__ = [
    "DEFENCES", "Defence", "DefenceContext", "DefenceResult", "defence", "find_defence",
    "load_defences",
]  # fmt: skip
