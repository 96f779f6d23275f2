"""The arena as a picture in text: offsets down, steps across."""

from qmcu.compile.plan import Placement, Plan

_ROWS = 24


def draw_arena(plan: Plan) -> str:
    """One column a step (first column: inputs, last: outputs), one row a slice of the arena.

    Each buffer has a letter; `.` is free. A legend with offsets and sizes follows.
    """
    if plan.arena_size == 0:
        return "the arena is empty"
    columns = range(-1, len(plan.calls) + 1)
    rows = min(_ROWS, plan.arena_size)
    letters = [_letter(i) for i in range(len(plan.placements))]
    lines = [f"arena {plan.arena_size} bytes, lower bound {plan.arena_lower_bound}"]
    for row in range(rows):
        start = plan.arena_size * row // rows
        end = plan.arena_size * (row + 1) // rows
        cells = "".join(_cell(plan, letters, column, start, end) for column in columns)
        lines.append(f"{start:>8} |{cells}|")
    lines.append("")
    lines += [
        _legend(letter, placement)
        for letter, placement in zip(letters, plan.placements, strict=True)
    ]
    return "\n".join(lines)


def _letter(index: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return alphabet[index % len(alphabet)]


def _cell(plan: Plan, letters: list[str], step: int, start: int, end: int) -> str:
    covering = [
        (min(end, p.end) - max(start, p.offset), letter)
        for p, letter in zip(plan.placements, letters, strict=True)
        if p.first <= step <= p.last and p.offset < end and p.end > start
    ]
    return max(covering)[1] if covering else "."


def _legend(letter: str, placement: Placement) -> str:
    return (
        f"  {letter} {placement.offset:>8} +{placement.size:<8} "
        f"steps {placement.first}..{placement.last}  {placement.name}"
    )
