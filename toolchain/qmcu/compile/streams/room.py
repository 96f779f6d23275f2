"""How small the arena could be with a range of layers streamed, before it is tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.memory import Streamed, distance_behind, rings, row_size
from qmcu.compile.streams.rows import Step


@dataclass(frozen=True)
class Room:
    """The bytes that live at each call, how many of them its output saves by lying over an input,
    and of each buffer its size, first and last call."""

    live: tuple[int, ...]
    overlaid: tuple[int, ...]
    buffers: Mapping[int, tuple[int, int, int]]
    streamed: Streamed

    @classmethod
    def of(cls, streamed: Streamed, calls: Sequence[KernelCall]) -> "Room":
        """Of calls as they are; an output that may lie over its input counts once."""
        graph, roots = streamed.graph, streamed.roots
        end = len(calls)
        first = {roots[i]: -1 for i in graph.inputs}
        last = dict(first)
        for step, call in enumerate(calls):
            for t in (*call.reads, *call.writes):
                if not graph.tensors[t].is_variable:
                    first.setdefault(roots[t], step)
                    last[roots[t]] = step
        last.update({roots[t]: end for t in graph.outputs if roots[t] in last})
        buffers = {r: (graph.tensors[r].size, first[r], last[r]) for r in first}
        live = [call.scratch_size for call in calls]
        for size, start, stop in buffers.values():
            for step in range(max(start, 0), min(stop + 1, end)):
                live[step] += size
        overlaid = []
        for step, call in enumerate(calls):
            pairs = ((roots[a], roots[b]) for a, b in call.may_overlay)
            over = [(buffers[a], buffers[b]) for a, b in pairs if a != b]
            overlaid.append(max((min(a[0], b[0]) for a, b in over if a[2] == step), default=0))
        return cls(tuple(live), tuple(overlaid), buffers, streamed)

    def bound(
        self, first: int, last: int, steps: Sequence[Step], kept: frozenset[int]
    ) -> tuple[int, int]:
        """About the least peak with calls [first, last) as `steps`, anywhere and while these run.

        Scratch within the range is left out.
        """
        graph, roots = self.streamed.graph, self.streamed.roots
        written = {s.of.output for s in steps}
        whole = kept | {t for s in steps for t in s.of.inputs if t not in written}
        held = rings(steps, whole)
        inside = sum(rows * row_size(graph.tensors[t]) for t, rows in held.items())
        own = {roots[t] for t in whole}
        gone = own | {roots[t] for t in written - kept}
        inside += sum(
            size
            for r, (size, start, stop) in self.buffers.items()
            if r not in gone and start < first and stop >= last
        )
        inside += sum(graph.tensors[r].size for r in own)
        outside = [n - over for n, over in zip(self.live, self.overlaid, strict=True)]
        apart = max(inside, *outside[:first], *outside[last:], 0)
        source, target = steps[0].of.inputs[0], steps[-1].of.output
        size, start, stop = self.buffers[roots[source]]
        if stop >= last or steps[-1].of.sums:
            return apart, inside
        if start >= 0:
            # What is laid over a tensor at another place has that tensor lie over nothing.
            outside[start] += self.overlaid[start]
        distance = distance_behind(self.streamed, steps, source, target)
        inside -= min(size, graph.tensors[target].size - distance)
        over = max(inside, *outside[:first], *outside[last:], 0)
        return min((apart, inside), (over, inside))
