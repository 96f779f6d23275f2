"""From kernel calls to buffers: which tensors share bytes, and from when to when each must live."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from qmcu.compile.plan import Control, KernelCall, TensorArgument
from qmcu.model.graph import Graph

# Of every buffer's offset, in bytes: kernels may load words.
ALIGNMENT = 4
_ALIGNMENTS = {"int64": 8, "uint64": 8}
STATE_ALIGNMENT = 8


@dataclass(frozen=True)
class Buffer:
    """Bytes that must be kept from step `first` to step `last` (both included), not yet placed.

    `tensors` share the bytes (aliases, or an output written over its input); empty for scratch.
    Where a buffer that ends as this one begins has the tensor `over`, and begins at least
    `distance` bytes behind this one's start, the two may share bytes. `tail` bytes behind it must
    lie in the arena, whatever is there.
    """

    name: str
    tensors: tuple[int, ...]
    size: int
    first: int
    last: int
    alignment: int = ALIGNMENT
    over: int | None = None
    distance: int = 0
    tail: int = 0

    def meets(self, other: "Buffer") -> bool:
        """True when both must live at some same step."""
        return self.first <= other.last and other.first <= self.last


def alias_roots(graph: Graph, aliased: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Map every tensor to the first tensor of its alias group, given (input, output) pairs."""
    roots = {tensor.index: tensor.index for tensor in graph.tensors}
    for source, target in aliased:
        roots[target] = roots[source]
    return roots


def live_buffers(
    graph: Graph,
    calls: Sequence[KernelCall],
    roots: Mapping[int, int],
    *,
    overlay: bool,
    controls: Sequence[Control] = (),
) -> tuple[Buffer, ...]:
    """The buffers that one inference needs, in the order in which they come to life.

    Branches lie side by side in time, as if all were run; what `controls` decide by is kept until
    then. With `overlay`, an output is laid over an input that nobody reads later, if its kernel
    allows that for such sizes.
    """
    first: dict[int, int] = {roots[i]: -1 for i in graph.inputs}
    last: dict[int, int] = dict(first)
    for step, call in enumerate(calls):
        for tensor in _in_arena(graph, call.reads):
            last[roots[tensor]] = step
        for tensor in _in_arena(graph, call.writes):
            first.setdefault(roots[tensor], step)
            last[roots[tensor]] = max(last.get(roots[tensor], step), step)
    for control in controls:
        if not graph.tensors[control.condition].is_variable:
            root = roots[control.condition]
            last[root] = max(last[root], control.decided - 1)
    _keep_through_loops(first, last, controls)
    for tensor in graph.outputs:
        last[roots[tensor]] = len(calls)

    groups = {root: [root] for root in first}
    if overlay:
        _merge_overlays(graph, calls, roots, groups, last)
    members: dict[int, list[int]] = {}
    for tensor, root in roots.items():
        if root in first:
            members.setdefault(root, []).append(tensor)

    buffers = [
        Buffer(
            name=graph.tensors[group[0]].name,
            tensors=tuple(t for root in group for t in members[root]),
            size=max(graph.tensors[root].size for root in group),
            first=min(first[root] for root in group),
            last=max(last[root] for root in group),
            alignment=max(
                _ALIGNMENTS.get(graph.tensors[t].dtype, ALIGNMENT)
                for root in group
                for t in members[root]
            ),
        )
        for group in groups.values()
    ]
    buffers = list(_with_trails(graph, calls, buffers))
    buffers += [
        Buffer(f"{call.layer}_scratch", (), call.scratch_size, step, step)
        for step, call in enumerate(calls)
        if call.scratch_size
    ]
    return tuple(sorted(buffers, key=lambda b: (b.first, b.last, -b.size, b.name)))


def buffer_choices(
    graph: Graph,
    calls: Sequence[KernelCall],
    roots: Mapping[int, int],
    controls: Sequence[Control] = (),
) -> Iterator[tuple[Buffer, ...]]:
    """The buffers with outputs over inputs, with none, with those alone that are no larger than
    their input, and with those alone that cannot trail.

    Overlaying couples two lifetimes, so it can cost room: an input as large as what grows out of it
    is so for as long as it lives; an output that may begin where its input does, as a trail, leaves
    them apart.
    """
    yield live_buffers(graph, calls, roots, overlay=True, controls=controls)
    yield live_buffers(graph, calls, roots, overlay=False, controls=controls)
    apart = [_trailing_alone(call) for call in calls]
    if apart != list(calls):
        yield live_buffers(graph, apart, roots, overlay=True, controls=controls)
    no_larger = [_without_growth(graph, call) for call in calls]
    if no_larger != list(calls):
        yield live_buffers(graph, no_larger, roots, overlay=True, controls=controls)


def _without_growth(graph: Graph, call: KernelCall) -> KernelCall:
    """The call without what it may overlay with an output larger than the input."""
    tensors = graph.tensors
    kept = tuple(p for p in call.may_overlay if tensors[p[1]].size <= tensors[p[0]].size)
    return call if kept == call.may_overlay else replace(call, may_overlay=kept)


def _trailing_alone(call: KernelCall) -> KernelCall:
    """The call without what it may overlay and may trail at no distance as well."""
    at_once = {(source, target) for source, target, distance in call.may_trail if distance == 0}
    kept = tuple(pair for pair in call.may_overlay if pair not in at_once)
    return call if kept == call.may_overlay else replace(call, may_overlay=kept)


def _with_trails(
    graph: Graph, calls: Sequence[KernelCall], buffers: Sequence[Buffer]
) -> Iterator[Buffer]:
    """The buffers with what they may lie over as they begin, and with what is read behind them."""
    homes = {tensor: buffer for buffer in buffers for tensor in buffer.tensors}
    overs: dict[int, tuple[int, int]] = {}
    tails: dict[int, int] = {}
    for step, call in enumerate(calls):
        for tensor in _in_arena(graph, call.reads) if call.overread else ():
            home = homes[tensor]
            tail = graph.tensors[tensor].size + call.overread - home.size
            tails[id(home)] = max(tails.get(id(home), 0), tail)
        for source, target, distance in call.may_trail:
            if source not in homes or target not in homes:
                continue
            before, home = homes[source], homes[target]
            read_once = sum(homes.get(t) is before for t in call.reads) == 1
            if before.last == home.first == step and read_once and not _reads_later(call, source):
                overs[id(home)] = (source, distance)
    for buffer in buffers:
        over, distance = overs.get(id(buffer), (None, 0))
        yield replace(buffer, over=over, distance=distance, tail=tails.get(id(buffer), 0))


def _reads_later(call: KernelCall, source: int) -> bool:
    """Whether a pass reads an input after the output was written."""
    arguments = (a for p in call.passes for a in p.arguments)
    return any(isinstance(a, TensorArgument) and a.tensor == source for a in arguments)


def _keep_through_loops(
    first: Mapping[int, int], last: dict[int, int], controls: Sequence[Control]
) -> None:
    """What a loop is given and reads is read in its next round again: it lives until its end."""
    loops = [c for c in controls if c.kind == "WHILE"]
    for loop in sorted(loops, key=lambda c: c.last - c.first):
        for root, step in last.items():
            if first[root] < loop.first <= step < loop.last:
                last[root] = loop.last - 1


def _in_arena(graph: Graph, tensors: Iterable[int]) -> list[int]:
    """Those that are no states, which have memory of their own."""
    return [t for t in tensors if not graph.tensors[t].is_variable]


def place_states(graph: Graph, calls: Sequence[KernelCall]) -> tuple[dict[int, int], int]:
    """The offset of every variable that the calls use in the states' memory, and its size.

    Behind the last there is room for what a kernel may load and ignore.
    """
    used = {t for call in calls for t in (*call.reads, *call.writes)}
    offsets: dict[int, int] = {}
    size = 0
    for tensor in (graph.tensors[t] for t in sorted(used) if graph.tensors[t].is_variable):
        offsets[tensor.index] = aligned(size, STATE_ALIGNMENT)
        size = offsets[tensor.index] + tensor.size
    ends = (
        offsets[t] + graph.tensors[t].size + call.overread
        for call in calls
        for t in call.reads
        if t in offsets
    )
    return offsets, max(size, *ends, 0)


def _merge_overlays(
    graph: Graph,
    calls: Sequence[KernelCall],
    roots: Mapping[int, int],
    groups: dict[int, list[int]],
    last: Mapping[int, int],
) -> None:
    owner = {root: root for root in groups}
    for step, call in enumerate(calls):
        for source, target in call.may_overlay:
            source_root, target_root = roots[source], roots[target]
            if source_root not in owner:
                continue
            smaller = graph.tensors[target].size <= graph.tensors[source].size
            dies_here = last[source_root] == step
            read_once = sum(roots[t] == source_root for t in call.reads) == 1
            if not (
                (smaller or call.overlay_grows)
                and dies_here
                and read_once
                and target_root in groups
            ):
                continue
            if owner[source_root] == target_root:
                continue
            keeper = owner[source_root]
            groups[keeper] += groups.pop(target_root)
            for root in groups[keeper]:
                owner[root] = keeper
            break


def lower_bound(buffers: Sequence[Buffer]) -> int:
    """The largest sum of live buffers at any step, at aligned offsets: no arena is smaller."""
    return max(live_bytes(buffers), default=0)


def live_bytes(buffers: Sequence[Buffer]) -> list[int]:
    """The least room, at aligned offsets, for the buffers that live at each step, from -1 on.

    The last one needs no padding behind it: best is the one that would waste most.
    """
    steps = max((b.last for b in buffers), default=-2) + 2
    # What changes at each step: the bytes, and how many buffers waste 1, 2 and 3 of them.
    changes = np.zeros((ALIGNMENT, steps + 1), np.int64)

    def change(size: int, first: int, last: int, sign: int = 1) -> None:
        room = aligned(size)
        for at, way in ((first + 1, sign), (last + 2, -sign)):
            changes[0, at] += way * room
            if room > size:
                changes[room - size, at] += way

    homes = {tensor: buffer for buffer in buffers for tensor in buffer.tensors}
    for buffer in buffers:
        change(buffer.size, buffer.first, buffer.last)
        if buffer.over is not None:
            before, at = homes[buffer.over], buffer.first
            both = max(aligned(buffer.distance) + before.size, buffer.size)
            if both < before.size + buffer.size:
                change(before.size, at, at, -1)
                change(buffer.size, at, at, -1)
                change(both, at, at)
    live = np.cumsum(changes, axis=1)[:, :steps]
    wasted = np.zeros(steps, np.int64)
    for waste in range(1, ALIGNMENT):
        wasted[live[waste] > 0] = waste
    return [int(n) for n in live[0] - wasted]


def aligned(size: int, alignment: int = ALIGNMENT) -> int:
    """`size` rounded up to a multiple of `alignment`."""
    return -(-size // alignment) * alignment
