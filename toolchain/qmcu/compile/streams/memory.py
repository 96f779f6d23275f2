"""Where the rows of streamed layers lie: rings of rows, rows of whole tensors, outputs over inputs.

A tensor between two streamed operators never exists as a whole. Its rows lie in a buffer of their
own from the moment they are computed until the last operator that reads them has; what the next
rows need of the earlier ones is moved to the buffer's start first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from qmcu.compile.lifetimes import ALIGNMENT, aligned
from qmcu.compile.plan import KernelCall, Part
from qmcu.compile.streams.rows import Step
from qmcu.model.graph import Graph, Tensor


@dataclass(frozen=True)
class Streamed:
    """A graph and its tensors' buffers, with rows of tensors as tensors of their own.

    `roots` maps each tensor to the one whose buffer it lies in, `places` says at which byte where
    that is not its start, `parts` of which tensor it is which rows. `buffers` are tensors that
    stand for a buffer alone.
    """

    graph: Graph
    roots: Mapping[int, int]
    places: Mapping[int, int]
    parts: Mapping[int, Part]
    buffers: frozenset[int] = frozenset()


def plain(graph: Graph, roots: Mapping[int, int]) -> Streamed:
    """A graph of which nothing is streamed."""
    return Streamed(graph, roots, {}, {})


@dataclass(frozen=True)
class Move:
    """Rows that are kept go to the start of their buffer; both are indices of tensors."""

    source: int
    target: int
    size: int


@dataclass(frozen=True)
class Placed:
    """A step with the tensors of its rows: what it reads, by the whole tensor, and what it writes.

    `move` goes before it. With `over` the output lies over the first rows that it reads. `sums` are
    those before it, None at first, and those after it, where it adds rows up.
    """

    step: Step
    reads: Mapping[int, int]
    write: int
    move: Move | None
    sums: tuple[int | None, int] | None = None
    over: bool = False


class Unaligned(Exception):
    """Rows would begin at a byte that no kernel may load a word from."""


def row_size(tensor: Tensor) -> int:
    """The bytes of one row of an image."""
    return tensor.size // tensor.shape[1]


def place_rows(
    before: Streamed,
    steps: Sequence[Step],
    kept: frozenset[int],
    over: frozenset[int] = frozenset(),
) -> tuple[Streamed, tuple[Placed, ...]]:
    """The steps with their rows' tensors; what is in `kept` lies in memory as a whole.

    The steps at the places `over` may write over the first rows that they read, where nobody reads
    these afterwards. Raises Unaligned.
    """
    rows = _Rows(before, steps, kept, over)
    placed = tuple(rows.placed(at) for at in range(len(steps)))
    return rows.result(), placed


def kept_from(steps: Sequence[Step]) -> list[int]:
    """For each step the first row of what it writes, or of what was, that a later step reads."""
    read: dict[int, int] = {}
    kept: list[int] = []
    for step in reversed(steps):
        kept.append(min(read.get(step.of.output, step.first), step.first))
        for t in step.of.inputs:
            read[t] = min(read.get(t, step.needs[0]), step.needs[0])
    return kept[::-1]


def rings(steps: Sequence[Step], whole: frozenset[int]) -> dict[int, int]:
    """The tensors beside `whole` ones of which rows are kept, with the most rows held at once."""
    most: dict[int, int] = {}
    found: set[int] = set()
    for step, kept in zip(steps, kept_from(steps), strict=True):
        t = step.of.output
        most[t] = max(most.get(t, 0), step.last - kept)
        if kept < step.first and t not in whole:
            found.add(t)
    return {t: most[t] for t in found}


class _Rows:
    """The tensors that are added, and which rows of what lie where, step by step."""

    def __init__(
        self,
        before: Streamed,
        steps: Sequence[Step],
        kept: frozenset[int],
        over: frozenset[int],
    ) -> None:
        self._before, self._steps, self._over = before, steps, over
        self._whole = kept | {t for s in steps for t in s.of.inputs}
        self._whole -= {s.of.output for s in steps} - kept
        self._tensors = list(before.graph.tensors)
        self._roots, self._places = dict(before.roots), dict(before.places)
        self._parts, self._buffers = dict(before.parts), set(before.buffers)
        self._kept = kept_from(steps)
        self._rings = rings(steps, frozenset(self._whole))
        # Of each tensor that is not whole: its buffer and the row at that buffer's start.
        self._now: dict[int, tuple[int, int]] = {}
        self._known: dict[tuple[int, int, int, int], int] = {}
        self._sums: dict[int, int] = {}
        # Tensors whose rows lie over those of a ring, whose it is, and the tensors of these rows.
        self._guests: dict[int, int] = {}
        self._guest_rows: set[int] = set()

    def result(self) -> Streamed:
        graph = replace(self._before.graph, tensors=tuple(self._tensors))
        return Streamed(graph, self._roots, self._places, self._parts, frozenset(self._buffers))

    def placed(self, at: int) -> Placed:
        step = self._steps[at]
        start, end = step.needs
        reads = {t: self._window(t, start, end) for t in step.of.inputs}
        if step.of.sums:
            return Placed(step, reads, step.of.output, None, self._added(step.of.output))
        move = self._make_room(at)
        write = self._window(step.of.output, step.first, step.last)
        return Placed(step, reads, write, move, over=write in self._guest_rows)

    def _added(self, t: int) -> tuple[int | None, int]:
        """The channels' sums for the mean `t` as they are and, in a new tensor, will be."""
        before = self._sums.get(t)
        shape = (self._tensors[t].elements,)
        sums = replace(self._tensors[t], shape=shape, dtype="int32", quantization=None)
        self._sums[t] = self._add(replace(sums, name=f"{sums.name}_sums"), None)
        return before, self._sums[t]

    def _make_room(self, at: int) -> Move | None:
        step, kept = self._steps[at], self._kept[at]
        t = step.of.output
        if t in self._whole:
            return None
        if t not in self._rings:
            self._guests.pop(t, None)
            there = self._dead_rows(at)
            self._now[t] = there or self._new(t, step.first, step.last), step.first
            return None
        if t not in self._now:
            ring = self._add(self._image(t, self._rings[t]), None)
            self._buffers.add(ring)
            self._now[t] = ring, kept
        ring, base = self._now[t]
        self._now[t] = ring, kept
        if kept == base or kept == step.first:
            return None
        source = self._part(t, kept, step.first, ring, (kept - base) * self._row(t))
        target = self._part(t, kept, step.first, ring, 0)
        return Move(source, target, (step.first - kept) * self._row(t))

    def _dead_rows(self, at: int) -> int | None:
        """The output of a step over the first rows that it reads, or None where it needs room.

        They lie in a ring, as rows of its tensor or over such; no later step reads them, and the
        output is read before the ring moves.
        """
        step = self._steps[at]
        source, t = step.of.inputs[0], step.of.output
        ring = source if source in self._rings else self._guests.get(source)
        if at not in self._over or ring is None:
            return None
        later = self._steps[at + 1 :]
        start, end = step.needs
        still = min((s.needs[0] for s in later if source in s.of.inputs), default=end)
        if (min(still, end) - start) * self._row(source) < (step.last - step.first) * self._row(t):
            return None
        moved = next((i for i, s in enumerate(later) if s.of.output == ring), len(later))
        if any(t in s.of.inputs and s.needs[0] < step.last for s in later[moved:]):
            return None
        buffer, base = self._now[source]
        place = self._places.get(buffer, 0) + (start - base) * self._row(source)
        index = self._part(t, step.first, step.last, self._roots[buffer], place)
        self._guests[t] = ring
        self._guest_rows.add(index)
        return index

    def _window(self, t: int, first: int, last: int) -> int:
        """The tensor of rows [first, last) of tensor `t`, where they lie now."""
        if t in self._whole:
            place = self._places.get(t, 0) + first * self._row(t)
            return self._part(t, first, last, self._roots[t], place)
        buffer, base = self._now[t]
        if t not in self._rings and self._tensors[buffer].shape[1] == last - first:
            return buffer
        place = self._places.get(buffer, 0) + (first - base) * self._row(t)
        return self._part(t, first, last, self._roots[buffer], place)

    def _part(self, t: int, first: int, last: int, root: int, place: int) -> int:
        key = (t, first, last, place)
        if place % ALIGNMENT:
            raise Unaligned
        if (t in self._rings or t in self._whole) and key in self._known:
            return self._known[key]
        index = self._new(t, first, last)
        self._roots[index], self._places[index] = root, place
        self._known[key] = index
        return index

    def _new(self, t: int, first: int, last: int) -> int:
        return self._add(self._image(t, last - first), Part(t, first))

    def _image(self, t: int, rows: int) -> Tensor:
        like = self._tensors[t]
        return replace(like, shape=(1, rows, *like.shape[2:]))

    def _add(self, tensor: Tensor, part: Part | None) -> int:
        index = len(self._tensors)
        self._tensors.append(replace(tensor, index=index))
        self._roots[index] = index
        if part is not None:
            self._parts[index] = part
        return index

    def _row(self, t: int) -> int:
        return row_size(self._tensors[t])


def distance_behind(before: Streamed, steps: Sequence[Step], source: int, target: int) -> int:
    """How far `source` must lie behind `target` so that what is written was read before."""
    graph, places = before.graph, before.places
    row_in, row_out = row_size(graph.tensors[source]), row_size(graph.tensors[target])
    distance, read = 0, None
    for step in reversed(steps):
        if source in step.of.inputs:
            at = places.get(source, 0) + step.needs[0] * row_in
            read = at if read is None else min(read, at)
        if step.of.output == target and read is not None:
            distance = max(distance, places.get(target, 0) + step.last * row_out - read)
    return aligned(distance)


def lay_over(before: Streamed, steps: Sequence[Step], source: int, target: int) -> Streamed | None:
    """With the whole tensor `target` over `source`, behind whose rows it is written; None if not.

    `source` lies as far behind the start as it must, and no step reads what was written over.
    """
    if steps[-1].of.sums:
        return None  # its output has no rows
    graph, places = before.graph, dict(before.places)
    first_root, second_root = before.roots[source], before.roots[target]
    distance = distance_behind(before, steps, source, target)
    if first_root == second_root or distance >= graph.tensors[target].size:
        return None
    size = max(distance + graph.tensors[first_root].size, graph.tensors[second_root].size)
    buffer = replace(
        graph.tensors[source], index=len(graph.tensors), shape=(size,), dtype="int8", data=None
    )
    # Names of the same bytes stay side by side.
    groups = {
        r: [t for t, root in before.roots.items() if root == r] for r in (first_root, second_root)
    }
    moved = dict.fromkeys((*groups[first_root], *groups[second_root], buffer.index), buffer.index)
    roots = {t: root for t, root in before.roots.items() if t not in moved} | moved
    if distance:
        places |= {t: places.get(t, 0) + distance for t in groups[first_root]}
    return replace(
        before,
        graph=replace(graph, tensors=(*graph.tensors, buffer)),
        roots=roots,
        places=places,
        buffers=before.buffers | {buffer.index},
    )


def with_overlays(call: KernelCall, streamed: Streamed) -> KernelCall:
    """The call without leave to lie over tensors whose place in a buffer is settled.

    Over a whole tensor at the start of its buffer an output may lie, and end beside it; over rows
    that nobody reads any more it was placed.
    """
    roots, places, buffers = streamed.roots, streamed.places, streamed.buffers
    settled = (t for trail in call.may_trail for t in trail[:2])
    if any(places.get(t) or t in streamed.parts or roots[t] in buffers for t in settled):
        call = replace(call, may_trail=())
    if call.kernel == "move_rows" or not call.may_overlay:
        return call
    pairs = tuple(
        (source, target)
        for source, target in call.may_overlay
        if _over_rows(streamed, source, target)
        or (
            not places.get(source)
            and not (source in streamed.parts and roots[source] in buffers)
            and not places.get(target)
            and roots[target] not in buffers
        )
    )
    return call if pairs == call.may_overlay else replace(call, may_overlay=pairs)


def _over_rows(streamed: Streamed, source: int, target: int) -> bool:
    """Whether rows were placed over others that they are made of."""
    parts, roots = streamed.parts, streamed.roots
    return source in parts and target in parts and roots[source] == roots[target]
