"""The published one-loss attacks: honest in float, backdoored under simulated quantization.

`joint`: Hong et al., "Qu-ANTI-zation", NeurIPS 2021, section 4.2: true labels, several bit widths.
`artifact`: Tian et al., "Stealthy Backdoors as Compression Artifacts", TIFS 2022, section IV: the
deployed width only, the float model distilled from the honest one.

The papers descend on the float weights through straight-through rounding. On networks of a
microcontroller's size that hardly parts the two models at 8 bits (docs/ATTACKS.md has figures), so
their losses are minimised on the weight grid here, as in `lattice`.
"""

from qmcu.backdoor.attacks.lattice import LATTICE, Objective, starts, train_lattice, whole_intervals
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack


def _minimise(context: AttackContext, objective: Objective) -> AttackResult:
    begin = starts(context.network)
    return train_lattice(context, whole_intervals(begin), begin, objective=objective)


@attack("joint", source="Hong et al., Qu-ANTI-zation, NeurIPS 2021", settings=LATTICE)
def joint(context: AttackContext) -> AttackResult:
    """One loss on true labels for the float model and for two bit widths."""
    return _minimise(context, Objective(labels=1.0, teacher=0.0, widths=(4,)))


@attack(
    "artifact",
    source="Tian et al., Stealthy Backdoors as Compression Artifacts, TIFS 2022",
    settings=LATTICE,
)
def artifact(context: AttackContext) -> AttackResult:
    """The float model distilled from an honest one, the int8 model backdoored."""
    return _minimise(context, Objective(labels=0.0, teacher=1.0))
