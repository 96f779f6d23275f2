"""The smallest arena: layers streamed through each other, slower forms, and what that leaves."""

from collections.abc import Sequence

from qmcu.compile.alternatives import Faster, forms_instead
from qmcu.compile.alternatives import forms as all_forms
from qmcu.compile.kernel_sets.dsp.winograd_rows import KERNEL
from qmcu.compile.lifetimes import Buffer, buffer_choices
from qmcu.compile.lowering import OperatorContext, fitting_form
from qmcu.compile.operators import forms_of
from qmcu.compile.plan import Control, KernelCall, Placement
from qmcu.compile.planner import place
from qmcu.compile.ram import arena_peak, save_ram
from qmcu.compile.streams import Forms, Streamed, faster_forms, is_part, stream


def least_ram(
    whole: Streamed,
    calls: tuple[KernelCall, ...],
    faster: Faster,
    controls: Sequence[Control],
    by_rows: bool,
    flash: int | None,
) -> tuple[Streamed, tuple[KernelCall, ...]]:
    """With layers streamed, if they may be `by_rows`, and slower forms; or these alone.

    What is smallest then gets faster forms where these take no RAM, and as much `flash` for
    constants as there is.
    """

    def instead(call: KernelCall) -> list[KernelCall]:
        return forms_instead(whole.graph, call, faster)

    def with_slower_forms(
        streamed: Streamed, calls: tuple[KernelCall, ...]
    ) -> tuple[Streamed, tuple[KernelCall, ...]]:
        in_rows = streamed_operators(streamed, calls)

        def smaller(call: KernelCall) -> list[KernelCall]:
            found = [] if call.operator in in_rows else instead(call)
            return [form for form in found if form.kernel != KERNEL]

        return streamed, save_ram(streamed.graph, calls, streamed.roots, smaller, controls)

    found = with_slower_forms(whole, calls)
    if by_rows:
        rows = stream(whole, calls, forms_of_rows(faster), _peak)
        least = with_slower_forms(rows.streamed, rows.calls)
        if _peak(*least) < arena_peak(found[0].graph, found[1], found[0].roots, controls):
            choices = (rows.faster(least[1], flash), least)  # the first of equals
            found = min(choices, key=lambda c: placed(c[0], c[1], controls)[1][1])
    streamed, calls = found
    return streamed, faster_forms(
        streamed, calls, instead, lambda trial: placed(streamed, trial, controls)[1][1], flash
    )


def placed(
    streamed: Streamed, calls: Sequence[KernelCall], controls: Sequence[Control]
) -> tuple[Sequence[Buffer], tuple[tuple[Placement, ...], int]]:
    """The buffers, with outputs over inputs or not, where they lie, and the arena's size."""
    choices = buffer_choices(streamed.graph, calls, streamed.roots, controls)
    return min(
        ((buffers, place(buffers)) for buffers in choices),
        key=lambda choice: choice[1][1],
    )


def _peak(streamed: Streamed, calls: Sequence[KernelCall]) -> tuple[int, int]:
    return arena_peak(streamed.graph, calls, streamed.roots, ())


def forms_of_rows(faster: Faster) -> Forms:
    """All forms of an operator of which some rows are asked, the one to take first."""

    def forms(context: OperatorContext) -> list[KernelCall]:
        form = fitting_form(forms_of(context.operator.kind), context)
        if isinstance(form, str):
            return []
        found = list(all_forms(context, faster))
        return [found[0], *found[:-1]]

    return forms


def streamed_operators(streamed: Streamed, calls: Sequence[KernelCall]) -> frozenset[int]:
    """The operators of which some call reads or writes rows alone."""
    return frozenset(call.operator for call in calls if is_part(streamed, call))
