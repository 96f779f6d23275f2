"""Parts of kernels that an image's layers need: what none of them does is not compiled.

Kernels for MVE are large for what one model makes of them: paths for strides, limits, ties and
short windows. The image's copy of uses_mve.h says which of these its layers take.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from qmcu.compile.plan import Argument, FieldValue, ParametersArgument, Plan

HEADER = "uses_mve.h"
_DEFINITION = "#define QMCU_USES_{} {}\n"
_RELU = 1  # QMCU_MVE_RELU
Fields = Mapping[str, int]
Needs = Callable[[Fields], bool]


@dataclass(frozen=True)
class _Code:
    """The parts of some code: which of `kernels` it serves, by whose fields parts are needed.

    Where another kernel includes its `header`, all parts are.
    """

    header: str
    kernels: tuple[str, ...]
    parts: Mapping[str, Needs]


def _in_eights(fields: Fields) -> bool:
    """Whether a depthwise layer's columns go together, as depthwise_conv_2d_mve_3x3.c says."""
    width, together = fields["output_width"], 4 if fields["stride"] == 1 else 8
    fits = (width + 4) * fields["depth"] < 1 << 16
    return bool(fields["saturated"]) and width % together == 0 and fits


def _has_limits(fields: Fields) -> bool:
    return (fields["multiply.minimum"], fields["multiply.maximum"]) != (-128, 127)


def _is_relu(fields: Fields) -> bool:
    return fields["multiply.form"] == _RELU


def _in_one_step(fields: Fields) -> bool:
    return fields["multiply.steps"] == 1 and _is_relu(fields) and not _has_limits(fields)


def _rows_left(fields: Fields) -> int:
    return fields["output_depth"] % 4


_CODES = (
    _Code(
        "depthwise_conv_2d_mve_3x3.h",
        ("depthwise_conv_2d_mve_3x3",),
        {
            "STRIDE_1": lambda fields: fields["stride"] == 1,
            "STRIDE_2": lambda fields: fields["stride"] != 1,
            "CLAMPED": lambda fields: not fields["saturated"],
            "ANY_COLUMNS": lambda fields: not _in_eights(fields),
            "EIGHT": _in_eights,
        },
    ),
    _Code(
        "multiply_four_mve.h",
        ("conv_2d_four_mve", "conv_2d_four_mve_columns", "conv_2d_four_mve_pointwise"),
        {
            "ONE_STEP": _in_one_step,
            "STEPS": lambda fields: not _in_one_step(fields),
            "TWO_STEPS": lambda fields: fields["multiply.steps"] == 2,
            "AWAY": lambda fields: not _is_relu(fields),
            "LIMITS": _has_limits,
        },
    ),
    _Code(
        "fully_connected_mve.h",
        ("fully_connected_mve",),
        {
            "LAST_ROW": lambda fields: _rows_left(fields) == 1,
            "LAST_ROWS": lambda fields: _rows_left(fields) > 1,
            "TAIL": lambda fields: fields["output_depth"] >= 4 and fields["values"] % 16 != 0,
            "SHARED_SCALE": lambda fields: fields["scales_step"] == 0,
        },
    ),
)


def header(text: str, plans: Iterable[Plan], includes: Callable[[str], Iterable[str]]) -> str:
    """uses_mve.h for an image of `plans`; `includes` gives a kernel's files."""
    calls = [used for plan in plans for used in _calls(plan)]
    kernels = {kernel for kernel, _ in calls}
    for code in _CODES:
        others = kernels.difference(code.kernels)
        if any(code.header in includes(kernel) for kernel in others):
            continue
        own = [fields for kernel, fields in calls if kernel in code.kernels]
        for name, is_needed in code.parts.items():
            before = _DEFINITION.format(name, 1)
            assert before in text, name
            if not any(map(is_needed, own)):
                text = text.replace(before, _DEFINITION.format(name, 0))
    return text


def _calls(plan: Plan) -> Iterable[tuple[str, Fields]]:
    """Each kernel that is called, with the numbers among its parameters."""
    for call in plan.calls:
        yield call.kernel, _fields(call.arguments)
        for each in call.passes:
            yield each.kernel, _fields(each.arguments)


def _fields(arguments: Iterable[Argument]) -> Fields:
    fields: Iterable[tuple[str, FieldValue]] = (
        field for a in arguments if isinstance(a, ParametersArgument) for field in a.fields
    )
    return {name: value for name, value in fields if isinstance(value, int)}
