"""A model's own order and names of its inputs and outputs, which the converter would lose."""

import re
from collections.abc import Collection, Sequence
from typing import Any

from qmcu.conversion.signatures import Loaded
from qmcu.model.flatbuffer_views import View
from qmcu.model.schema import schema


def input_key(arrays: Collection[str], position: int, name: str, count: int) -> str:
    """The array of an .npz for the input called `name`, at `position` of `count`."""
    if name in arrays:
        return name
    return "inputs" if count == 1 and "inputs" in arrays else f"input_{position}"


def own_inputs(loaded: Loaded, keras: Any, names: Sequence[str]) -> tuple[str, ...]:
    """The signature's inputs `names` in the model's order: the Keras model's, or the function's.

    Where a SavedModel tells none they stay as they are.
    """
    found = [] if keras is None else [[t.name for t in getattr(keras, "inputs", None) or []]]
    model = loaded.model
    serving = getattr(model, "serve", None) or getattr(model, "__call__", None)  # noqa: B004
    for concrete in getattr(serving, "concrete_functions", []):
        found.append([spec.name for spec in _flat(concrete.structured_input_signature[0])])
    return next((tuple(order) for order in found if sorted(order) == sorted(names)), tuple(names))


def _flat(values: Any) -> list[Any]:
    if isinstance(values, list | tuple):
        return [spec for value in values for spec in _flat(value)]
    return [values] if hasattr(values, "name") else []


def own_outputs(loaded: Loaded, keras: Any) -> dict[str, str]:
    """The names of the signature's outputs in the model's order, by the signature's keys."""
    keys = sorted(loaded.function.structured_outputs, key=_counted)
    names = [] if keras is None else list(getattr(keras, "output_names", []))
    numbered = keys == [f"output_{i}" for i in range(len(keys))]
    if numbered and len(set(names)) == len(keys) == len(names):
        return dict(zip(keys, names, strict=True))
    return {key: key for key in keys}


def _counted(key: str) -> tuple[str, int]:
    """Sorts output_10 behind output_9."""
    found = re.fullmatch(r"(.*?)(\d*)", key)
    assert found is not None
    return found[1], int(found[2] or -1)


def in_order(model: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The .tflite file with inputs and outputs in the order of these names of its signature.

    It stays as it is where its signature has other names.
    """
    data = bytearray(model)
    root = schema.root(data, "Model")
    if root.length("signatureDefs") != 1:
        return model
    signature, subgraph = root.item("signatureDefs", 0), root.item("subgraphs", 0)
    given, taken = _entries(signature, "inputs"), _entries(signature, "outputs")
    # The vectors are views of `data`: what is written to them is in the file.
    for order, found, vector in (
        (inputs, given, subgraph.numbers("inputs")),
        (outputs, taken, subgraph.numbers("outputs")),
    ):
        wanted = [found.get(name, -1) for name in order]
        if sorted(wanted) == sorted(int(i) for i in vector):
            vector[:] = wanted
    return bytes(data)


def _entries(signature: View, role: str) -> dict[str, int]:
    """The tensors of the signature's inputs or outputs by their names."""
    entries = signature.items(role)
    return {(e.text("name") or b"").decode(): int(e.number("tensorIndex")) for e in entries}
