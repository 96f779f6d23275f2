"""Which layers one after another can be streamed, how many rows at a time, and what that adds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.cost import BYTE, CALL
from qmcu.compile.streams.memory import Streamed, row_size
from qmcu.compile.streams.rows import Step, row_operators, steps_of
from qmcu.model.graph import Graph

# Rows of the last layer at a time, layers in a range.
_ROWS = (1, 2, 3, 4, 6, 8, 12, 16)
_MOST_LAYERS = 20


@dataclass(frozen=True)
class Range:
    """Calls [first, last) and the steps that they become."""

    first: int
    last: int
    rows: int
    steps: tuple[Step, ...]
    kept: frozenset[int]

    @property
    def layers(self) -> tuple[int, int]:
        """The calls that it is of."""
        return self.first, self.last


def trade_of(calls: Sequence[KernelCall], candidate: Range) -> str:
    """In words, what is computed how many rows at a time."""
    names = f"{calls[candidate.first].layer} to {calls[candidate.last - 1].layer}"
    output, rows = candidate.steps[-1].of.heights[1], candidate.rows
    return (
        f"{names} by {rows} of {output} rows at a time, {len(candidate.steps)} calls instead of "
        f"{candidate.last - candidate.first}"
    )


def ranges_of(
    streamed: Streamed, calls: Sequence[KernelCall], starts: Sequence[int] | None = None
) -> Iterator[Range]:
    """All ranges that can be streamed; only those from `starts` on, where these are given."""
    operators = row_operators(streamed.graph, calls, streamed.parts)
    for first in range(len(calls)) if starts is None else starts:
        for last in range(first + 2, min(len(calls), first + _MOST_LAYERS) + 1):
            chain = operators[first:last]
            if chain[-1] is None:
                break
            if first + 2 == last and chain[0] is None:
                break
            whole = [o for o in chain if o is not None]
            if any(o.sums for o in whole[:-1]):
                break
            kept = _kept(streamed, calls, first, last)
            if kept is None:
                continue
            for rows in _ROWS:
                height = whole[-1].heights[1]
                if 2 * rows > height:
                    continue
                # What is left over comes last, or first: there it can lie over no rows read before.
                for begin in sorted({rows, height % rows or rows}, reverse=True):
                    yield Range(first, last, rows, steps_of(whole, kept, rows, begin), kept)


def _kept(
    streamed: Streamed, calls: Sequence[KernelCall], first: int, last: int
) -> frozenset[int] | None:
    """The outputs within the range that are read elsewhere, or None where all or none is.

    None, too, where a tensor is read under another name than it is written under.
    """
    roots, graph = streamed.roots, streamed.graph
    inside, outside = calls[first:last], (*calls[:first], *calls[last:])
    written = {t for c in inside for t in c.writes}
    elsewhere = {roots[t] for c in outside for t in (*c.reads, *c.writes)}
    elsewhere |= {roots[t] for t in (*graph.outputs, *graph.inputs)}
    by_root = {roots[t] for t in written}
    if any(roots[t] in by_root and t not in written for c in inside for t in c.reads):
        return None
    kept = frozenset(t for t in written if roots[t] in elsewhere)
    read = {t for c in inside for t in c.reads}
    if written - kept - read or calls[last - 1].writes[0] not in kept:
        return None
    return kept if len(kept) < len(written) else None


def overhead(graph: Graph, candidate: Range) -> float:
    """Instructions that streaming adds, about: calls, rows that are laid out again or moved."""
    cost, seen = 0.0, set()
    for step in candidate.steps:
        if step.of.output in seen:
            again = max(step.of.extent - step.of.stride, 0)
            cost += CALL + 2 * BYTE * again * row_size(graph.tensors[step.of.inputs[0]])
        seen.add(step.of.output)
    return cost
