"""Types of elements that no kernel takes, and what to do about them."""

from collections.abc import Iterable, Mapping

from qmcu.model.graph import ITEM_SIZES, Operator

_WAYS_OUT = {
    "complex64": "has complex numbers, which no kernel takes; compute the spectrum outside of the "
    "model and give it real numbers, such as magnitudes",
    "string": "has text, which no kernel takes; give the model the tokens that are made of it",
}
_OTHERWISE = "convert the model with real numbers of float32 and whole ones of up to 64 bits"


def odd_type(
    operators: Iterable[Operator], named: Mapping[int, tuple[str, str]], used: Iterable[int]
) -> str | None:
    """A sentence on the first tensor of a type that none of ours is, None where there is none.

    `named` are the name and the type of each tensor. The operator that writes it is named, else one
    that reads it.
    """
    odd = next((i for i in sorted(used) if named[i][1] not in ITEM_SIZES), None)
    if odd is None:
        return None
    name, dtype = named[odd]
    found = sorted(
        (odd not in op.outputs, op.index, op.kind)
        for op in operators
        if odd in (*op.inputs, *op.outputs)
    )
    where = f"tensor {odd} ({name})"
    if found:
        where += f" of #{found[0][1]} {found[0][2]}"
    what = f"has elements of {dtype}, which is not supported; {_OTHERWISE}"
    return f"{where} {_WAYS_OUT.get(dtype, what)}"
