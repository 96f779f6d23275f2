"""The model as C: model.h, model.c (the calls) and model_data.{h,c} (the constants)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qmcu.codegen.c_source import (
    argument_text,
    array_body,
    ctype_of,
    element_size,
    pointer,
    struct_fields,
)
from qmcu.codegen.layer_source import Invocation, LayerSource, layer_functions
from qmcu.codegen.places import INTERNAL, Places, is_movable
from qmcu.codegen.templates import render
from qmcu.compile.plan import (
    Constant,
    ConstantArgument,
    Control,
    KernelCall,
    ParametersArgument,
    Plan,
    PlanTensor,
    TensorListArgument,
    initial_name,
)


@dataclass(frozen=True)
class ControlSource:
    """One IF or WHILE as the template prints it: the condition, what its two parts call."""

    name: str
    title: str
    kind: str
    condition: str
    parts: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class ConstantSource:
    """One constant as the template prints it."""

    name: str
    ctype: str
    count: int
    comment: str
    body: str
    alignment: int = 4
    external: bool = False
    # False: it lies in another model's file.
    owned: bool = True


@dataclass(frozen=True)
class Part:
    """A model among several of an image: what its names in C begin with, those of its constants."""

    name: str
    names: Mapping[Constant, str]
    shares_arena: bool


def model_sources(
    plan: Plan, places: Places = INTERNAL, part: Part | None = None
) -> dict[str, str]:
    """File name to text of the model's C files, in a stable order.

    As a `part` of an image it says NAME_invoke, NAME_INPUTS and the like for qmcu_model_invoke.
    """
    names = constant_names(plan) if part is None else part.names
    sources, functions = layer_functions([_layer(plan, call, names) for call in plan.calls])
    functions |= {control.layer: Invocation(control.layer) for control in plan.controls}
    values = {
        "plan": plan,
        "calls": sources,
        "functions": functions,
        "controls": [_control(plan, control) for control in plan.controls],
        "layers": plan.layers,
        "constants": _constants(names, places, part),
        "kernels": plan_kernels(plan),
        "inputs": [plan.tensor(i) for i in plan.inputs],
        "outputs": [plan.tensor(i) for i in plan.outputs],
        "states": _states(plan, names),
        "sha256": [f"0x{byte:02x}" for byte in bytes.fromhex(plan.model_sha256.rjust(64, "0"))],
        "part": part,
    }
    files = ("model.h", "model.c", "model_data.h", "model_data.c")
    texts = {name: render(f"{name}.j2", values) for name in files}
    return texts if part is None else {n: under_name(t, part.name) for n, t in texts.items()}


def under_name(text: str, name: str) -> str:
    """C text of a model with `name` in the place of qmcu_model, in symbols and macros."""
    return text.replace("qmcu_model_", f"{name}_").replace("QMCU_MODEL_", f"{name.upper()}_")


@dataclass(frozen=True)
class StateSource:
    """How a state begins: bytes from `offset` on, of the constant `initial` or each `fill`."""

    name: str
    offset: int
    size: int
    fill: int
    initial: str


def _states(plan: Plan, names: Mapping[Constant, str]) -> list[StateSource]:
    """The states of a plan; neighbours that are filled alike in one, with the gaps between."""
    sources: list[StateSource] = []
    for state, constant in zip(plan.states, state_constants(plan), strict=True):
        tensor = plan.tensor(state.tensor)
        initial = names[constant] if constant is not None else ""
        last = sources[-1] if sources else None
        if last is not None and not initial and not last.initial and last.fill == state.fill:
            size = tensor.offset + tensor.size - last.offset
            name = f"{last.name}, {tensor.name}"
            sources[-1] = StateSource(name, last.offset, size, state.fill, "")
        else:
            sources.append(
                StateSource(tensor.name, tensor.offset, tensor.size, state.fill, initial)
            )
    return sources


def state_constants(plan: Plan) -> list[Constant | None]:
    """The first bytes of each state, None where they are all the same."""
    return [
        Constant(
            initial_name(number),
            "int8_t",
            state.initial,
            plan.tensor(state.tensor).shape,
            "initial state",
        )
        if state.initial
        else None
        for number, state in enumerate(plan.states)
    ]


def plan_kernels(plan: Plan) -> tuple[str, ...]:
    """The kernels that the plan calls, sorted."""
    return tuple(sorted({kernel for call in plan.calls for kernel in call.kernels}))


def constant_names(
    plan: Plan, prefix: str = "", stored: dict[tuple[str, bytes], str] | None = None
) -> dict[Constant, str]:
    """Each constant's C name; equal bytes are stored once, under the first user's name.

    `stored` holds the names by C type and bytes, of models before this one too.
    """
    names: dict[Constant, str] = {}
    stored = {} if stored is None else stored
    for call in plan.calls:
        for argument in call.all_arguments:
            if isinstance(argument, ConstantArgument) and argument.constant is not None:
                constant = argument.constant
                own = f"{prefix}{constant.name}"
                name = stored.setdefault((constant.ctype, constant.data), own)
                names.setdefault(constant, name)
    for initial in filter(None, state_constants(plan)):
        own = f"{prefix}{initial.name}"
        names.setdefault(initial, stored.setdefault((initial.ctype, initial.data), own))
    return names


def _constants(
    names: Mapping[Constant, str], places: Places, part: Part | None
) -> list[ConstantSource]:
    """What the model's C files declare: its constants, once each, and those of other models."""
    prefix = "" if part is None else f"{part.name}_"
    sources: dict[str, ConstantSource] = {}
    for constant, name in names.items():
        if name not in sources:
            owned = f"{prefix}{constant.name}" == name
            sources[name] = replace(_constant(constant, name, places), owned=owned)
    return list(sources.values())


def _constant(constant: Constant, name: str, places: Places) -> ConstantSource:
    shape = "x".join(map(str, constant.shape)) or "1"
    count = max(len(constant.data) // element_size(constant.ctype), 1)
    return ConstantSource(
        name,
        constant.ctype,
        count,
        f"{constant.role}, {shape}",
        array_body(constant),
        max(element_size(constant.ctype), 4),
        places.weights and is_movable(constant),
    )


def _layer(plan: Plan, call: KernelCall, names: Mapping[Constant, str]) -> LayerSource:
    tensors = {tensor.index: tensor for tensor in plan.tensors}
    scratch = {p.name: p.offset for p in plan.placements if not p.tensors}
    arguments = argument_text(call, tensors, scratch.get(f"{call.layer}_scratch", 0), names)
    lists = tuple(
        (f"{call.layer}_tensors_{position}", *_tensor_list(argument, tensors))
        for position, argument in enumerate(call.arguments)
        if isinstance(argument, TensorListArgument)
    )
    return LayerSource(
        name=call.layer,
        title=f"{call.kind}: {_shapes(plan, call.reads)} -> {_shapes(plan, call.writes)}",
        kernel=call.kernel,
        parameters=_parameters(call),
        tensor_lists=lists,
        arguments=tuple(arguments),
        passes=tuple(_pass(call, i, tensors, names) for i in range(len(call.passes))),
    )


def _pass(
    call: KernelCall, i: int, tensors: Mapping[int, PlanTensor], names: Mapping[Constant, str]
) -> LayerSource:
    """A pass over the layer's output, as a call of the layer's name and its own number."""
    step = call.passes[i]
    own = replace(
        call, kernel=step.kernel, layer=f"{call.layer}_{i + 1}", arguments=step.arguments, passes=()
    )
    arguments = tuple(argument_text(own, tensors, 0, names))
    return LayerSource(own.layer, step.reason, own.kernel, _parameters(own), (), arguments)


def _parameters(call: KernelCall) -> tuple[str, str] | None:
    """The C type and the fields of the call's parameter struct, if it has one."""
    for argument in call.arguments:
        if isinstance(argument, ParametersArgument):
            return argument.ctype, struct_fields(argument.fields)
    return None


def _tensor_list(
    argument: TensorListArgument, tensors: Mapping[int, PlanTensor]
) -> tuple[str, str]:
    """The element type and the elements of an array of tensor pointers."""
    listed = [tensors[t] for t in argument.tensors]
    ctypes = {"int8_t" if argument.as_bytes else ctype_of(t) for t in listed} or {"int8_t"}
    (ctype,) = ctypes
    const = "" if argument.writes else "const "
    pointers = (pointer(t, ctype, writes=argument.writes) for t in listed)
    return f"{const}{ctype} *const", ", ".join(pointers)


def _control(plan: Plan, control: Control) -> ControlSource:
    condition = pointer(plan.tensor(control.condition), "uint8_t", writes=False)
    parts = ((control.first, control.middle), (control.middle, control.last))
    return ControlSource(
        name=control.layer,
        title=f"{control.kind} {plan.tensor(control.condition).name}",
        kind=control.kind,
        condition=f"*{condition} != 0",
        parts=tuple(_names(plan, control, *part) for part in parts),
    )


def _names(plan: Plan, around: Control, first: int, last: int) -> tuple[str, ...]:
    """What a branch calls, in order: kernels' functions, and those of the branchings within."""
    before = plan.controls[: plan.controls.index(around)]
    inner = [c for c in before if first <= c.first and c.last <= last]
    outermost = [
        c
        for number, c in enumerate(inner)
        if not any(o.first <= c.first and c.last <= o.last for o in inner[number + 1 :])
    ]
    names: list[str] = []
    step = first
    for control in sorted(outermost, key=lambda c: c.first):
        names += [call.layer for call in plan.calls[step : control.first]]
        names.append(control.layer)
        step = control.last
    return (*names, *(call.layer for call in plan.calls[step:last]))


def _shapes(plan: Plan, tensors: tuple[int, ...]) -> str:
    return ", ".join(
        f"{plan.tensor(t).name} [{'x'.join(map(str, plan.tensor(t).shape))}]" for t in tensors
    )
