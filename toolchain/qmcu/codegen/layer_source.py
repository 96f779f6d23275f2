"""The layers' functions in C, and what they share: equal parameters, equal functions, calls."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_OFFSET = re.compile(r"(?<=qmcu_model_arena \+ )\d+")
_PARAMETERS = re.compile(r"&\w+_parameters")
# As many as go in registers: more would cost what is saved.
_MAX_ARGUMENTS = 4


@dataclass(frozen=True)
class SharedCall:
    """A kernel's call that many layers make, but for some offsets: `declared` are those in C."""

    name: str
    kernel: str
    declared: str
    arguments: str


@dataclass(frozen=True)
class LayerSource:
    """One layer as the template prints it; what `shared` holds is printed before."""

    name: str
    title: str
    kernel: str
    parameters: tuple[str, str] | None
    tensor_lists: tuple[tuple[str, str, str], ...]
    arguments: str
    passes: tuple["LayerSource", ...] = ()
    callee: str = ""
    shared: SharedCall | None = None


def layer_functions(
    layers: Sequence[LayerSource],
) -> tuple[list[LayerSource], dict[str, str]]:
    """The layers that need a function, and for each layer's name that of its function.

    Streamed layers do the same with the same bytes many times: one function serves. Of those that
    differ by offsets in the arena alone, one function makes the call.
    """
    sources: dict[LayerSource, LayerSource] = {}
    functions: dict[str, str] = {}
    for layer in _with_equal_parameters_once(layers):
        alike = replace(layer, name="", title="", parameters=None)
        if layer.passes or layer.tensor_lists:
            alike = layer
        functions[layer.name] = sources.setdefault(alike, layer).name
    return _with_shared_calls(list(sources.values())), functions


def _with_equal_parameters_once(layers: Sequence[LayerSource]) -> list[LayerSource]:
    """Layers whose parameters an earlier one has point to those."""
    stored: dict[tuple[str, str], str] = {}

    def pointing(layer: LayerSource) -> LayerSource:
        if layer.parameters is not None:
            own = f"{layer.name}_parameters"
            name = stored.setdefault(layer.parameters, own)
            if name != own:
                arguments = layer.arguments.replace(f"&{own}", f"&{name}")
                layer = replace(layer, parameters=None, arguments=arguments)
        return replace(layer, passes=tuple(map(pointing, layer.passes)))

    return list(map(pointing, layers))


def _with_shared_calls(layers: Sequence[LayerSource]) -> list[LayerSource]:
    """Layers that differ by their parameters and by offsets make one call by one function."""
    types = {f"&{layer.name}_parameters": layer.parameters for layer in layers}
    groups: dict[tuple[str, str], list[LayerSource]] = {}
    for layer in layers:
        if not (layer.passes or layer.tensor_lists):
            text = _PARAMETERS.sub("&parameters", _OFFSET.sub("0", layer.arguments))
            groups.setdefault((layer.kernel, text), []).append(layer)
    changed: dict[str, LayerSource] = {}
    for group in groups.values():
        if len(group) > 1:
            parameters = _PARAMETERS.search(group[0].arguments)
            described = types.get(parameters.group()) if parameters else None
            changed |= {layer.name: layer for layer in _sharing(group, described)}
    return [changed.get(layer.name, layer) for layer in layers]


def _pays(group: Sequence[LayerSource], differing: int) -> bool:
    """Whether the functions save more bytes than the shared call takes."""
    total = group[0].arguments.count(",") + 1
    # An argument is loaded, and its address kept, in 4 to 6 bytes; those past the fourth need room
    # on the stack.
    saved = 5 * (total - differing) + (8 if total > _MAX_ARGUMENTS else 0)
    return len(group) * saved > 10 + 8 * total


def _sharing(group: Sequence[LayerSource], parameters: tuple[str, str] | None) -> list[LayerSource]:
    """The layers of a group by way of one call, or as they are if too much differs."""
    first = group[0]
    pattern = re.compile(f"{_OFFSET.pattern}|{_PARAMETERS.pattern}")
    values = [pattern.findall(layer.arguments) for layer in group]
    differing = [len({row[i] for row in values}) > 1 for i in range(len(values[0]))]
    if sum(differing) > _MAX_ARGUMENTS or not _pays(group, sum(differing)):
        return list(group)
    declared: list[str] = []
    position = -1

    def named(match: re.Match[str]) -> str:
        nonlocal position
        position += 1
        if not differing[position]:
            return match.group()
        if match.group().startswith("&"):
            assert parameters is not None
            declared.append(f"const {parameters[0]} *parameters")
            return "parameters"
        declared.append(f"uint32_t offset{position}")
        return f"offset{position}"

    arguments = pattern.sub(named, first.arguments)
    # The layers' numbers stay apart: a name of the same beginning and no row of its own.
    name = f"{first.name}_call"
    call = SharedCall(name, first.kernel, ", ".join(declared), arguments)
    sharing = [
        replace(
            layer,
            callee=name,
            arguments=", ".join(v for v, own in zip(row, differing, strict=True) if own),
        )
        for layer, row in zip(group, values, strict=True)
    ]
    return [replace(sharing[0], shared=call), *sharing[1:]]
