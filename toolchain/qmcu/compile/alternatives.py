"""The forms of a layer, listed in one place: rules take one by reasoning, `qmcu tune` by counting.

A form is a kernel with its packed constants and scratch: an operator lowered one of the ways that
kernel sets and the portable kernels know. All forms of a layer give the same bytes.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from qmcu.compile.kernel_sets import OPTIMIZATIONS, CompileOptions, lowerings, slower
from qmcu.compile.lowering import Lowering, OperatorContext, OperatorSupport, fitting_form
from qmcu.compile.operators import forms_of
from qmcu.compile.plan import (
    Argument,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    ScratchArgument,
    TensorArgument,
    TensorListArgument,
)
from qmcu.errors import UsageError
from qmcu.model.graph import Graph

Faster = Mapping[str, Sequence[Lowering]]
# Their values never decide what a kernel does next, so they do not tell forms apart.
_VALUES_ALONE = ("weights", "bias")


@dataclass(frozen=True)
class LayerForms:
    """A layer and all its forms by name, those that rules try first in front, plain C last."""

    operator: int
    layer: str
    kind: str
    forms: Mapping[str, KernelCall]


@dataclass(frozen=True)
class Alternatives:
    """The layers of a model with their forms, and the graph by which forms are named."""

    graph: Graph
    layers: tuple[LayerForms, ...]

    def name(self, call: KernelCall) -> str:
        """The name of a plan's call, empty where it computes only some rows of a layer."""
        known = len(self.graph.tensors)
        if any(tensor >= known for tensor in (*call.reads, *call.writes)):
            return ""
        return form_name(self.graph, call)

    def described(self, call: KernelCall) -> dict[str, Any]:
        """What its count depends on."""
        return described(self.graph, call)


def portable_form(context: OperatorContext) -> OperatorSupport:
    """The form in plain C that every supported operator has."""
    found = fitting_form(forms_of(context.operator.kind), context)
    assert not isinstance(found, str), found
    return found


def faster_lowerings(context: OperatorContext, faster: Faster) -> Sequence[Lowering]:
    """Those of `faster` for the operator in its types: int8 under the operator's name alone."""
    kind, types = context.operator.kind, context.types
    return faster.get(kind if types == "int8" else f"{kind} {types}", ())


def forms(context: OperatorContext, faster: Faster) -> Iterator[KernelCall]:
    """The forms of an operator that `faster` and plain C know, in the order of the rules."""
    known, portable = faster_lowerings(context, faster), portable_form(context)
    for lower in () if portable.stands_alone else known:
        call = lower(context)
        if call is not None:
            yield _explained(call, context)
    call = portable.lower(context)
    yield _explained(call, context) if known else call


def form_by_rule(context: OperatorContext, faster: Faster) -> KernelCall:
    """The first form: what a build takes that was told nothing else."""
    return next(forms(context, faster))


def cheap_forms(context: OperatorContext, faster: Faster) -> list[KernelCall]:
    """All forms; the portable one where it multiplies nothing, for it takes ten times."""
    found = list(forms(context, faster))
    return found[:-1] if found[-1].macs else found


def forms_instead(graph: Graph, call: KernelCall, faster: Faster) -> list[KernelCall]:
    """The forms of a call that may take its place."""
    operator = next(op for op in graph.operators if op.index == call.operator)
    return cheap_forms(OperatorContext(graph, operator), faster)


def layer_forms(graph: Graph, options: CompileOptions) -> tuple[LayerForms, ...]:
    """Every layer of a prepared graph with its distinct forms under any `optimize`."""
    settings = dict.fromkeys((options.optimize, *OPTIMIZATIONS))
    known = [lowerings(replace(options, optimize=setting)) for setting in settings]
    return tuple(
        LayerForms(
            context.operator.index, context.layer, context.operator.kind,
            _named(graph, _in_order(context, known)),
        )
        for context in (OperatorContext(graph, operator) for operator in graph.operators)
    )  # fmt: skip


def _in_order(context: OperatorContext, known: Sequence[Faster]) -> Iterator[KernelCall]:
    """The faster forms of all settings, then plain C."""
    lists = [list(forms(context, faster)) for faster in known]
    yield from chain.from_iterable(found[:-1] for found in lists)
    yield lists[0][-1]


def _named(graph: Graph, calls: Iterator[KernelCall]) -> dict[str, KernelCall]:
    """The calls by name, the first of those that are the same."""
    found: dict[str, KernelCall] = {}
    for call in calls:
        found.setdefault(form_name(graph, call), call)
    return found


def form_name(graph: Graph, call: KernelCall) -> str:
    """A name that tells this form of a layer from its others: the kernel, and a digest of
    `described`."""
    text = json.dumps(described(graph, call), sort_keys=True)
    return f"{call.kernel}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def described(graph: Graph, call: KernelCall) -> dict[str, Any]:
    """What a call does to tensors of what shapes, by which parameters; weights by their shape.

    Calls of which this is the same take the same instructions, in whatever model, unless a kernel
    branches on data.
    """
    return {
        "kernel": call.kernel,
        "arguments": [_described(graph, a) for a in call.arguments],
        "passes": [[p.kernel, *(_described(graph, a) for a in p.arguments)] for p in call.passes],
    }


def _described(graph: Graph, argument: Argument) -> list[Any]:
    match argument:
        case TensorArgument(tensor, as_bytes):
            return ["tensor", *_shape(graph, tensor), as_bytes]
        case TensorListArgument(tensors, writes, as_bytes):
            return ["tensors", [_shape(graph, t) for t in tensors], writes, as_bytes]
        case ConstantArgument(None):
            return ["constant"]
        case ConstantArgument(constant):
            assert constant is not None
            alone = constant.role in _VALUES_ALONE
            digest = "" if alone else hashlib.sha256(constant.data).hexdigest()
            return ["constant", constant.ctype, list(constant.shape), constant.role, digest]
        case ParametersArgument(ctype, fields):
            return ["parameters", ctype, [[name, repr(value)] for name, value in fields]]
        case ScratchArgument(size):
            return ["scratch", size]
    raise AssertionError(argument)


def _shape(graph: Graph, tensor: int) -> list[Any]:
    found = graph.tensors[tensor]
    return [found.dtype, list(found.shape)]


def take_forms(
    graph: Graph, calls: Sequence[KernelCall], options: CompileOptions, streamed: frozenset[int]
) -> tuple[KernelCall, ...]:
    """`calls` with the forms that `options.forms` names in place of those that rules took.

    Calls of operators that are `streamed` in rows stay as they are. Raises UsageError for a form
    that a layer does not have.
    """
    wanted = {choice.operator: choice for choice in options.forms}
    if not wanted:
        return tuple(calls)
    known = {layer.operator: layer for layer in layer_forms(graph, options)}
    taken = []
    for call in calls:
        choice = wanted.get(call.operator)
        if choice is None or call.operator in streamed:
            taken.append(call)
            continue
        form = known[call.operator].forms.get(choice.form)
        if form is None:
            raise UsageError(
                f"layer {call.layer} has no form {choice.form}; it has "
                f"{', '.join(known[call.operator].forms)}: run `qmcu tune` again."
            )
        taken.append(call if form_name(graph, call) == choice.form else _told(form, choice.why))
    return tuple(taken)


def _told(call: KernelCall, why: str) -> KernelCall:
    return replace(call, trade=why) if why else call


def _explained(call: KernelCall, context: OperatorContext) -> KernelCall:
    return replace(call, slower=slower.reason(call, context))
