"""What every Plan must keep, whoever made it: checked when one is compiled and when one is read.

A Plan is what the firmware does to its memory. Here it is followed byte by byte, apart from how it
was made: that each tensor has its bytes for as long as it is needed, that a kernel is given nothing
else, and that what it reads is what was last written there. Near linear in the plan's size.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from qmcu.compile.check_rows import MOVE, RowContents, move_problem, overlaps, shared_by_rows
from qmcu.compile.check_sharing import shared_bytes, sharing_problems
from qmcu.compile.lifetimes import ALIGNMENT
from qmcu.compile.plan import (
    C_TYPES,
    STATE,
    Constant,
    ConstantArgument,
    Control,
    KernelCall,
    Placement,
    Plan,
    PlanTensor,
    TensorArgument,
    TensorListArgument,
)

_C_SIZES = {
    "int8_t": 1, "uint8_t": 1, "int16_t": 2, "int32_t": 4, "uint32_t": 4, "int64_t": 8,
    "uint64_t": 8, "uint16_t": 2, "float": 4,
}  # fmt: skip
# The bytes of an element by its type, as the Plan names it.
_ITEM_SIZES = {dtype: _C_SIZES[ctype] for dtype, ctype in C_TYPES.items()}
_C_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def check_plan(plan: Plan) -> None:
    """Raise ValueError, one clause, for the first thing in the plan that cannot be right."""
    for problem in violations(plan):
        raise ValueError(problem)


def violations(plan: Plan) -> Iterator[str]:
    """Everything in the plan that cannot be right, a clause each; later ones build on the first."""
    found = list(_placement_problems(plan))
    found += sharing_problems(plan)
    found += _state_problems(plan)
    found += _tensor_problems(plan)
    yield from found
    if found:
        return  # what follows looks tensors up
    yield from _name_problems(plan.calls)
    yield from _control_problems(plan)
    homes = _Homes.of(plan)
    for step, call in enumerate(plan.calls):
        yield from _argument_problems(call, homes)
        yield from _scratch_problems(step, call, homes)
        yield from _overread_problems(call, plan, homes)
    yield from _content_problems(plan, homes)


@dataclass(frozen=True)
class _Homes:
    """Where everything lies: the placement of each tensor and of each call's scratch, by name."""

    tensors: dict[int, PlanTensor]
    placements: dict[int, Placement]
    scratch: dict[str, Placement]
    by_rows: frozenset[int]
    rows: RowContents

    @classmethod
    def of(cls, plan: Plan) -> "_Homes":
        tensors = {t.index: t for t in plan.tensors}
        placements = {index: p for p in _all_placements(plan) for index in p.tensors}
        scratch = {p.name: p for p in plan.placements if not p.tensors}
        by_rows = shared_by_rows(plan.tensors, placements)
        return cls(tensors, placements, scratch, by_rows, RowContents(tensors))

    def name(self, index: int) -> str:
        return self.tensors[index].name


def _placement_problems(plan: Plan) -> Iterator[str]:
    steps = len(plan.calls)
    if not 0 <= plan.arena_size < 1 << 32:
        yield f"the arena has {plan.arena_size} bytes, which no core addresses"
    for p in plan.placements:
        if p.size < 0 or p.offset < 0 or p.end > plan.arena_size:
            yield f"{p.name} lies at {p.offset} to {p.end}, the arena has {plan.arena_size} bytes"
        if p.offset % ALIGNMENT:
            yield f"{p.name} lies at {p.offset}, no multiple of {ALIGNMENT}"
        if not -1 <= p.first <= p.last <= steps:
            yield f"{p.name} lives from step {p.first} to {p.last} of {steps}"
    if plan.arena_lower_bound > plan.arena_size:
        yield f"the arena of {plan.arena_size} bytes is below its bound {plan.arena_lower_bound}"


def _all_placements(plan: Plan) -> list[Placement]:
    """Those in the arena, and of each state one that lives for ever in the states' memory."""
    sizes = {t.index: t for t in plan.tensors}
    found = (sizes[s.tensor] for s in plan.states if s.tensor in sizes)
    end = len(plan.calls)
    states = [Placement(t.name, (t.index,), t.offset, t.size, -1, end) for t in found]
    return [*plan.placements, *states]


def _state_problems(plan: Plan) -> Iterator[str]:
    tensors = {t.index: t for t in plan.tensors}
    states = {s.tensor for s in plan.states}
    for tensor in plan.tensors:
        if (tensor.space == STATE) != (tensor.index in states):
            yield f"tensor {tensor.name} lies in the {tensor.space} and is a state or is none"
    placed = []
    for state in plan.states:
        home = tensors.get(state.tensor)
        if home is None:
            yield f"state {state.tensor} is not described"
            continue
        placed.append(Placement(home.name, (home.index,), home.offset, home.size, -1, 0))
        if home.offset < 0 or home.offset % ALIGNMENT or home.offset + home.size > plan.state_size:
            end = home.offset + home.size
            yield f"{home.name} lies at {home.offset} to {end} of {plan.state_size} bytes of states"
        if not 0 <= state.fill <= 255 or len(state.initial) not in (0, home.size):
            yield f"{home.name} of {home.size} bytes begins with {len(state.initial)}"
    yield from shared_bytes(placed)


def _tensor_problems(plan: Plan) -> Iterator[str]:
    everything = _all_placements(plan)
    placed = Counter(index for p in everything for index in p.tensors)
    homes = {index: p for p in everything for index in p.tensors}
    known = Counter(t.index for t in plan.tensors)
    by_rows = shared_by_rows(plan.tensors, homes)
    yield from (f"tensor {i} is placed twice" for i, count in placed.items() if count > 1)
    yield from (f"tensor {i} is described twice" for i, count in known.items() if count > 1)
    yield from (f"tensor {i} is placed and not described" for i in placed if i not in known)
    for t in plan.tensors:
        home = homes.get(t.index)
        if home is None:
            yield f"tensor {t.name} has no place"
        elif id(home) in by_rows and home.offset <= t.offset <= home.end - t.size:
            pass  # where it is as it should be, its content tells
        elif t.offset != home.offset or t.size > home.size:
            yield f"tensor {t.name} is not inside its buffer {home.name}"
        size = prod(t.shape) * _ITEM_SIZES.get(t.dtype, 0)
        if t.size != size or size < 0:
            yield f"tensor {t.name} of {t.dtype} {list(t.shape)} has {t.size} bytes"
    used = {i for c in plan.calls for i in (*c.reads, *c.writes)} | {*plan.inputs, *plan.outputs}
    yield from (f"tensor {i} is used and not described" for i in sorted(used) if i not in known)


def _name_problems(calls: Sequence[KernelCall]) -> Iterator[str]:
    layers = Counter(call.layer for call in calls)
    yield from (f"two layers are called {name}" for name, count in layers.items() if count > 1)
    contents: dict[str, Constant] = {}
    for call in calls:
        for name in (call.layer, *call.kernels):
            if not _C_NAME.fullmatch(name):
                yield f"{name!r} is no name in C"
        for constant in (a.constant for a in call.all_arguments if isinstance(a, ConstantArgument)):
            if constant is None:
                continue
            if contents.setdefault(constant.name, constant) != constant:
                yield f"{call.layer}: two constants are called {constant.name}"
            size = _C_SIZES.get(constant.ctype)
            if size is None or constant.size % size:
                yield f"{call.layer}: {constant.size} bytes are no {constant.ctype} numbers"


def _control_problems(plan: Plan) -> Iterator[str]:
    tensors = {t.index: t for t in plan.tensors}
    names = {call.layer for call in plan.calls}
    for number, c in enumerate(plan.controls):
        if c.layer in names or not _C_NAME.fullmatch(c.layer):
            yield f"{c.layer!r} is taken or no name in C"
        names.add(c.layer)
        if c.kind not in ("IF", "WHILE"):
            yield f"{c.layer} is a {c.kind}"
        if not 0 <= c.first <= c.middle <= c.last <= len(plan.calls):
            yield f"{c.layer} is over calls {c.first} to {c.middle} to {c.last}"
        condition = tensors.get(c.condition)
        if condition is None or (condition.dtype, condition.size) != ("bool", 1):
            yield f"{c.layer} decides by tensor {c.condition}, which is no single bool"
        for other in plan.controls[:number]:
            apart = other.last <= c.first or c.last <= other.first
            inside = any(
                first <= other.first and other.last <= last
                for first, last in ((c.first, c.middle), (c.middle, c.last))
            )
            if not apart and not inside:
                yield f"{c.layer} and {other.layer} cross"


def _argument_problems(call: KernelCall, homes: _Homes) -> Iterator[str]:
    given: set[int] = set()
    for argument in call.all_arguments:
        if isinstance(argument, TensorArgument):
            given.add(argument.tensor)
        elif isinstance(argument, TensorListArgument):
            given.update(argument.tensors)
            wanted = call.writes if argument.writes else call.reads
            for index in set(argument.tensors) - set(wanted):
                word = "write" if argument.writes else "read"
                yield f"{call.layer} is given tensor {index}, which it does not {word}"
    used = {*call.reads, *call.writes}
    yield from (f"{call.layer} is given tensor {i} and does not use it" for i in given - used)
    yield from (f"{call.layer} is not given its tensor {homes.name(i)}" for i in used - given)
    yield from _pass_problems(call, homes)


def _pass_problems(call: KernelCall, homes: _Homes) -> Iterator[str]:
    """A pass reads an input after the output was written: they must not share bytes."""
    written = [homes.placements[i] for i in call.writes]
    for step in call.passes:
        read = (a.tensor for a in step.arguments if isinstance(a, TensorArgument))
        for index in {*read} & {*call.reads}:
            if homes.placements[index] in written:
                yield f"{step.kernel} of {call.layer} reads {homes.name(index)}, written over"


def _scratch_problems(step: int, call: KernelCall, homes: _Homes) -> Iterator[str]:
    if not call.scratch_size:
        return
    found = homes.scratch.get(f"{call.layer}_scratch")
    if found is None or found.size < call.scratch_size or not found.first <= step <= found.last:
        yield f"{call.layer} has no room for its {call.scratch_size} bytes of working memory"


def _overread_problems(call: KernelCall, plan: Plan, homes: _Homes) -> Iterator[str]:
    for index in call.reads if call.overread else ():
        tensor = homes.tensors[index]
        end = tensor.offset + tensor.size + call.overread
        room = plan.state_size if tensor.space == STATE else plan.arena_size
        if end > room or call.overread < 0:
            yield (
                f"{call.layer} may load up to {end}, behind {tensor.name}, and the {tensor.space} "
                f"has {room} bytes"
            )


def _content_problems(plan: Plan, homes: _Homes) -> Iterator[str]:
    """Follow one inference: what every read finds in its buffer, and what writes lie over."""
    sources = _sources(plan)
    states = [state.tensor for state in plan.states]
    content = {id(homes.placements[i]): i for i in (*plan.inputs, *states)}
    for index in plan.inputs:
        homes.rows.write(index)
        if homes.placements[index].first != -1:
            yield f"input {homes.name(index)} is not kept from the start"
    deciding: dict[int, list[Control]] = {}
    for control in plan.controls:
        deciding.setdefault(control.decided, []).append(control)
    for step, call in enumerate(plan.calls):
        for control in deciding.get(step, ()):
            yield from _read_problems(
                f"{control.layer} decides by", step - 1, control.condition, content, sources, homes
            )
        for index in call.reads:
            yield from _read_problems(f"{call.layer} reads", step, index, content, sources, homes)
        yield from _write_problems(step, call, homes)
        content |= {id(homes.placements[i]): i for i in call.writes}
        for index in call.writes:
            if id(homes.placements[index]) in homes.by_rows:
                homes.rows.write(index)
        for control in plan.controls:
            if control.kind == "WHILE" and control.last == step + 1:
                yield from _round_problems(plan, control, content, sources, homes)
    end = len(plan.calls)
    for index in plan.outputs:
        yield from _read_problems("the output is", end, index, content, sources, homes)


def _round_problems(
    plan: Plan,
    loop: Control,
    content: Mapping[int, int],
    sources: dict[int, tuple[int, ...]],
    homes: _Homes,
) -> Iterator[str]:
    """Follow a loop's next round, which finds what the one before has left."""
    here = dict(content)
    written: set[int] = set()
    for step in range(loop.first, loop.last):
        call = plan.calls[step]
        for index in call.reads:
            who, home = f"{call.layer} in a next round reads", homes.placements[index]
            yield from _read_problems(who, step, index, here, sources, homes)
            if id(home) not in written and home.last < loop.last - 1:
                yield f"{who} {homes.name(index)}, which lives to {home.last} of {loop.last - 1}"
        now = {id(homes.placements[i]): i for i in call.writes}
        here |= now
        written |= {*now}


def _sources(plan: Plan) -> dict[int, tuple[int, ...]]:
    """For each tensor those whose bytes it may be: itself, or for an alias its neighbours.

    A placement lists each tensor that is written beside the aliases of it, which nobody writes.
    """
    written = {i for call in plan.calls for i in call.writes} | {*plan.inputs}
    written |= {state.tensor for state in plan.states}
    parts = {t.index: t.part.tensor for t in plan.tensors if t.part is not None}
    written |= {parts[i] for i in written if i in parts}  # row by row
    found: dict[int, tuple[int, ...]] = {}
    for placement in _all_placements(plan):
        for order in (placement.tensors, placement.tensors[::-1]):
            before: tuple[int, ...] = ()
            for index in order:
                if index in parts:
                    continue
                if index in written:
                    before = found[index] = (index,)
                else:
                    found[index] = (*found.get(index, ()), *before)
    return found | {i: found.get(whole, (whole,)) for i, whole in parts.items()}


def _read_problems(
    who: str,
    step: int,
    index: int,
    content: dict[int, int],
    sources: dict[int, tuple[int, ...]],
    homes: _Homes,
) -> Iterator[str]:
    home, tensor = homes.placements[index], homes.tensors[index]
    there = content.get(id(home))
    if id(home) in homes.by_rows:
        if not homes.rows.holds(index, sources[index]):
            yield f"{who} {tensor.name}, of which not all bytes are there"
    elif there is None:
        yield f"{who} {tensor.name} before it is written"
    elif there not in sources[index] or homes.tensors[there].size != tensor.size:
        yield f"{who} {tensor.name} where {homes.name(there)} was written over it"
    if not home.first <= step <= home.last:
        yield f"{who} {tensor.name} at step {step}, it lives from {home.first} to {home.last}"


def _write_problems(step: int, call: KernelCall, homes: _Homes) -> Iterator[str]:
    yield from filter(None, [move_problem(call, homes.tensors)])
    read = Counter(id(homes.placements[i]) for i in call.reads)
    taken: set[int] = set()
    for index in call.writes:
        home, tensor = homes.placements[index], homes.tensors[index]
        if not home.first <= step <= home.last:
            yield f"{call.layer} writes {tensor.name} at step {step}, when it does not live"
        if id(home) in taken and id(home) not in homes.by_rows:
            yield f"{call.layer} writes two outputs to the same bytes"
        taken.add(id(home))
        for source in {i for i in call.reads if homes.placements[i] is home}:
            if id(home) in homes.by_rows and not overlaps(homes.tensors[source], tensor):
                continue
            beside = homes.tensors[source].offset != tensor.offset
            if id(home) in homes.by_rows and beside and call.kernel != MOVE:
                yield f"{call.layer} writes {tensor.name} beside the start of its input"
            if not _may_lie_over(call, homes.tensors[source], tensor, read[id(home)]):
                yield f"{call.layer} writes {tensor.name} over {homes.name(source)}, still read"


def _may_lie_over(call: KernelCall, source: PlanTensor, target: PlanTensor, reads: int) -> bool:
    """Whether the kernel allows it: for this pair, these sizes, and an input that is read once."""
    allowed = (source.index, target.index) in call.may_overlay
    return allowed and reads == 1 and (target.size <= source.size or call.overlay_grows)
