"""Graph to Plan: check that every operator is supported, lower it, place its tensors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from math import inf

from qmcu.compile.alternatives import (
    Alternatives,
    Faster,
    form_by_rule,
    forms_instead,
    layer_forms,
    portable_form,
    take_forms,
)
from qmcu.compile.check import check_plan
from qmcu.compile.control import Flat
from qmcu.compile.dead_channels import settle_dead_channels
from qmcu.compile.enough import GOALS, beats_the_library, smallest, within_enough
from qmcu.compile.flash import enough, flash_of, save_flash, total, without_heavy_tables
from qmcu.compile.kernel_sets import (
    OPTIMIZATIONS,
    CompileOptions,
    is_as_fast,
    lowerings,
    peer_lowerings,
)
from qmcu.compile.late_weights import Limits, with_late_weights, without_transforms
from qmcu.compile.least_ram import forms_of_rows, least_ram, placed, streamed_operators
from qmcu.compile.lifetimes import alias_roots, live_buffers, lower_bound, place_states
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.order import with_less_waiting
from qmcu.compile.paddings import fold_paddings
from qmcu.compile.plan import (
    ARENA,
    STATE,
    Control,
    KernelCall,
    Part,
    Placement,
    Plan,
    PlanTensor,
    State,
)
from qmcu.compile.planner import place_together
from qmcu.compile.ram import SHARE_OF_ENOUGH, arena_peak, live_steps, save_ram
from qmcu.compile.streams import Streamed, plain, stream_anyhow
from qmcu.compile.support import prepared, problems_of, refuse
from qmcu.compile.variables import Resolved
from qmcu.errors import PlanError
from qmcu.model.graph import Graph, Tensor

PORTABLE = CompileOptions()


def compile_graph(graph: Graph, options: CompileOptions = PORTABLE) -> Plan:
    """Compile a graph as `options` say; by default with portable kernels, for any core.

    No other `optimize` has a smaller arena than `ram`, or fewer constants than `size`. Raises
    UnsupportedModelError listing everything that is unsupported, all at once, and PlanError when
    the plan fails its check.
    """
    flat, resolved = prepared(graph)
    refuse(graph, problems_of(flat, resolved))
    plan = _compile(flat, resolved, options)
    measure = _NAMED_FOR.get(options.optimize)
    if measure is not None and lowerings(options):
        plan = _least(flat, resolved, options, plan, measure)
    return _checked(plan)


# What a setting is to make small.
_NAMED_FOR: Mapping[str, Callable[[Plan], int]] = {
    "ram": lambda plan: plan.arena_size,
    "size": lambda plan: total(plan.calls),
}


def _least(
    flat: Flat,
    resolved: Resolved,
    options: CompileOptions,
    plan: Plan,
    measure: Callable[[Plan], int],
) -> Plan:
    """`plan`, or what another setting makes where that is smaller by what this one is named for."""
    others = (o for o in OPTIMIZATIONS if o not in (options.optimize, "speed"))
    plans = (_compile(flat, resolved, replace(options, optimize=o)) for o in others)
    best = min((plan, *plans), key=measure)  # the first of equals
    return replace(best, optimize=options.optimize)


def alternatives(graph: Graph, options: CompileOptions) -> Alternatives:
    """Every layer of a graph with its forms. Raises UnsupportedModelError as `compile_graph`."""
    flat, resolved = prepared(graph)
    refuse(graph, problems_of(flat, resolved))
    settled = _settled(flat, resolved, options)
    return Alternatives(settled, layer_forms(settled, options))


def _settled(flat: Flat, resolved: Resolved, options: CompileOptions) -> Graph:
    """The graph that is lowered: without borders to copy, dead channels made plain."""
    graph = resolved.graph
    if options.kernels != "cmsis-nn":
        graph = fold_paddings(graph, flat.pinned)
    if options.kernels == "native" and lowerings(options):
        graph = settle_dead_channels(graph)
    return graph


def compile_streamed(graph: Graph, options: CompileOptions, seed: int) -> Plan:
    """A plan of which random ranges of layers are streamed, whatever that saves: for tests."""
    flat, resolved = prepared(graph)
    return _checked(_compile(flat, resolved, options, seed))


def _compile(
    flat: Flat, resolved: Resolved, options: CompileOptions, seed: int | None = None
) -> Plan:
    """The plan, unchecked; with a `seed`, random ranges of layers are streamed."""
    graph = _settled(flat, resolved, options)
    faster = lowerings(options)
    calls, aliased = _lower(graph, faster, flat.pinned)
    if options.kernels == "cmsis-nn":
        calls = _without_trails(calls)
    if options.kernels == "native" and options.optimize == "size" and faster:
        calls = tuple(_small(flat, graph, calls, options)[0])
    roots = alias_roots(graph, aliased)
    controls = flat.controls(calls)
    if options.kernels == "native" and options.optimize in ("balanced", "ram", "size"):
        calls = _within_constants(flat, graph, calls, options, roots, controls)
    streamed = plain(graph, roots)
    if seed is not None:
        streamed, calls = stream_anyhow(streamed, calls, forms_of_rows(faster), seed)
    elif options.optimize == "ram":
        by_rows = options.kernels != "cmsis-nn" and not controls
        streamed, calls = least_ram(streamed, calls, faster, controls, by_rows, options.flash)
    else:
        calls = _no_larger_than_peers(flat, graph, calls, options, roots, controls)
    calls = take_forms(graph, calls, options, streamed_operators(streamed, calls))
    buffers, (placements, size) = placed(streamed, calls, controls)
    placements = _described(placements, streamed)
    places, state_size = place_states(streamed.graph, calls)
    tensors = _plan_tensors(streamed, placements, places)
    size = max(size, _read_end(calls, tensors))
    return Plan(
        name=graph.name,
        model_sha256=graph.sha256,
        kernels=options.kernels,
        optimize=options.optimize,
        calls=calls,
        placements=placements,
        tensors=tensors,
        inputs=graph.inputs,
        outputs=graph.outputs,
        arena_size=size,
        arena_lower_bound=lower_bound(buffers),
        states=tuple(_state(index, resolved.initial[index]) for index in places),
        state_size=state_size,
        controls=controls,
    )


def _within_constants(
    flat: Flat,
    graph: Graph,
    calls: tuple[KernelCall, ...],
    options: CompileOptions,
    roots: Mapping[int, int],
    controls: Sequence[Control],
) -> tuple[KernelCall, ...]:
    """`calls` with constants within what is enough beside the library's, where forms allow it."""
    faster = lowerings(options)

    @cache
    def peers() -> Sequence[KernelCall]:
        return _lower(graph, lowerings(replace(options, kernels="cmsis-nn")), flat.pinned)[0]

    @cache
    def forms_of(operator: int) -> list[KernelCall]:
        return forms_instead(graph, next(c for c in calls if c.operator == operator), faster)

    def alternatives(call: KernelCall) -> list[KernelCall]:
        return forms_of(call.operator)

    def peak(trial: Sequence[KernelCall]) -> int:
        return arena_peak(graph, trial, roots, controls)[0]

    if options.optimize == "balanced":
        by_windows = without_transforms(calls, alternatives)
        if by_windows:
            arena = max(peak(by_windows), peak(calls))
            library = arena_peak(graph, _without_trails(peers()), roots, controls)[0]
            limits = Limits(arena, library, enough(peers()))
            if not controls:
                calls = with_less_waiting(
                    graph, calls, roots, lambda trial: live_steps(graph, trial, roots, controls)
                )
            calls = with_late_weights(calls, alternatives, peak, limits)

    def outputs(call: KernelCall) -> int:
        return graph.tensors[call.writes[0]].elements

    goal = GOALS.get(options.optimize)
    if goal is None:
        return without_heavy_tables(calls, alternatives, outputs, peers)
    small = lowerings(replace(options, optimize="size"))

    @cache
    def all_forms_of(operator: int) -> list[KernelCall]:
        call = next(c for c in calls if c.operator == operator)
        return [*forms_of(operator), *forms_instead(graph, call, small)]

    return within_enough(
        calls,
        lambda call: all_forms_of(call.operator),
        lambda: _small(flat, graph, calls, options),
        outputs,
        peers,
        goal,
    )


def _small(
    flat: Flat, graph: Graph, calls: Sequence[KernelCall], options: CompileOptions
) -> Sequence[Sequence[KernelCall]]:
    """The calls with `size`'s kernels, and with those of its forms whose constants are smallest."""
    faster = lowerings(replace(options, optimize="size"))

    def forms(call: KernelCall) -> list[KernelCall]:
        return forms_instead(graph, call, faster)

    small = save_flash(_lower(graph, faster, flat.pinned)[0], forms)
    return small, smallest(calls, forms)


def _no_larger_than_peers(
    flat: Flat,
    graph: Graph,
    calls: tuple[KernelCall, ...],
    options: CompileOptions,
    roots: Mapping[int, int],
    controls: Sequence[Control],
) -> tuple[KernelCall, ...]:
    """`calls` with less scratch where other kernels' arena, as the library has it, is smaller."""
    faster = lowerings(options)

    def alternatives(call: KernelCall) -> list[KernelCall]:
        found = forms_instead(graph, call, faster)
        return found if options.dsp else [form for form in found if is_as_fast(call, form)]

    def no_larger(call: KernelCall) -> list[KernelCall]:
        return [form for form in alternatives(call) if flash_of(form) <= flash_of(call)]

    def of_the_set(call: KernelCall) -> list[KernelCall]:
        return [f for f in forms_instead(graph, call, faster) if beats_the_library(call, f)]

    def of_the_set_no_larger(call: KernelCall) -> list[KernelCall]:
        return [form for form in of_the_set(call) if flash_of(form) <= flash_of(call)]

    tries = (
        (no_larger, SHARE_OF_ENOUGH),
        (of_the_set_no_larger, inf),
        (alternatives, SHARE_OF_ENOUGH),
        (of_the_set, inf),
    )
    libraries = [_without_trails(_lower(graph, p, flat.pinned)[0]) for p in peer_lowerings(options)]
    for (forms, share), library in product(tries, libraries):
        smaller = save_ram(graph, calls, roots, forms, controls, enough=library, share=share)
        if smaller != calls:
            return smaller
    return calls


def _without_trails(calls: Sequence[KernelCall]) -> tuple[KernelCall, ...]:
    """As the library has it, whose kernels' outputs lie beside their inputs."""
    return tuple(replace(call, may_trail=()) for call in calls)


def _state(tensor: int, initial: bytes) -> State:
    if len(set(initial)) == 1:
        return State(tensor, fill=initial[0])
    return State(tensor, initial=initial)


def _checked(plan: Plan) -> Plan:
    try:
        check_plan(plan)
    except ValueError as error:
        raise PlanError(
            f"the plan made of {plan.name} is wrong: {error}; this is a fault of qmcu, please "
            "report it with the model."
        ) from error
    return plan


def overlay_everywhere(graph: Graph, plan: Plan) -> Plan:
    """The plan with every output that may lie over an input there, even where that costs space.

    For tests of kernels that do so: the planner alone would hardly choose it for some graphs. A
    plan with streamed layers stays as it is.
    """
    if any(tensor.part is not None for tensor in plan.tensors):
        return plan
    flat, resolved = prepared(graph)
    graph = resolved.graph
    if plan.kernels != "cmsis-nn":
        graph = fold_paddings(graph, flat.pinned)
    called = {call.operator for call in plan.calls}
    aliased = [(o.inputs[0], o.outputs[0]) for o in graph.operators if o.index not in called]
    roots = alias_roots(graph, aliased)
    buffers = live_buffers(graph, plan.calls, roots, overlay=True, controls=plan.controls)
    placements, size = place_together(buffers)
    states = place_states(graph, plan.calls)[0]
    tensors = _plan_tensors(plain(graph, roots), placements, states)
    overlaid = replace(
        plan,
        placements=placements,
        tensors=tensors,
        arena_size=max(size, _read_end(plan.calls, tensors)),
        arena_lower_bound=lower_bound(buffers),
    )
    return _checked(overlaid)


def _read_end(calls: Sequence[KernelCall], tensors: Sequence[PlanTensor]) -> int:
    """The end of the bytes in the arena that any kernel may load, ignored ones included."""
    ends = {t.index: t.offset + t.size for t in tensors if t.space == ARENA}
    reads = ((t, c.overread) for c in calls for t in c.reads if c.overread and t in ends)
    return max((ends[t] + overread for t, overread in reads), default=0)


def _described(placements: Sequence[Placement], streamed: Streamed) -> tuple[Placement, ...]:
    """The placements without the tensors that only stand for a buffer."""
    return tuple(
        replace(p, tensors=tuple(t for t in p.tensors if t not in streamed.buffers))
        for p in placements
    )


def _lower(
    graph: Graph, faster: Faster, pinned: frozenset[int]
) -> tuple[tuple[KernelCall, ...], list[tuple[int, int]]]:
    """Kernel calls in order, and (input, output) pairs of tensors that share their bytes.

    Those in `pinned` share theirs with none.
    """
    contexts = [OperatorContext(graph, operator) for operator in graph.operators]
    supports = [portable_form(context) for context in contexts]
    shared = [
        support.aliases
        and not (context.input(0).is_constant or context.input(0).is_variable)
        and pinned.isdisjoint((*context.operator.inputs, *context.operator.outputs))
        for support, context in zip(supports, contexts, strict=True)
    ]
    if all(shared):
        # A model that only renames bytes still needs one call: the layer table is never empty.
        shared[-1] = False
    calls = tuple(
        form_by_rule(context, faster)
        for context, is_shared in zip(contexts, shared, strict=True)
        if not is_shared
    )
    aliased = [
        (context.operator.inputs[0], context.operator.outputs[0])
        for context, is_shared in zip(contexts, shared, strict=True)
        if is_shared
    ]
    return calls, aliased


def _plan_tensors(
    streamed: Streamed, placements: Sequence[Placement], states: Mapping[int, int]
) -> tuple[PlanTensor, ...]:
    places = streamed.places
    offsets = {t: p.offset + places.get(t, 0) for p in placements for t in p.tensors}
    offsets |= dict(states)
    return tuple(
        _plan_tensor(streamed, t, offsets[t.index], STATE if t.index in states else ARENA)
        for t in streamed.graph.tensors
        if t.index in offsets
    )


def _plan_tensor(streamed: Streamed, tensor: Tensor, offset: int, space: str) -> PlanTensor:
    quantization, part = tensor.quantization, streamed.parts.get(tensor.index)
    return PlanTensor(
        index=tensor.index,
        name=_name(streamed.graph, tensor, part),
        shape=tensor.shape,
        scale=quantization.scale if quantization else 1.0,
        zero_point=quantization.zero_point if quantization else 0,
        offset=offset,
        size=tensor.size,
        dtype=tensor.dtype,
        space=space,
        part=part,
    )


def _name(graph: Graph, tensor: Tensor, part: Part | None) -> str:
    if part is None:
        return graph.name_of(tensor.index)
    last = part.row + tensor.shape[1] - 1
    return f"{graph.name_of(part.tensor)} rows {part.row} to {last}"
