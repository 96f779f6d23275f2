"""Parts of kernels that an image's layers need: what none of them does is not compiled.

Kernels are large for what one model makes of them: paths for strides, limits, ties and short
windows. The image's copies of these headers say which of them its layers take.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from qmcu.compile.operators.walk import RANK
from qmcu.compile.plan import Argument, ConstantArgument, ParametersArgument, Plan
from qmcu.compile.streams.cost import instructions

MVE, SCALAR = HEADERS = ("uses_mve.h", "uses_scalar.h")
_DEFINITION = "#define QMCU_USES_{} {}\n"
_ROUND = "#define QMCU_{} {}\n"
_RELU = 1  # QMCU_MVE_RELU
# The most filters that an MVE multiplier takes by one reading of the pixels.
_FILTERS_AT_ONCE = 4
_BYTES = (-128, 127)
_FEW_COLUMNS = 4  # QMCU_FEW_COLUMNS
# The largest of a layer's shifts, which lie in flash.
_LARGEST_SHIFT = "largest shift"
# Of a model's instructions, by estimate, so many more may rounds of fewer steps take.
_MORE = 0.001
Fields = Mapping[str, int]
Needs = Callable[[Fields], bool]


@dataclass(frozen=True)
class _Loop:
    """A loop whose rounds have several steps, one of `choices`, the last of which is the fastest.

    A layer runs it `runs` times, by so many `steps` each time, and a round takes some
    `instructions` beside its steps. Rounds of no steps are for layers that have none.
    """

    choices: tuple[int, ...]
    steps: Callable[[Fields], int]
    runs: Callable[[Fields], int]
    instructions: int

    def more(self, fields: Fields, round_of: int) -> int:
        """The instructions that a layer takes more by rounds of so many steps."""
        steps = self.steps(fields)
        rounds, least = (-(-steps // (each or 1)) for each in (round_of, self.choices[-1]))
        return self.runs(fields) * self.instructions * (rounds - least)

    def chosen(self, models: Iterable[tuple[Sequence[Fields], float]]) -> int:
        """The fewest steps of a round that the layers of each model can take.

        All layers of a model together take `_MORE` of its instructions, given with it, at most.
        """
        models = list(models)

        def suffices(round_of: int) -> bool:
            if round_of == 0:
                return not any(self.steps(fields) for layers, _ in models for fields in layers)
            return all(
                sum(self.more(fields, round_of) for fields in layers) <= _MORE * whole
                for layers, whole in models
            )

        return next(round_of for round_of in self.choices if suffices(round_of))


@dataclass(frozen=True)
class _Code:
    """The parts of some code that `uses` names: by the fields of which `kernels` they are needed.

    Where another kernel includes the code's `header`, all parts are, and loops the fastest.
    """

    uses: str
    header: str
    kernels: tuple[str, ...]
    parts: Mapping[str, Needs]
    loops: Mapping[str, _Loop] = field(default_factory=dict)


def _in_eights(fields: Fields) -> bool:
    """Whether a depthwise layer's columns go together, as depthwise_conv_2d_mve_3x3.c says."""
    width, together = fields["output_width"], 4 if fields["stride"] == 1 else 8
    fits = (width + 4) * fields["depth"] < 1 << 16
    return bool(fields["saturated"]) and width % together == 0 and fits


def _leaves_image(fields: Fields) -> bool:
    """Whether some window reaches beyond the image, on either side."""
    sides = (("top", "height"), ("left", "width"))
    return any(
        fields[f"window.padding_{side}"] != 0
        or (fields[f"window.output_{size}"] - 1) * fields[f"window.stride_{size}"]
        + fields[f"window.kernel_{size}"]
        > fields[f"window.input_{size}"]
        for side, size in sides
    )


def _is_flat(fields: Fields) -> bool:
    """Whether a column of a window is a pixel."""
    return fields["window.kernel_height"] == 1


def _has_few_channels(fields: Fields) -> bool:
    """Whether two pixels or more go together, as conv_2d_mve.c plans it."""
    depth = fields["window.input_depth"]
    return 2 * depth <= 16 and (fields["window.kernel_height"] + 1) * depth <= 256


def _has_limits(fields: Fields) -> bool:
    return (fields["multiply.minimum"], fields["multiply.maximum"]) != _BYTES


def _is_relu(fields: Fields) -> bool:
    return fields["multiply.form"] == _RELU


def _in_one_step(fields: Fields) -> bool:
    return fields["multiply.steps"] == 1 and _is_relu(fields) and not _has_limits(fields)


def _four_steps(fields: Fields) -> int:
    """Steps that multiply_four_mve takes in rounds, behind the first one."""
    steps = fields["multiply.steps"]
    return steps - 1 if steps > 2 else 0


def _halves_of_tiles(fields: Fields) -> int:
    """How often steps of two filters and four pixels are run."""
    return 2 * -(-_pixels(fields) // 4) * -(-fields["multiply.filters"] // 4)


def _is_ragged_relu(fields: Fields) -> bool:
    return fields["multiply.form"] & 3 == _RELU


def _in_one_ragged_step(fields: Fields) -> bool:
    one = fields["multiply.steps"] == 1
    return one and _is_ragged_relu(fields) and not _has_limits(fields)


def _dense_runs(fields: Fields) -> int:
    """How often four rows of a dense layer are multiplied."""
    return fields["batches"] * (fields["output_depth"] // 4)


def _is_packed(fields: Fields) -> bool:
    return fields.get("packed") == 1


def _may_be_adjacent(fields: Fields) -> bool:
    """Whether a depthwise layer's windows are three wide, one channel for one."""
    one = fields.get("window.depth_multiplier") == 1 and fields["window.dilation_width"] == 1
    return one and 3 in (fields["window.kernel_width"], fields["window.kernel_height"])


def _are_alike(fields: Fields) -> bool:
    """Whether rows of scratch are those of the image, as rows_scalar.c says."""
    own = fields["window.input_width"] * fields["window.input_depth"]
    return fields["window.padding_left"] == 0 and fields["rows.row_bytes"] == own


def _lie_in_image(fields: Fields) -> bool:
    """Whether all rows that are copied are, and are in the image."""
    last = (fields["window.output_height"] - 1) * fields["window.stride_height"]
    inside = last + fields["rows.count"] <= fields["window.input_height"]
    one = fields["rows.together"] == 1 and fields["window.padding_top"] == 0
    return one and inside and _are_alike(fields)


def _limits(fields: Fields) -> tuple[int, int]:
    return fields["activation_minimum"], fields["activation_maximum"]


def _is_above_zero_point(fields: Fields) -> bool:
    return fields["activation_minimum"] >= fields["output_zero_point"]


def _has_large_multipliers(fields: Fields) -> bool:
    return fields[_LARGEST_SHIFT] >= 0


def _has_narrow_limits(fields: Fields) -> bool:
    return _limits(fields) != _BYTES


def _pairs(fields: Fields) -> int:
    """Pairs of taps of packed windows, as conv_2d_scalar.c packs them; 0 of others."""
    window = fields["window.kernel_height"] * fields["window.kernel_width"]
    return (window * fields["group_depth"] + 1) // 2 if _is_packed(fields) else 0


def _has_pixels_left(fields: Fields) -> bool:
    """Whether outputs that are computed together are no fours at some time."""
    width, together = fields["window.output_width"], fields["rows.together"]
    whole = width * together % 4 == 0 and fields["window.output_height"] % together == 0
    return width % 4 != 0 and not whole


def _pool_leaves_image(fields: Fields) -> bool:
    return any(
        fields[f"padding_{side}"] != 0
        or (fields[f"output_{size}"] - 1) * fields[f"stride_{size}"] + fields[f"kernel_{size}"]
        > fields[f"input_{size}"]
        for side, size in (("top", "height"), ("left", "width"))
    )


def _has_empty_windows(fields: Fields) -> bool:
    """Whether some window of a pool has nothing of the image."""
    return any(
        fields[f"padding_{side}"] >= fields[f"kernel_{size}"]
        or (fields[f"output_{size}"] - 1) * fields[f"stride_{size}"] - fields[f"padding_{side}"]
        >= fields[f"input_{size}"]
        for side, size in (("top", "height"), ("left", "width"))
    )


def _has_holes(fields: Fields) -> bool:
    return (fields["window.dilation_height"], fields["window.dilation_width"]) != (1, 1)


def _has_short_rows(fields: Fields) -> bool:
    """Whether a copy's rows have few elements, which lie apart, as strided_copy_code.h says."""
    length, step = (
        [fields[f"{name}[{i}]"] for i in range(RANK) if f"{name}[{i}]" in fields][-1]
        for name in ("shape", "strides")
    )
    return step != 1 and length < _FEW_COLUMNS


def _is_at_once(fields: Fields) -> bool:
    """Whether a 1x1 layer's pixels are read where they lie, as conv_2d_mve_pointwise.c says."""
    whole = fields["input_depth"] == 16 * fields["multiply.steps"]
    return whole and fields["multiply.filters"] <= _FILTERS_AT_ONCE


def _has_tiles_left(fields: Fields) -> bool:
    """Whether a layer's pixels are no fours."""
    return _pixels(fields) % 4 != 0


def _pixels(fields: Fields) -> int:
    sizes = ("batches", "output_height", "output_width")
    pixels = fields.get("pixels")
    return prod(fields[f"window.{size}"] for size in sizes) if pixels is None else pixels


def _rows_left(fields: Fields) -> int:
    return fields["output_depth"] % 4


_CODES = (
    _Code(
        MVE,
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
        MVE,
        "conv_2d_mve.h",
        tuple(
            f"conv_2d_{form}mve{rows}"
            for form in ("", "four_", "ragged_", "any_", "int4_")
            for rows in ("", "_columns")
        ),
        {
            "BATCHES": lambda fields: fields["window.batches"] != 1,
            "BORDERS": _leaves_image,
            "ROWS_APART": lambda fields: (
                fields["window.kernel_height"] <= fields["window.stride_height"]
            ),
            "ROWS_LEFT": lambda fields: fields["window.output_width"] % 4 != 0,
            "FLAT_ROWS": _is_flat,
            "FEW_CHANNELS": lambda fields: not _is_flat(fields) and _has_few_channels(fields),
            "MANY_CHANNELS": lambda fields: not _is_flat(fields) and not _has_few_channels(fields),
        },
    ),
    _Code(
        MVE,
        "conv_2d_mve_pointwise.h",
        tuple(f"conv_2d_{form}mve_pointwise" for form in ("", "four_", "ragged_", "any_", "int4_")),
        {
            "PIXELS_AT_ONCE": _is_at_once,
            "PIXELS_BACKWARD": lambda fields: fields["backward"] == 1,
        },
    ),
    _Code(
        MVE,
        "multiply_four_code_mve.h",
        tuple(
            f"conv_2d_{form}_mve{rows}"
            for form in ("four", "ragged")
            for rows in ("", "_columns", "_pointwise")
        ),
        {"TILES_LEFT": _has_tiles_left},
    ),
    _Code(
        MVE,
        "mean_mve.h",
        ("mean_mve",),
        {
            "MEANS_TOGETHER": lambda fields: fields["kept_steps[1]"] == 1,
            "MEANS_APART": lambda fields: fields["kept_steps[1]"] != 1,
        },
    ),
    _Code(
        MVE,
        "add_mve.h",
        ("add_mve",),
        {
            "ADD_RELU": _is_above_zero_point,
            "ADD_AWAY": lambda fields: not _is_above_zero_point(fields),
        },
    ),
    _Code(
        MVE,
        "pool_mve.h",
        ("max_pool_2d_mve", "average_pool_2d_mve"),
        {
            "POOL_BATCHES": lambda fields: fields["batches"] != 1,
            "POOL_BORDERS": _pool_leaves_image,
        },
    ),
    _Code(
        MVE,
        "max_pool_2d_mve.h",
        ("max_pool_2d_mve",),
        {
            "POOL_VECTORS": lambda fields: fields["depth"] > 16,
            "POOL_LEFT": lambda fields: fields["depth"] % 16 != 0,
        },
    ),
    _Code(
        MVE,
        "multiply_four_mve.h",
        ("conv_2d_four_mve", "conv_2d_four_mve_columns", "conv_2d_four_mve_pointwise"),
        {
            "ONE_STEP": _in_one_step,
            "STEPS": lambda fields: not _in_one_step(fields),
            "TWO_STEPS": lambda fields: fields["multiply.steps"] == 2,
            "AWAY": lambda fields: not _is_relu(fields),
            "LIMITS": _has_limits,
        },
        {"FOUR_ROUND": _Loop((0, 1, 2, 3, 4), _four_steps, _halves_of_tiles, 2)},
    ),
    _Code(
        MVE,
        "multiply_ragged_mve.h",
        tuple(f"conv_2d_ragged_mve{rows}" for rows in ("", "_columns", "_pointwise")),
        {
            "RAGGED_ONE_STEP": _in_one_ragged_step,
            "RAGGED_STEPS": lambda fields: not _in_one_ragged_step(fields),
            "RAGGED_AWAY": lambda fields: not _is_ragged_relu(fields),
            "RAGGED_LIMITS": _has_limits,
        },
        {
            "RAGGED_ROUND": _Loop(
                (0, 1, 2), lambda fields: fields["multiply.steps"] - 1, _halves_of_tiles, 2
            )
        },
    ),
    _Code(
        MVE,
        "strided_copy_mve.h",
        ("strided_copy_mve",),
        {"SHORT_ROWS": _has_short_rows},
    ),
    _Code(
        MVE,
        "softmax_code_mve.h",
        ("softmax_mve", "softmax_s8_s16_mve"),
        {"SOFTMAX_ROWS": lambda fields: fields["rows"] != 1},
    ),
    _Code(
        MVE,
        "fully_connected_mve.h",
        ("fully_connected_mve",),
        {
            "DENSE_BATCHES": lambda fields: fields["batches"] != 1,
            "LAST_ROW": lambda fields: _rows_left(fields) == 1,
            "LAST_ROWS": lambda fields: _rows_left(fields) > 1,
            "TAIL": lambda fields: fields["output_depth"] >= 4 and fields["values"] % 16 != 0,
            "SHARED_SCALE": lambda fields: fields["scales_step"] == 0,
        },
        {"DENSE_ROUND": _Loop((1, 2, 3, 4), lambda fields: fields["values"] // 16, _dense_runs, 1)},
    ),
    _Code(
        SCALAR,
        "pixels_scalar.h",
        ("conv_2d_scalar", "depthwise_scalar"),
        {
            "PACKED": _is_packed,
            "DIRECT": lambda fields: not _is_packed(fields),
            "ADJACENT": _may_be_adjacent,
            "PAIR_FOURS": lambda fields: _pairs(fields) >= 4,
            "PAIRS_LEFT": lambda fields: _pairs(fields) % 4 != 0,
            "LARGE_MULTIPLIERS": _has_large_multipliers,
            "NARROW_LIMITS": _has_narrow_limits,
        },
    ),
    _Code(
        SCALAR,
        "rows_scalar.h",
        ("conv_2d_scalar", "depthwise_scalar"),
        {
            "COPIED_ROWS": lambda fields: fields["rows.count"] > 0,
            "BORDERS": lambda fields: fields["rows.count"] > 0 and not _lie_in_image(fields),
            "ALIKE_ROWS": lambda fields: fields["rows.count"] > 0 and _are_alike(fields),
            "BACKWARD": lambda fields: fields["rows.count"] < 0,
            "PIXELS_LEFT": _has_pixels_left,
        },
    ),
    _Code(
        SCALAR,
        "conv_2d_scalar.h",
        ("conv_2d_scalar",),
        {"GROUPS": lambda fields: fields["groups"] != 1, "DILATION": _has_holes},
    ),
    _Code(
        SCALAR,
        "depthwise_scalar.h",
        ("depthwise_scalar",),
        {
            "DEPTH_MULTIPLIER": lambda fields: fields["window.depth_multiplier"] != 1,
            "DEPTHWISE_DILATION": _has_holes,
        },
    ),
    _Code(
        SCALAR,
        "outputs_scalar.h",
        ("fully_connected_scalar",),
        {
            "LAST_VALUES": lambda fields: fields["input_depth"] % 8 != 0,
            "LARGE_OUTPUT_MULTIPLIERS": _has_large_multipliers,
            "NARROW_OUTPUT_LIMITS": _has_narrow_limits,
        },
        {
            "OUTPUTS_ROUND": _Loop(
                (1, 2, 4, 8), lambda fields: fields["input_depth"], _dense_runs, 2
            )
        },
    ),
    _Code(
        SCALAR,
        "fully_connected_scalar.h",
        ("fully_connected_scalar",),
        {"LAST_OUTPUTS": lambda fields: _rows_left(fields) != 0},
    ),
    _Code(
        SCALAR,
        "fully_connected_few_scalar.h",
        ("fully_connected_few_scalar",),
        {
            "TWO_OUTPUTS": lambda fields: fields["output_depth"] > 1,
            "ONE_OUTPUT": lambda fields: fields["output_depth"] % 2 != 0,
        },
    ),
    _Code(
        SCALAR,
        "mul_scalar.h",
        ("mul_scalar",),
        {"LARGE_PRODUCTS": lambda fields: fields["output_shift"] >= 0},
    ),
    _Code(
        SCALAR,
        "add_scalar.h",
        ("add_scalar",),
        {
            "DIFFERENCES": lambda fields: fields["input2_sign"] < 0,
            "LARGE_SUMS": lambda fields: fields["output_shift"] >= 0,
        },
    ),
    _Code(
        SCALAR,
        "max_pool_2d_scalar.h",
        ("max_pool_2d_scalar",),
        {
            "POOL_WORDS": lambda fields: fields["depth"] >= 4,
            "POOL_BYTES": lambda fields: fields["depth"] % 4 != 0 or _has_empty_windows(fields),
            "POOL_LIMITS": _has_narrow_limits,
        },
    ),
    _Code(
        SCALAR,
        "pool_scalar.h",
        ("max_pool_2d_scalar", "average_pool_2d_scalar"),
        {"POOL_BORDERS": _pool_leaves_image},
    ),
)


def header(
    name: str, text: str, plans: Iterable[Plan], includes: Callable[[str], Iterable[str]]
) -> str:
    """One of HEADERS, which holds `text`, for an image of `plans`.

    `includes` gives a kernel's files.
    """
    models = [(list(_calls(plan)), sum(map(instructions, plan.calls))) for plan in plans]
    kernels = {kernel for calls, _ in models for kernel, _ in calls}
    for code in (code for code in _CODES if code.uses == name):
        others = kernels.difference(code.kernels)
        if any(code.header in includes(kernel) for kernel in others):
            continue
        own = [
            ([fields for kernel, fields in calls if kernel in code.kernels], whole)
            for calls, whole in models
        ]
        for part, is_needed in code.parts.items():
            before = _DEFINITION.format(part, 1)
            assert before in text, part
            if not any(is_needed(fields) for layers, _ in own for fields in layers):
                text = text.replace(before, _DEFINITION.format(part, 0))
        for part, loop in code.loops.items():
            before = _ROUND.format(part, loop.choices[-1])
            assert before in text, part
            text = text.replace(before, _ROUND.format(part, loop.chosen(own)))
    return text


def _calls(plan: Plan) -> Iterable[tuple[str, Fields]]:
    """Each kernel that is called, with the numbers among its parameters."""
    for call in plan.calls:
        yield call.kernel, _fields(call.arguments)
        for each in call.passes:
            yield each.kernel, _fields(each.arguments)


def _fields(arguments: Sequence[Argument]) -> Fields:
    """The numbers among a call's parameters, and the largest of its shifts."""
    found: dict[str, int] = {}
    for argument in arguments:
        if isinstance(argument, ParametersArgument):
            found |= {n: value for n, value in argument.fields if isinstance(value, int)}
            found |= {
                f"{n}[{i}]": number
                for n, value in argument.fields
                if isinstance(value, tuple)
                for i, number in enumerate(value)
            }
        elif isinstance(argument, ConstantArgument) and argument.constant is not None:
            constant = argument.constant
            if (constant.role, constant.ctype) == ("requantization", "int8_t"):
                found[_LARGEST_SHIFT] = max(
                    int.from_bytes((b,), signed=True) for b in constant.data
                )
    return found
