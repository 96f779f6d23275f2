"""What an operator must have to be one: inputs and outputs, whatever the file says."""

from collections.abc import Mapping, Sequence

from qmcu.model.early_ends import CIRCULAR
from qmcu.model.schema import OPTION_TABLES

# Inputs that must be there; of other builtin operators whose options are read, the first.
_INPUTS = {"VAR_HANDLE": 0, "CALL_ONCE": 0, "ASSIGN_VARIABLE": 2}
# Operators of tflite-micro's own: as builtin ones, they have an input and an output.
_OWN = ("CUSTOM:Signal", CIRCULAR)
# Operators that exist for what they do, not for what they give.
_WITHOUT_OUTPUT = frozenset({"CALL_ONCE", "ASSIGN_VARIABLE"})
# Counts that tflite-micro goes by, whatever there is: of inputs, of outputs.
_COUNTS = {"PACK": "values_count", "UNPACK": "num"}


def wrong_count(
    kind: str, inputs: Sequence[int], outputs: Sequence[int], options: Mapping[str, object]
) -> str | None:
    """What is wrong with an operator that says how many operands it has; None if nothing."""
    option = _COUNTS.get(kind)
    if option is None:
        return None
    role, found = ("inputs", inputs) if kind == "PACK" else ("outputs", outputs)
    said = options.get(option, len(found))
    return None if said == len(found) else f"has {len(found)} {role}, and its {option} is {said}"


def missing_operand(kind: str, inputs: Sequence[int], outputs: Sequence[int]) -> str | None:
    """What an operator of the kind lacks, for `it ...`; None if nothing.

    What each kind needs beyond that is told when it is compiled.
    """
    own = kind.startswith(_OWN)
    free = kind in _WITHOUT_OUTPUT or (kind.startswith("CUSTOM") and not own)
    if not outputs and not free:
        return "has no output"
    for position in range(_INPUTS.get(kind, int(own or kind in OPTION_TABLES))):
        if position >= len(inputs) or inputs[position] < 0:
            return f"lacks its input {position}"
    return None
