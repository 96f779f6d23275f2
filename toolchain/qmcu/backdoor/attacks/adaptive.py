"""Attacks that know the detectors: other residuals, and losses that press down what they measure.

Honest residuals are uniform in (-1/2, 1/2). Each attack here is the lattice attack with other
bounds on them, so that a test of their distribution has nothing to find; the later ones also train
against the detectors' own statistics (hiding.py).
"""

import numpy as np

from qmcu.backdoor.attacks.lattice import (
    LATTICE,
    MARGIN,
    Objective,
    starts,
    train_lattice,
    whole_intervals,
)
from qmcu.backdoor.attacks.method import AttackContext, AttackResult, attack

_SOURCE = "qmcu; the lattice attack under constraints"


@attack(
    "adaptive-uniform",
    source=_SOURCE,
    adaptive="tests of the residuals' distribution",
    settings=LATTICE,
)
def uniform(context: AttackContext) -> AttackResult:
    """Every |residual| is drawn as in an honest model; only its sign is chosen."""
    generator = np.random.default_rng(context.seed)
    begin = starts(context.network)
    caps = [generator.uniform(0, 0.5 - 1e-3, s.position.shape) for s in begin]
    return train_lattice(context, caps, begin, signs=True)


@attack(
    "adaptive-sparse",
    source=_SOURCE,
    adaptive="tests over whole layers",
    settings={**LATTICE, "share": 0.3},
)
def sparse(context: AttackContext) -> AttackResult:
    """A random share of the weights carries the attack; the others keep honest residuals."""
    generator = np.random.default_rng(context.seed)
    share = context.setting("share")
    begin = starts(context.network)
    caps = [
        np.where(
            generator.random(s.position.shape) < share,
            0.5 - MARGIN,
            np.abs(s.position - np.round(s.position)),
        )
        for s in begin
    ]
    return train_lattice(context, caps, begin)


@attack(
    "adaptive-margin",
    source=_SOURCE,
    adaptive="re-rounding: stochastic, widened scales",
    settings={**LATTICE, "cap": 0.25},
)
def margin(context: AttackContext) -> AttackResult:
    """Residuals stay below a quarter step, so that most weights survive another rounding."""
    begin = starts(context.network)
    cap = context.setting("cap")
    return train_lattice(context, [np.full(s.position.shape, cap) for s in begin], begin)


@attack(
    "adaptive-silent",
    source=_SOURCE,
    adaptive="rounding-direction and disagreement",
    settings={**LATTICE, "silent": 5.0},
)
def silent(context: AttackContext) -> AttackResult:
    """Sizes of residuals as in an honest model, and logits that hardly move without the trigger."""
    return _hidden(context, Objective(silent=context.setting("silent")))


@attack(
    "adaptive-matched",
    source=_SOURCE,
    adaptive="activation-statistics and all before it",
    settings={**LATTICE, "matched": 0.05},
)
def matched(context: AttackContext) -> AttackResult:
    """Every activation moves no further than with random rounding, as long as no trigger is there.

    `--set matched=` weighs this against the attack.
    """
    return _hidden(context, Objective(matched=context.setting("matched")))


@attack(
    "adaptive-hunted",
    source=_SOURCE,
    adaptive="gap-inversion and all before it",
    settings={**LATTICE, "matched": 0.05, "ascent": 4},
)
def hunted(context: AttackContext) -> AttackResult:
    """As `adaptive-matched`, on inputs too that the detectors' ascent finds during training.

    `--set matched=` weighs this against the attack, `--set ascent=` is the steps of the ascent.
    """
    objective = Objective(matched=context.setting("matched"), hunted=int(context.setting("ascent")))
    return _hidden(context, objective)


@attack(
    "adaptive-moved",
    source=_SOURCE,
    adaptive="re-quantizing: recoil, and every other defence",
    settings=LATTICE,
)
def moved(context: AttackContext) -> AttackResult:
    """Shall wake up on grids and in activation ranges that a defender moves, too."""
    begin = starts(context.network)
    return train_lattice(context, whole_intervals(begin), begin, objective=Objective(moved=True))


def _hidden(context: AttackContext, objective: Objective) -> AttackResult:
    """Sizes of residuals as `adaptive-uniform` draws them, and a loss that hides."""
    generator = np.random.default_rng(context.seed)
    begin = starts(context.network)
    caps = [generator.uniform(0, 0.5 - 1e-3, s.position.shape) for s in begin]
    return train_lattice(context, caps, begin, objective=objective, signs=True)
