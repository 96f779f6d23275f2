"""What an operator must have to be one: inputs and outputs, whatever the file says."""

from collections.abc import Sequence

from qmcu.model.early_ends import CIRCULAR
from qmcu.model.schema import OPTION_TABLES

# Inputs that must be there; of other builtin operators whose options are read, the first.
_INPUTS = {"VAR_HANDLE": 0, "CALL_ONCE": 0, "ASSIGN_VARIABLE": 2}
# Operators of tflite-micro's own: as builtin ones, they have an input and an output.
_OWN = ("CUSTOM:Signal", CIRCULAR)
# Operators that exist for what they do, not for what they give.
_WITHOUT_OUTPUT = frozenset({"CALL_ONCE", "ASSIGN_VARIABLE"})


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
