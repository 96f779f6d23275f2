"""Defences: a float network and calibration inputs in, what to deploy for it out.

One module a defence, registered by `@defence(...)` and found by being in this folder; `run` carries
one from the network to int8 bytes that are proved and audited, `auto` tries all of them, `files`
is `qmcu defend`. `method` is what a defence is given and answers; `pairs` is what several share.
"""

from qmcu.backdoor.defences.auto import (
    Trial,
    best_of,
    run_auto,
)
from qmcu.backdoor.defences.files import (
    Defended,
    defend_file,
    load_samples,
)
from qmcu.backdoor.defences.method import (
    Defence,
    DefenceContext,
    DefenceResult,
    defence,
    find_defence,
    load_defences,
)
from qmcu.backdoor.defences.run import (
    DefenceRun,
    audit_defence,
    check_samples,
    convert_result,
    deploy_result,
    run_defence,
)

__all__ = [
    "Defence",
    "DefenceContext",
    "DefenceResult",
    "DefenceRun",
    "Defended",
    "Trial",
    "audit_defence",
    "best_of",
    "check_samples",
    "convert_result",
    "defence",
    "defend_file",
    "deploy_result",
    "find_defence",
    "load_defences",
    "load_samples",
    "run_auto",
    "run_defence",
]
