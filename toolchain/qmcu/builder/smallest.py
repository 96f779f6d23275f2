"""`--optimize size` is what it says: of what all settings make of a model, the smallest image.

How much code the kernels of a plan take is known when they are linked. So plans are built, with the
compiler options of `size` and with the usual ones, which for some kernels take fewer bytes.
"""

from collections.abc import Callable
from typing import Protocol, Self, TypeVar

from qmcu.builder.classify import Category
from qmcu.builder.memory import MemoryReport
from qmcu.codegen.project import kernel_objects
from qmcu.compile import OPTIMIZATIONS, Plan
from qmcu.compile.flash import total
from qmcu.errors import DoesNotFitError

SIZE = "size"
# Compiler options: those of this setting, and those of all others.
_OPTIONS = (SIZE, "balanced")
# What lists of calls may take less, and other compiler options save.
_MARGIN = 512
_FLASH = ("flash", "external flash")


class Form(Protocol):
    """One or several models compiled for a board."""

    @property
    def plan(self) -> Plan:
        """What all need together."""

    def named(self, optimize: str, flags: str) -> Self:
        """The same as what `optimize` makes, compiled with the options of `flags`."""


F = TypeVar("F", bound=Form)


def smallest(own: F, by: Callable[[str], F], build: Callable[[F], MemoryReport]) -> F:
    """`own`, which `size` makes, or what is smaller, under its name.

    `by(setting)` is what another one makes. What cannot be smaller, by its constants and the
    kernels of `own` that it has no use for, is not built. Forms that do not fit are left out.
    """
    best, least = own, -1
    report: MemoryReport | None = None
    for setting in (SIZE, *(o for o in OPTIMIZATIONS if o != SIZE)):
        try:
            form = own if setting == SIZE else by(setting)
        except DoesNotFitError:
            continue
        if form is not own and _does(form.plan) == _does(own.plan):
            continue
        if form is not own and report and _bound(form.plan, own.plan, report) >= least:
            continue
        for flags in _OPTIONS:
            named = form.named(SIZE, flags)
            try:
                built = build(named)
            except DoesNotFitError:
                continue
            report = report or built
            if least < 0 or flash_used(built) < least:
                best, least = named, flash_used(built)
    return best


def flash_used(report: MemoryReport) -> int:
    """Bytes in the chip's flash and outside."""
    return sum(map(report.used, _FLASH))


def _does(plan: Plan) -> object:
    """What is linked of a plan."""
    return [(call.kernel, call.arguments, call.passes) for call in plan.calls]


def _bound(plan: Plan, own: Plan, report: MemoryReport) -> int:
    """About the least bytes that an image of `plan` can have; `report` is that of `own`."""
    gone = kernel_objects(own) - kernel_objects(plan)
    known = (e for e in report.entries if e.category == Category.KERNEL and e.item in gone)
    code = sum(e.size for e in known) + (report.total(Category.LIBRARY) if gone else 0)
    more = total(plan.calls) - total(own.calls)
    return flash_used(report) + more - code - _MARGIN
