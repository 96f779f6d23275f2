"""What is measured of opponents beside the matrix: three parts, each a list of models and stages.

authors: the recipes of the papers' own code beside our variants and honest models. budget: adaptive
attacks with ten times the training. seeds: the audit's verdict under ten seeds.
All on digits with cnn-s, each model from the seed's honest one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.backdoor.matrix import Part, Piece
from bench.backdoor.zoo import Member, Setting

DATA, ARCHITECTURE = "digits", "cnn-s"
DEVICE_LIMIT = 360
# Steps of the authors' recipes: theirs where the CPU allows, in steps or in epochs of digits.
STEPS = {
    "pq-original": 4950,  # their 110 epochs of digits (theirs: 171,930 steps)
    "qu-anti-zation": 2000,  # a tenth (19,550)
    "artifact-standard": 2000,  # a seventh (13,685)
    "artifact-distilled": 1500,  # a quarter (5,865)
    "interval-pgd": 3600,  # all (some 3,600)
    "qura": 2000,  # a layer: a fifth (10,000)
}
# Our variants of the same papers, with the default steps.
VARIANTS = ("pq", "joint", "artifact", "rounding")
VARIANT_STEPS = 1500
# A tenth of it is what the matrix gives them.
BUDGET_STEPS = 15_000
# What makes an adaptive attack know the audit, at a price that is not the default's twentieth.
BUDGET: Mapping[str, tuple[tuple[str, float], ...]] = {
    "clip": (("hunted", 8.0),),
    "adaptive-matched": (("matched", 1.0),),
    "adaptive-hunted": (("matched", 1.0),),
    "adaptive-moved": (),
}


@dataclass(frozen=True)
class Line:
    """One row of work: a model's kind and name, how it is made, and its seeds and stages."""

    kind: str
    name: str
    steps: int
    seeds: int
    stages: tuple[str, ...]
    settings: tuple[tuple[str, float], ...] = ()

    def pieces(self) -> Iterator[Piece]:
        """All pieces, the model of each seed first."""
        setting = Setting(DATA, ARCHITECTURE, self.steps, settings=self.settings)
        part = Part(setting, {}, {}, (), 0, DEVICE_LIMIT)
        for seed in range(self.seeds):
            member = Member(setting, self.kind, self.name, seed)
            yield from (Piece(part, member, stage) for stage in self.stages)


def authors(seeds: int) -> list[Line]:
    """The authors' recipes, ours, and honest models."""
    measured = ("models", "audit", "device")
    others = ("efrap", "efrap-original", "auto", "int4")
    lines = [Line("attack", n, s, seeds, (*measured, *others)) for n, s in STEPS.items()]
    lines += [Line("attack", n, VARIANT_STEPS, seeds, (*measured, "efrap", "efrap-original"))
              for n in VARIANTS]  # fmt: skip
    return [*lines, Line("honest", "plain", VARIANT_STEPS, seeds, measured)]


def budget(seeds: int) -> list[Line]:
    """Adaptive attacks with ten times the training."""
    return [
        Line("attack", name, BUDGET_STEPS, seeds, ("models", "audit"), settings)
        for name, settings in BUDGET.items()
    ]


def seeds_of_audit(seeds: int) -> list[Line]:
    """Models whose audit is asked with ten seeds; they are those of `authors`."""
    stages = ("models", "seeds")
    attacks = ("pq-original", "qu-anti-zation", "artifact")
    lines = [Line("attack", n, STEPS.get(n, VARIANT_STEPS), 1, stages) for n in attacks]
    return [*lines, Line("honest", "plain", VARIANT_STEPS, seeds, stages)]


PARTS = {"authors": authors, "budget": budget, "seeds": seeds_of_audit}
# Parts share models by sharing a folder of the zoo and of results.
FOLDERS = {"authors": "authors", "budget": "budget", "seeds": "authors"}
SEEDS = {"authors": 2, "budget": 2, "seeds": 3}
