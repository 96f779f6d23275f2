"""The models of an image: one, or several that share its kernels, equal constants and the arena."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from qmcu.codegen.model_source import Part, constant_names, model_sources
from qmcu.codegen.places import INTERNAL, Places
from qmcu.codegen.templates import render
from qmcu.compile.plan import Constant, Plan
from qmcu.errors import UsageError

_ALIGNMENT = 16


@dataclass(frozen=True)
class Models:
    """What an image runs: the Plan and the .tflite file of each model, in the order of its number.

    Of several each plan's name begins what is of its model in C. They take turns in one arena, of
    the largest's size, unless they have `own_arenas`; each has its own memory for its state.
    `flags` is the setting whose compiler options kernels get, when it is not the plans' own.
    """

    plans: tuple[Plan, ...]
    files: tuple[bytes, ...]
    own_arenas: bool = False
    flags: str = ""

    @classmethod
    def of(cls, plan: Plan, file: bytes = b"") -> "Models":
        """One model alone."""
        return cls((plan,), (file,))

    @property
    def several(self) -> bool:
        """Whether a request must say which model it is for."""
        return len(self.plans) > 1

    @property
    def whole(self) -> Plan:
        """What they need together, as the plan of one: for sums and checks, not for running."""
        if not self.several:
            return self.plans[0]
        first, together = self.plans[0], sum if self.own_arenas else max
        digests = "".join(plan.model_sha256 for plan in self.plans)
        return replace(
            first,
            name=" + ".join(plan.name for plan in self.plans),
            model_sha256=hashlib.sha256(digests.encode()).hexdigest(),
            placements=(),
            tensors=(),
            inputs=(),
            outputs=(),
            controls=(),
            arena_size=_reserved(self.plans, lambda plan: plan.arena_size, together),
            arena_lower_bound=together(plan.arena_lower_bound for plan in self.plans),
            calls=tuple(call for plan in self.plans for call in plan.calls),
            states=tuple(state for plan in self.plans for state in plan.states),
            state_size=_reserved(self.plans, lambda plan: plan.state_size, sum),
        )


def _reserved(
    plans: tuple[Plan, ...],
    size: Callable[[Plan], int],
    together: Callable[[Iterator[int]], int],
) -> int:
    """Bytes of RAM for all plans, each rounded up to where the next may begin."""
    return together(-(-size(plan) // _ALIGNMENT) * _ALIGNMENT for plan in plans)


def names_by_model(models: Models) -> Iterator[tuple[Plan, Mapping[Constant, str]]]:
    """Each plan with the C names of its constants; equal bytes have one name in all of them."""
    stored: dict[tuple[str, bytes], str] = {}
    for plan in models.plans:
        yield plan, constant_names(plan, f"{plan.name}_" if models.several else "", stored)


def image_sources(models: Models, places: Places = INTERNAL) -> dict[str, str]:
    """File name to text of all models' C files, in a stable order.

    Of several each has a folder, and model.h is what the runtime calls the model at a time. Raises
    UsageError when two names would be one in C.
    """
    if not models.several:
        return model_sources(models.plans[0], places)
    sources: dict[str, str] = {}
    owners: dict[str, str] = {}
    for plan, names in names_by_model(models):
        for name in set(names.values()):
            prefix = f"{plan.name}_"
            if name.startswith(prefix) and owners.setdefault(name, plan.name) != plan.name:
                raise UsageError(
                    f"{name} would be a constant of {owners[name]} and of {plan.name}; give the "
                    "models other names with --name."
                )
        part = Part(plan.name, names, not models.own_arenas)
        for file, text in model_sources(plan, places, part).items():
            sources[f"models/{plan.name}/{file}"] = text
    whole = models.whole
    values = {
        "plans": models.plans,
        "shares_arena": not models.own_arenas,
        "arena_size": whole.arena_size,
        "states": whole.state_size,
    }
    for file in ("model.h", "models.h", "models.c"):
        sources[file] = render(f"models/{file}.j2", values)
    return sources
