"""The layers' calls in C, and what they share: equal parameters, equal layers, a kernel's call."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

# A layer that calls a kernel alone is a list of arguments for that kernel's call.
NO_LIST = "NULL"


@dataclass(frozen=True)
class Invocation:
    """How C runs a layer: a function of the list of what it is given."""

    function: str
    arguments: str = NO_LIST


@dataclass(frozen=True)
class KernelCallSource:
    """A function that calls a kernel for several layers: C expressions of its arguments."""

    name: str
    kernel: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class LayerSource:
    """One layer as the template prints it; what `shared` holds is printed before.

    `listed` are the arguments that the shared call is given; empty where the layer has a function
    of its own.
    """

    name: str
    title: str
    kernel: str
    parameters: tuple[str, str] | None
    tensor_lists: tuple[tuple[str, str, str], ...]
    arguments: tuple[str, ...]
    passes: tuple["LayerSource", ...] = ()
    listed: tuple[str, ...] = ()
    shared: KernelCallSource | None = None


def layer_functions(
    layers: Sequence[LayerSource],
) -> tuple[list[LayerSource], dict[str, Invocation]]:
    """The layers that need a function or a list, and how each layer is run, by its name.

    Streamed layers do the same with the same bytes many times: one serves. Of those that call the
    same kernel, one function makes the call, with what differs from a list.
    """
    sources: dict[LayerSource, LayerSource] = {}
    names: dict[str, str] = {}
    for layer in _with_equal_parameters_once(layers):
        alike = replace(layer, name="", title="", parameters=None)
        if layer.passes or layer.tensor_lists:
            alike = layer
        names[layer.name] = sources.setdefault(alike, layer).name
    kept, runs = _with_shared_calls(list(sources.values()))
    return kept, {layer: runs[name] for layer, name in names.items()}


def _with_equal_parameters_once(layers: Sequence[LayerSource]) -> list[LayerSource]:
    """Layers whose parameters an earlier one has point to those."""
    stored: dict[tuple[str, str], str] = {}

    def pointing(layer: LayerSource) -> LayerSource:
        if layer.parameters is not None:
            own = f"{layer.name}_parameters"
            name = stored.setdefault(layer.parameters, own)
            if name != own:
                arguments = tuple(
                    re.sub(rf"&{own}\b", f"&{name}", argument) for argument in layer.arguments
                )
                layer = replace(layer, parameters=None, arguments=arguments)
        return replace(layer, passes=tuple(map(pointing, layer.passes)))

    return list(map(pointing, layers))


def _with_shared_calls(
    layers: Sequence[LayerSource],
) -> tuple[list[LayerSource], dict[str, Invocation]]:
    """The layers, those of one kernel by way of one call, and how each is run."""
    groups: dict[tuple[str, int], list[LayerSource]] = {}
    for layer in layers:
        if not layer.passes:
            groups.setdefault((layer.kernel, len(layer.arguments)), []).append(layer)
    changed: dict[str, LayerSource] = {}
    runs = {layer.name: Invocation(layer.name) for layer in layers}
    for group in groups.values():
        if len(group) > 1:
            sharing = _sharing(group)
            function = f"{group[0].name}_call"
            changed |= {layer.name: layer for layer in sharing}
            runs |= {s.name: Invocation(function, f"{s.name}_arguments") for s in sharing}
    return [changed.get(layer.name, layer) for layer in layers], runs


def _sharing(group: Sequence[LayerSource]) -> list[LayerSource]:
    """The layers of a group as lists of what differs between them, the first with the call."""
    first = group[0]
    columns = list(zip(*(layer.arguments for layer in group), strict=True))
    differing = [len(set(column)) > 1 for column in columns]
    # Pointers of any type: C makes of them what the kernel's are.
    places = iter(range(len(columns)))
    arguments = tuple(
        f"(void *)arguments[{next(places)}]" if own else argument
        for argument, own in zip(first.arguments, differing, strict=True)
    )
    lists = [
        tuple(a for a, own in zip(layer.arguments, differing, strict=True) if own)
        for layer in group
    ]
    sharing = [replace(layer, listed=own) for layer, own in zip(group, lists, strict=True)]
    call = KernelCallSource(f"{first.name}_call", first.kernel, arguments)
    return [replace(sharing[0], shared=call), *sharing[1:]]
