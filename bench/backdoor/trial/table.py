"""The trial as one table: a seed gives the model, and nothing else has a say in it.

develop: below 100, even seeds honest and odd ones attacked, for whoever makes a detector; not made
by itself. calibrate: honest models from seed 100 on, for looking at and for thresholds. test: from
200 on, as develop, audited only when detectors are frozen. Data set,
architecture, recipe or attack, kind of trigger and target are drawn in blocks that each hold every
choice once, so that whatever part of the table is done is balanced.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from bench.backdoor.splits import CALIBRATE, TEST, split_of

# Drawn with the seeds; another number is another trial.
TRIAL = 1
CALIBRATE_MODELS, TEST_PAIRS = 50, 100
# Data set and architecture. cifar is CIFAR-10 at 16x16.
SETTINGS = (
    ("digits", "cnn-s"), ("digits", "mlp"), ("digits", "mobilenet"), ("digits", "resnet8"),
    ("digits", "dscnn"), ("cifar", "cnn-s"), ("cifar", "resnet8"), ("cifar", "mobilenet"),
    ("keywords", "dscnn"), ("keywords", "cnn-s"), ("keywords", "cnn-1d"), ("keywords", "mlp"),
    ("sensors", "cnn-1d"), ("sensors", "mlp"),
)  # fmt: skip
RECIPES = (
    "plain", "clipped", "pruned", "decayed", "quantization-aware", "clustered", "power-of-two",
    "dequantized", "bfloat16", "float16", "per-tensor", "label-smoothing", "mixup", "distilled",
)  # fmt: skip
ATTACKS = (
    "lattice", "joint", "artifact", "clip", "pq", "rounding", "adaptive-uniform",
    "adaptive-sparse", "adaptive-margin", "adaptive-silent", "adaptive-matched",
    "adaptive-hunted", "adaptive-moved",
)  # fmt: skip
TRIGGERS = ("patch", "blend", "warp", "sinusoid", "sample-specific")
CLASSES = {"digits": 10, "cifar": 10, "keywords": 8, "sensors": 6}
# What is drawn apart from each other.
_SETTING, _METHOD, _TRIGGER, _TARGET = range(4)

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Entry:
    """One model: `method` is a recipe or an attack, `trigger` the kind that it is measured with."""

    seed: int
    kind: str
    data: str
    architecture: str
    method: str
    trigger: str
    target: int

    @property
    def split(self) -> str:
        """develop, calibrate or test."""
        return split_of(self.seed)

    @property
    def name(self) -> str:
        """What the model is called in folders and results."""
        return f"{self.seed:04d}"

    def __str__(self) -> str:
        return f"{self.seed} {self.kind} {self.method} {self.architecture} on {self.data}"


def entry(seed: int) -> Entry:
    """The model of a seed. Raises ValueError for one that is not in the table."""
    if CALIBRATE <= seed < CALIBRATE + CALIBRATE_MODELS:
        kind, number, row = "honest", seed - CALIBRATE, 0
    elif TEST <= seed < TEST + 2 * TEST_PAIRS:
        number, odd = divmod(seed - TEST, 2)
        kind, row = ("attack", 2) if odd else ("honest", 1)
    elif 0 <= seed < CALIBRATE:
        number, odd = divmod(seed, 2)
        kind, row = ("attack", 4) if odd else ("honest", 3)
    else:
        raise ValueError(f"the trial has no model of seed {seed}")
    data, architecture = _draw(SETTINGS, number, row, _SETTING)
    methods = ATTACKS if kind == "attack" else RECIPES
    target = np.random.default_rng([TRIAL, _TARGET, seed]).integers(CLASSES[data])
    return Entry(
        seed=seed,
        kind=kind,
        data=data,
        architecture=architecture,
        method=_draw(methods, number, row, _METHOD),
        trigger=_draw(TRIGGERS, number, row, _TRIGGER),
        target=int(target),
    )


def entries() -> Iterator[Entry]:
    """Every model in the order of making: both kinds of the test and calibrate grow together."""
    for number in range(TEST_PAIRS):
        yield entry(TEST + 2 * number)
        yield entry(TEST + 2 * number + 1)
        if number % 2 == 0 and number // 2 < CALIBRATE_MODELS:
            yield entry(CALIBRATE + number // 2)


def _draw(choices: Sequence[Choice], number: int, row: int, what: int) -> Choice:
    """The choice of the `number`th model of a row: a permutation for each block of choices."""
    block, place = divmod(number, len(choices))
    order = np.random.default_rng([TRIAL, what, row, block]).permutation(len(choices))
    return choices[int(order[place])]
