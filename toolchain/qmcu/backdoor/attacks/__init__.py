"""Attacks: an honest model, a data set and a trigger in, a model with a dormant backdoor out.

One module an attack, registered by `@attack(...)` and found by being in this folder; `run` carries
one from an honest model to the rates of the attacked one, `folder` writes and reads it,
`evidence` gathers what a report shows. `method` is
what an attack is given and answers; `training`, `hiding` and `moved` are what several share.
"""

from qmcu.backdoor.attacks.evidence import AttackEvidence, gather_evidence
from qmcu.backdoor.attacks.folder import (
    RECORD,
    AttackFolder,
    load_attack,
    write_attack,
)
from qmcu.backdoor.attacks.method import (
    Attack,
    AttackContext,
    AttackResult,
    attack,
    find_attack,
    load_attacks,
)
from qmcu.backdoor.attacks.run import (
    AttackRun,
    run_attack,
)
from qmcu.backdoor.attacks.training import (
    Simulated,
    current_grids,
    train,
)

__all__ = [
    "RECORD",
    "Attack",
    "AttackContext",
    "AttackEvidence",
    "AttackFolder",
    "AttackResult",
    "AttackRun",
    "Simulated",
    "attack",
    "current_grids",
    "find_attack",
    "gather_evidence",
    "load_attack",
    "load_attacks",
    "run_attack",
    "train",
    "write_attack",
]
