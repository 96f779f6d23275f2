"""Graph to Plan: check that every operator is supported, lower it, place its tensors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from qmcu.compile.check import check_plan
from qmcu.compile.control import Flat, flatten
from qmcu.compile.dead_channels import settle_dead_channels
from qmcu.compile.kernel_sets import OPTIMIZATIONS, CompileOptions, lowerings, slower
from qmcu.compile.lifetimes import alias_roots, live_buffers, lower_bound, place_states
from qmcu.compile.lowering import (
    IO_TYPES,
    Lowering,
    OperatorContext,
    OperatorSupport,
    fitting_form,
)
from qmcu.compile.operators import forms_of
from qmcu.compile.outputs import give_outputs_bytes
from qmcu.compile.plan import ARENA, STATE, KernelCall, Placement, Plan, PlanTensor, State
from qmcu.compile.planner import place
from qmcu.compile.ram import save_ram
from qmcu.compile.staging import stage
from qmcu.compile.variables import Resolved, resolve_variables
from qmcu.errors import PlanError, UnsupportedModelError
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.hidden_states import show_states
from qmcu.model.passes import simplify
from qmcu.resources import page

PORTABLE = CompileOptions()

# Operators that move bytes and never look at a scale.
_SCALELESS = frozenset(
    {
        "BATCH_TO_SPACE_ND", "DEPTH_TO_SPACE", "EXPAND_DIMS", "GATHER", "GATHER_ND",
        "MAX_POOL_2D", "MIRROR_PAD", "PACK", "PAD", "RESHAPE", "RESIZE_NEAREST_NEIGHBOR",
        "REVERSE_V2", "SHAPE", "SLICE", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V",
        "SQUEEZE", "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK",
    }
)  # fmt: skip


def compile_graph(graph: Graph, options: CompileOptions = PORTABLE) -> Plan:
    """Compile a graph as `options` say; by default with portable kernels, for any core.

    No other `optimize` has a smaller arena than `ram`, or fewer constants than `size`. Raises
    UnsupportedModelError listing everything that is unsupported, all at once, and PlanError when
    the plan fails its check.
    """
    flat, resolved = _prepared(graph)
    _refuse(graph, _unsupported(flat, resolved))
    plan = _compile(flat, resolved, options)
    measure = _NAMED_FOR.get(options.optimize)
    if measure is not None and lowerings(options):
        plan = _least(flat, resolved, options, plan, measure)
    return _checked(plan)


def _constants(plan: Plan) -> int:
    return sum(call.constant_size for call in plan.calls)


# What a setting is to make small.
_NAMED_FOR: Mapping[str, Callable[[Plan], int]] = {
    "ram": lambda plan: plan.arena_size,
    "size": _constants,
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


def _compile(flat: Flat, resolved: Resolved, options: CompileOptions) -> Plan:
    """The plan, unchecked."""
    graph = resolved.graph
    faster = lowerings(options)
    if options.kernels == "native" and faster:
        graph = settle_dead_channels(graph)
    calls, aliased = _lower(graph, faster, flat.pinned)
    roots = alias_roots(graph, aliased)
    controls = flat.controls(calls)
    if options.optimize == "ram":
        calls = save_ram(graph, calls, roots, lambda call: _forms(graph, call, faster), controls)
    choices = [
        live_buffers(graph, calls, roots, overlay=overlay, controls=controls)
        for overlay in (True, False)
    ]
    # Overlaying couples two lifetimes, so it can in theory cost space: keep the smaller result.
    buffers, (placements, size) = min(
        ((buffers, place(buffers)) for buffers in choices),
        key=lambda choice: choice[1][1],
    )
    size = max(size, _read_end(calls, placements))
    places, state_size = place_states(graph, calls)
    return Plan(
        name=graph.name,
        model_sha256=graph.sha256,
        kernels=options.kernels,
        optimize=options.optimize,
        calls=calls,
        placements=placements,
        tensors=_plan_tensors(graph, placements, places),
        inputs=graph.inputs,
        outputs=graph.outputs,
        arena_size=size,
        arena_lower_bound=lower_bound(buffers),
        states=tuple(_state(index, resolved.initial[index]) for index in places),
        state_size=state_size,
        controls=controls,
    )


def refuse_unsupported(graph: Graph) -> None:
    """Raise UnsupportedModelError, listing everything, when the graph cannot be compiled."""
    _refuse(graph, unsupported(graph))


def _refuse(graph: Graph, problems: Sequence[str]) -> None:
    if problems:
        raise UnsupportedModelError(
            f"{graph.name} cannot be compiled ({len(problems)} "
            f"{'problem' if len(problems) == 1 else 'problems'}):",
            problems,
            f"See {page('OPERATORS')} for what is supported; convert the model to full int8 "
            "with supported operators.",
        )


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

    For tests of kernels that do so: the planner alone would hardly choose it for some graphs.
    """
    graph = _prepared(graph)[1].graph
    called = {call.operator for call in plan.calls}
    aliased = [(o.inputs[0], o.outputs[0]) for o in graph.operators if o.index not in called]
    roots = alias_roots(graph, aliased)
    buffers = live_buffers(graph, plan.calls, roots, overlay=True, controls=plan.controls)
    placements, size = place(buffers)
    overlaid = replace(
        plan,
        placements=placements,
        tensors=_plan_tensors(graph, placements, place_states(graph, plan.calls)[0]),
        arena_size=max(size, _read_end(plan.calls, placements)),
        arena_lower_bound=lower_bound(buffers),
    )
    return _checked(overlaid)


def _read_end(calls: Sequence[KernelCall], placements: Sequence[Placement]) -> int:
    """The end of the bytes that any kernel may load, those that it ignores included."""
    ends = {tensor: p.end for p in placements for tensor in p.tensors}
    reads = ((t, c.overread) for c in calls for t in c.reads if c.overread and t in ends)
    return max((ends[t] + overread for t, overread in reads), default=0)


def unsupported(graph: Graph) -> list[str]:
    """Everything in the graph that cannot be compiled, one clear phrase each; empty if nothing."""
    return _unsupported(*_prepared(graph))


def _prepared(graph: Graph) -> tuple[Flat, Resolved]:
    """The graph as it is lowered: simplified, subgraphs, outputs and variables resolved."""
    flat = flatten(simplify(graph))
    return flat, resolve_variables(give_outputs_bytes(stage(show_states(flat.graph))))


def _unsupported(flat: Flat, resolved: Resolved) -> list[str]:
    if flat.problems or resolved.problems:
        return [*flat.problems, *resolved.problems]
    graph = resolved.graph
    problems = [
        f"model {role} {tensor.name} is {tensor.dtype}, one of {', '.join(IO_TYPES)} is needed"
        for role, tensors in (("input", graph.input_tensors), ("output", graph.output_tensors))
        for tensor in tensors
        if tensor.dtype not in IO_TYPES
    ]
    if not graph.operators:
        problems.append("the model has no operators")
    for operator in graph.operators:
        found: OperatorSupport | str = "the operator is not supported"
        if (without_scale := _without_scale(graph, operator)) is not None:
            found = f"the scale of {without_scale} is 0"
        elif forms := forms_of(operator.kind):
            found = fitting_form(forms, OperatorContext(graph, operator))
        elif operator.kind.startswith("CUSTOM:"):
            found = (
                "it is a custom operator that qmcu does not know; describe it in a file and give "
                f"that with --operator FILE.toml (see {page('CUSTOM_OPERATORS')})"
            )
        if isinstance(found, str):
            problems.append(f"{operator}: {found}")
    return problems


def _without_scale(graph: Graph, operator: Operator) -> Tensor | None:
    """An activation of scale 0 whose scale counts: nothing can be computed with it."""
    if operator.kind in _SCALELESS:
        return None
    for index in (*operator.inputs, *operator.outputs):
        tensor = graph.tensors[index]
        grid = tensor.quantization
        if index >= 0 and not tensor.is_constant and grid is not None and not grid.scale:
            return tensor
    return None


def _form(context: OperatorContext) -> OperatorSupport:
    found = fitting_form(forms_of(context.operator.kind), context)
    assert not isinstance(found, str), found
    return found


def _lower(
    graph: Graph, faster: Mapping[str, Sequence[Lowering]], pinned: frozenset[int]
) -> tuple[tuple[KernelCall, ...], list[tuple[int, int]]]:
    """Kernel calls in order, and (input, output) pairs of tensors that share their bytes.

    Those in `pinned` share theirs with none.
    """
    contexts = [OperatorContext(graph, operator) for operator in graph.operators]
    supports = [_form(context) for context in contexts]
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
        _call(support, context, faster)
        for support, context, is_shared in zip(supports, contexts, shared, strict=True)
        if not is_shared
    )
    aliased = [
        (context.operator.inputs[0], context.operator.outputs[0])
        for context, is_shared in zip(contexts, shared, strict=True)
        if is_shared
    ]
    return calls, aliased


def _call(
    support: OperatorSupport, context: OperatorContext, faster: Mapping[str, Sequence[Lowering]]
) -> KernelCall:
    for lower in _faster(context, faster):
        call = lower(context)
        if call is not None:
            return _explained(call, context)
    call = support.lower(context)
    return _explained(call, context) if _faster(context, faster) else call


def _explained(call: KernelCall, context: OperatorContext) -> KernelCall:
    return replace(call, slower=slower.reason(call, context))


def _faster(
    context: OperatorContext, faster: Mapping[str, Sequence[Lowering]]
) -> Sequence[Lowering]:
    """Those of `faster` for the operator in its types: int8 under the operator's name alone."""
    kind, types = context.operator.kind, context.types
    return faster.get(kind if types == "int8" else f"{kind} {types}", ())


def _forms(
    graph: Graph, call: KernelCall, faster: Mapping[str, Sequence[Lowering]]
) -> list[KernelCall]:
    """All forms of a call; the portable one where it multiplies nothing, for it takes ten times."""
    operator = next(op for op in graph.operators if op.index == call.operator)
    context = OperatorContext(graph, operator)
    forms = [lower(context) for lower in _faster(context, faster)]
    if not call.macs:
        forms.append(_form(context).lower(context))
    return [form for form in forms if form is not None]


def _plan_tensors(
    graph: Graph, placements: Sequence[Placement], states: Mapping[int, int]
) -> tuple[PlanTensor, ...]:
    offsets = {t: p.offset for p in placements for t in p.tensors} | dict(states)
    return tuple(
        _plan_tensor(graph, t, offsets[t.index], STATE if t.index in states else ARENA)
        for t in graph.tensors
        if t.index in offsets
    )


def _plan_tensor(graph: Graph, tensor: Tensor, offset: int, space: str) -> PlanTensor:
    quantization = tensor.quantization
    return PlanTensor(
        index=tensor.index,
        name=graph.name_of(tensor.index),
        shape=tensor.shape,
        scale=quantization.scale if quantization else 1.0,
        zero_point=quantization.zero_point if quantization else 0,
        offset=offset,
        size=tensor.size,
        dtype=tensor.dtype,
        space=space,
    )
