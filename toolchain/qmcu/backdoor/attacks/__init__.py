"""Attacks: from an honest float network to one whose backdoor wakes up in int8.

One module a method. A module is found by being in this folder; its function is registered by
`@attack(...)` and gets the command line, the matrix and the report for free.
"""

from qmcu.backdoor.attacks.method import (
    ATTACKS,
    Attack,
    AttackContext,
    AttackResult,
    attack,
    find_attack,
    load_attacks,
)

__all__ = [
    "ATTACKS", "Attack", "AttackContext", "AttackResult", "attack", "find_attack", "load_attacks",
]  # fmt: skip
