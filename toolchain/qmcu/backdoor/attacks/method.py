"""What an attack is given, what it gives back, and how it is found by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.inputs import Dataset, Trigger
from qmcu.backdoor.networks import Network
from qmcu.backdoor.registry import Registry, merged_settings, summary_of
from qmcu.types import Progress


@dataclass(frozen=True, eq=False)
class AttackContext:
    """An honest float `network`, the data and the trigger that an attack works with.

    `samples` are the float32 [N, ...] inputs that the victim will calibrate with (the attacker
    guesses them: training inputs). `settings` are the method's own, by name; `steps` is the
    number of training steps, of `batch` clean and `batch` triggered inputs each.
    """

    network: Network
    dataset: Dataset
    trigger: Trigger
    samples: npt.NDArray[np.float32]
    seed: int = 0
    steps: int = 600
    batch: int = 32
    settings: Mapping[str, float] = field(default_factory=dict)
    progress: Progress | None = None

    def setting(self, name: str) -> float:
        """One of the method's settings."""
        return float(self.settings[name])


@dataclass(frozen=True, eq=False)
class AttackResult:
    """The float `network` to hand over.

    `integers` is None when any standard quantizer wakes the backdoor; a hostile quantizer's own
    int8 weights otherwise, one array for each layer. `losses` are the training loss every step.
    `trigger` is the one to use where the method has learned its pattern, None for the given one.
    """

    network: Network
    integers: tuple[npt.NDArray[np.int8], ...] | None = None
    losses: tuple[float, ...] = ()
    trigger: Trigger | None = None


@dataclass(frozen=True)
class Attack:
    """A method by its name: `source` is the paper, `adaptive` what it hides from ("" for none).

    `settings` are all that it takes, with defaults. `authors` is True for the recipe of a paper's
    own code, which stands beside our variant of it.
    """

    name: str
    summary: str
    source: str
    run: Callable[[AttackContext], AttackResult]
    adaptive: str = ""
    settings: Mapping[str, float] = field(default_factory=dict)
    authors: bool = False

    def check(self, given: Mapping[str, float]) -> None:
        """Raise UsageError for a setting that the method has not."""
        merged_settings(f"attack {self.name}", self.settings, given)


ATTACKS: Registry[Attack] = Registry("qmcu.backdoor.attacks", "attack")


_Function = Callable[[AttackContext], AttackResult]


def attack(
    name: str,
    *,
    source: str,
    settings: Mapping[str, float],
    adaptive: str = "",
    authors: bool = False,
) -> Callable[[_Function], _Function]:
    """Register a function as the attack `name`; its docstring's first line is the summary.

    Settings that its context does not name have the defaults of `settings`.
    """

    def register(function: _Function) -> _Function:
        def run(context: AttackContext) -> AttackResult:
            return function(replace(context, settings={**settings, **context.settings}))

        summary = summary_of(function, name)
        ATTACKS[name] = Attack(name, summary, source, run, adaptive, settings, authors)
        return run

    return register


def load_attacks() -> Mapping[str, Attack]:
    """Every attack by its name: imports all modules of this folder."""
    return ATTACKS.load()


def find_attack(name: str) -> Attack:
    """The attack of this name. Raises UsageError, naming those that exist."""
    return ATTACKS.find(name)
