"""One form a layer, from counts: the fewest instructions at a price for flash, the arena kept."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qmcu.builder.tuned import TriedForm

# Instructions an inference that a byte of flash has to save, by what is favoured; the rules have
# the same price for transformed weights (kernel_sets/dsp). `size` pays with no byte at all.
RATES = {"balanced": 10.0, "ram": 10.0, "speed": 0.0, "size": math.inf}


@dataclass(frozen=True)
class Candidates:
    """A layer's counted forms; `rule` is the name of the one that rules take."""

    operator: int
    rule: str
    forms: tuple[TriedForm, ...]

    def form(self, name: str) -> TriedForm:
        """The form of that name."""
        return next(form for form in self.forms if form.form == name)


# Operator to the name of a form, for layers that leave the rules' form.
Changes = Mapping[int, str]


def choose(
    layers: Sequence[Candidates],
    rate: float,
    code: Mapping[str, int],
    arena: Callable[[Changes], int],
    most_arena: int,
) -> dict[int, str]:
    """The changes that save most.

    A form must save `rate` instructions for each byte of constants more, a kernel that the rules
    do not use for each byte of its `code`, too. `arena` gives the bytes of a plan with some
    changes; what would take more than `most_arena` is left out, the smallest saving first.
    """
    by_rule = {layer.form(layer.rule).kernel for layer in layers}
    banned: set[str] = set()
    while True:
        chosen = {layer.operator: _best(layer, rate, banned) for layer in layers}
        dear = _dearest(layers, chosen, rate, code, by_rule)
        if dear is None:
            break
        banned.add(dear)
    changes = {
        layer.operator: chosen[layer.operator]
        for layer in layers
        if chosen[layer.operator] != layer.rule
    }
    return _within(layers, changes, arena, most_arena)


def value(layer: Candidates, name: str, rate: float) -> float:
    """Instructions that a form saves, less the price of its constants; -inf where it may not be."""
    before, after = layer.form(layer.rule), layer.form(name)
    if before.count is None or after.count is None:
        return -math.inf
    more = after.constants - before.constants
    saved = before.count - after.count
    if more <= 0:
        return float(saved)
    return -math.inf if math.isinf(rate) else saved - rate * more


def _best(layer: Candidates, rate: float, banned: set[str]) -> str:
    """The rule's form unless another is better; of equals that with fewer constants."""
    best, name = 0.0, layer.rule
    smallest = layer.form(layer.rule).constants
    for form in layer.forms:
        if form.kernel in banned:
            continue
        worth = value(layer, form.form, rate)
        if worth > best or (worth == best > 0 and form.constants < smallest):
            best, name, smallest = worth, form.form, form.constants
    return name


def _dearest(
    layers: Sequence[Candidates],
    chosen: Mapping[int, str],
    rate: float,
    code: Mapping[str, int],
    by_rule: set[str],
) -> str | None:
    """The new kernel whose layers are worth least beside its code, if they are not worth it."""
    worth: dict[str, float] = {}
    for layer in layers:
        form = layer.form(chosen[layer.operator])
        if form.kernel in by_rule:
            continue
        size = code.get(form.kernel, 0)
        price = (math.inf if math.isinf(rate) else rate * size) if size else 0.0
        worth.setdefault(form.kernel, -price)
        worth[form.kernel] += value(layer, form.form, rate)
    least = min(worth, key=lambda kernel: (worth[kernel], kernel), default=None)
    return least if least is not None and worth[least] <= 0 else None


def _within(
    layers: Sequence[Candidates],
    changes: dict[int, str],
    arena: Callable[[Changes], int],
    most: int,
) -> dict[int, str]:
    if not changes or arena(changes) <= most:
        return changes

    def saved(layer: Candidates) -> int:
        before, after = layer.form(layer.rule).count, layer.form(changes[layer.operator]).count
        assert before is not None and after is not None
        return before - after

    kept: dict[int, str] = {}
    changed = [layer for layer in layers if layer.operator in changes]
    for layer in sorted(changed, key=lambda one: (-saved(one), one.operator)):
        trial = {**kept, layer.operator: changes[layer.operator]}
        if arena(trial) <= most:
            kept = trial
    return kept
