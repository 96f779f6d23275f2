"""Budgets of flash and RAM, and the settings that are tried until a firmware keeps to one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from qmcu.board import Board
from qmcu.builder.firmware import BuildOptions, build_firmware
from qmcu.builder.memory import MemoryReport
from qmcu.builder.several import Several
from qmcu.errors import DoesNotFitError, UsageError

# In the order in which they are tried when something does not fit.
SMALLER_SETTINGS = ("balanced", "size", "ram")
_UNITS = {"": 1, "K": 1024, "M": 1024 * 1024}
_PART = re.compile(r"(flash|ram)=(\d+)([KM]?)", re.IGNORECASE)


@dataclass(frozen=True)
class Budget:
    """The most bytes of the chip's flash and RAM that a firmware may take; None is no bound."""

    flash: int | None = None
    ram: int | None = None

    def excess(self, report: MemoryReport) -> tuple[str, ...]:
        """What of `report` is over the budget, in words; empty where it keeps to it."""
        bounds = (("flash", self.flash), ("RAM", self.ram))
        return tuple(
            f"{kind} {used:,} of {bound:,} bytes, {used - bound:,} too many"
            for kind, bound in bounds
            if bound is not None and (used := report.used(kind)) > bound
        )


def parse_budget(text: str) -> Budget:
    """The budget of `flash=512K,ram=64K`, either or both. Raises UsageError."""
    bounds: dict[str, int] = {}
    for part in text.split(","):
        match = _PART.fullmatch(part.strip())
        if match is None or match[1].lower() in bounds:
            raise UsageError(
                f"--budget {text}: give flash=BYTES, ram=BYTES or both, as 512K or 1M."
            )
        bounds[match[1].lower()] = int(match[2]) * _UNITS[match[3].upper()]
    return Budget(**bounds)


@dataclass(frozen=True)
class Built:
    """A firmware that was built: by which options, what of the budget it breaks, what was tried.

    `tried` says why each setting before the one in `options` was left.
    """

    report: MemoryReport
    options: BuildOptions
    excess: tuple[str, ...]
    tried: tuple[str, ...]


def build_within(
    model: Path | Several,
    board: Board,
    directory: Path,
    options: BuildOptions,
    budget: Budget | None = None,
    *,
    settle: bool = True,
) -> Built:
    """Build by `options`; where that does not fit, by smaller settings, the first that does.

    What does not fit is the board's memories or the `budget`. Only native kernels have settings
    and, with `settle`, are tried by others than `options.optimize`. Where none keeps to the budget
    the firmware is the one of `options`. Raises as `build_firmware`: DoesNotFitError when no
    setting fits the board.
    """
    bounds = budget or Budget()
    tried: list[str] = []
    refused: DoesNotFitError | None = None
    over: Built | None = None
    for choice in _choices(replace(options, flash=bounds.flash), settle):
        try:
            report = build_firmware(model, board, directory, choice)
        except DoesNotFitError as error:
            refused = refused or error
            tried.append(f"{choice.optimize}: {error.shortage or error}")
            continue
        excess = bounds.excess(report)
        if not excess:
            return Built(report, choice, (), tuple(tried))
        tried.append(f"{choice.optimize}: over budget, {'; '.join(excess)}")
        if over is None:
            over = Built(report, choice, excess, ())
        written = choice
    if over is None:
        assert refused is not None
        if len(tried) == 1:
            raise refused
        text = f"{str(refused).rstrip('.')}; --optimize size and ram do not fit either."
        raise DoesNotFitError(text, refused.shortage, refused.over) from refused
    if written is not over.options:  # the folder holds the last that was built
        build_firmware(model, board, directory, over.options)
    return replace(over, tried=tuple(tried))


def _choices(options: BuildOptions, settle: bool) -> Iterator[BuildOptions]:
    yield options
    if settle and options.kernels == "native":
        others = (name for name in SMALLER_SETTINGS[1:] if name != options.optimize)
        yield from (replace(options, optimize=name) for name in others)
