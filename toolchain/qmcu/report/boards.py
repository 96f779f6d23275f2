"""A table of boards."""

from collections.abc import Iterable, Sequence

from rich.text import Text

from qmcu.board import Board
from qmcu.builder.fits import Fit, smallest_fit
from qmcu.report.plain import PlainTable, lines_of
from qmcu.shelf import ShelfBoard


def boards_table(boards: Iterable[Board]) -> PlainTable:
    """One row a board, sizes in KiB; below it, why nothing runs some of them."""
    boards = list(boards)
    table = PlainTable("board", "title", "core", "FPU", caption=_not_emulated(boards))
    table.add_numbers("flash KiB", "RAM KiB")
    table.add_column("outside")
    table.add_numbers("MHz")
    table.add_column("emulators")
    for board in boards:
        table.add_row(
            board.name,
            board.title,
            board.core.cpu,
            board.core.fpu or "-",
            f"{board.flash.size // 1024:,}",
            f"{board.ram.size // 1024:,}",
            _outside(board),
            f"{board.clock_hz / 1e6:g}",
            ", ".join(board.emulators) or "-",
        )
    return table


def _outside(board: Board) -> str:
    """The external memories, in MiB."""
    words = {"flash": "flash", "ram": "RAM"}
    return ", ".join(f"{m.size >> 20} MiB {words[m.kind]}" for m in board.external) or "-"


def fits_table(fits: Sequence[Fit]) -> PlainTable:
    """One row a board, the smallest first, sizes in bytes."""
    table = PlainTable("board")
    table.add_numbers("flash", "RAM", "used flash", "used RAM")
    table.add_column("fits")
    table.add_column("how")
    for fit in fits:
        how = "built" if fit.built else "compiled: constants; arena and stack reserve"
        if fit.optimize != "balanced":
            how = f"{how}, --optimize {fit.optimize}"
        if fit.place:
            how = f"{how}, {fit.place}: {_outside_use(fit)}"
        least = "" if fit.built else "at least "
        used = (f"{least}{fit.flash:,}", f"{least}{fit.ram:,}") if fit.fits else ("", "")
        table.add_row(
            fit.board, f"{fit.flash_size:,}", f"{fit.ram_size:,}", *used,
            "yes" if fit.fits else "no", how if fit.fits else fit.problem,
        )  # fmt: skip
    return table


def _outside_use(fit: Fit) -> str:
    uses = (("flash", fit.external_flash), ("RAM", fit.external_ram))
    return ", ".join(f"external {name} {used:,}" for name, used in uses if used)


def smallest(fits: Sequence[Fit]) -> str:
    """The smallest board that fits, in a sentence."""
    best = smallest_fit(fits)
    if best is None:
        return "it fits on no board; take a smaller model."
    if best.place:
        return (
            f"it fits in no board's own memories; {best.board} with {best.place} takes it: "
            f"{_outside_use(best)} bytes."
        )
    return (
        f"the smallest that fits: {best.board}, with {best.flash_size - best.flash:,} bytes of "
        f"flash and {best.ram_size - best.ram:,} of RAM to spare."
    )


def _not_emulated(boards: Iterable[Board]) -> Text | None:
    lines = [
        f"{board.name} is built, and no emulator runs it: {board.not_emulated}."
        for board in boards
        if board.not_emulated
    ]
    return lines_of(*lines) if lines else None


def shelf_table(boards: Sequence[ShelfBoard], states: Sequence[str]) -> PlainTable:
    """One row a board of a shelf, with what it can and who has it."""
    table = PlainTable("name", "board", "target", "commands", "state")
    for board, state in zip(boards, states, strict=True):
        commands = [name for name in ("flash", "power_cycle") if getattr(board, name)]
        table.add_row(board.name, board.board, board.target, ", ".join(commands) or "-", state)
    return table
