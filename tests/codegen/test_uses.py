"""What no layer of an image needs of a kernel is not compiled; what one needs is."""

import itertools
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.everyday import EVERYDAY

from qmcu.board import load_board
from qmcu.codegen import uses
from qmcu.codegen.compiler_flags import fast_flags
from qmcu.codegen.project import kernel_sources, library_sources
from qmcu.compile import CompileOptions, Plan, compile_graph
from qmcu.compile.streams.cost import instructions
from qmcu.resources import firmware_directory, kernel_directories

MVE = CompileOptions("native", dsp=True, fpu=True, mve=True)
# With weights as fast kernels want them, whatever their constants.
FAST = replace(MVE, optimize="speed")
SCALAR = CompileOptions("native")
FOLDERS = {uses.MVE: "kernels/mve", uses.SCALAR: "kernels/scalar"}
TEXTS = {name: (firmware_directory() / FOLDERS[name] / name).read_text() for name in uses.HEADERS}
COMPILER = shutil.which("arm-none-eabi-gcc")
# Of each kernel's parts those of which an image has one, at least.
ONE_OF = (
    ("STRIDE_1", "STRIDE_2"),
    ("ANY_COLUMNS", "EIGHT"),
    ("ONE_STEP", "STEPS"),
    ("RAGGED_ONE_STEP", "RAGGED_STEPS"),
    ("PACKED", "DIRECT"),
    ("BORDERS", "ALIKE_ROWS"),
    ("FLAT_ROWS", "FEW_CHANNELS", "MANY_CHANNELS"),
    ("TWO_OUTPUTS", "ONE_OUTPUT"),
    ("POOL_WORDS", "POOL_BYTES"),
    ("MEANS_TOGETHER", "MEANS_APART"),
    ("ADD_RELU", "ADD_AWAY"),
)
# Parts that are nothing without another.
PART_OF = {
    "TWO_STEPS": "STEPS",
    "RAGGED_AWAY": "RAGGED_STEPS",
    "RAGGED_LIMITS": "RAGGED_STEPS",
    "ADJACENT": "DIRECT",
    "PAIR_FOURS": "PACKED",
    "PAIRS_LEFT": "PACKED",
}
# Parts of which a whole has one, at least.
ONE_OF_PART = {"PACKED": ("PAIR_FOURS", "PAIRS_LEFT")}
# What is compiled for a header that has no C file of its name.
SOURCES = {
    "multiply_four_code_mve.h": "multiply_four_mve.c",
    "pool_mve.h": "average_pool_2d_mve.c",
    "softmax_code_mve.h": "softmax_mve.c",
    "pool_scalar.h": "max_pool_2d_scalar.c",
}
BOARDS = {uses.MVE: ("mps3-an547",), uses.SCALAR: ("mps2-an385", "rpi-pico")}


def plans(kind: str, kernel: str, count: int = 40, options: CompileOptions = MVE) -> list[Plan]:
    """Plans of one random layer each that have the kernel."""
    return [plan for plan in _plans(kind, count, options) if plan.calls[0].kernel == kernel]


@cache
def _plans(kind: str, count: int, options: CompileOptions) -> list[Plan]:
    layer = EVERYDAY.get(kind) or GENERATORS[kind]
    return [compile_graph(layer(np.random.default_rng(seed)), options) for seed in range(count)]


def parts(*some: Plan, name: str = uses.MVE) -> dict[str, bool]:
    """By name whether the images of these plans have a part."""
    text = uses.header(name, TEXTS[name], some, lambda kernel: kernel_sources((kernel,)))
    return {name: value == "1" for name, value in re.findall(r"QMCU_USES_(\w+) ([01])", text)}


def rounds(*some: Plan, name: str = uses.MVE) -> dict[str, int]:
    """By name how many steps a round of a loop has in the image of these plans."""
    text = uses.header(name, TEXTS[name], some, lambda kernel: kernel_sources((kernel,)))
    return {name: int(steps) for name, steps in re.findall(r"QMCU_(\w+_ROUND) (\d)", text)}


def test_a_part_is_there_for_the_layers_that_need_it() -> None:
    seen: dict[str, set[bool]] = {}
    for plan in plans("DEPTHWISE_CONV_2D", "depthwise_conv_2d_mve_3x3", 80):
        fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
        has = parts(plan)
        assert has["STRIDE_1"] == (fields["stride"] == 1) != has["STRIDE_2"]
        assert has["CLAMPED"] == (fields["saturated"] == 0)
        assert has["EIGHT"] != has["ANY_COLUMNS"]
        for name, value in has.items():
            seen.setdefault(name, set()).add(value)
    assert all(seen[name] == {False, True} for name in ("STRIDE_1", "STRIDE_2", "CLAMPED"))


def test_a_clamped_layer_in_eights_keeps_the_path_for_any_columns() -> None:
    """Eight columns at a time saturate only."""
    widths = []
    for plan in plans("DEPTHWISE_CONV_2D", "depthwise_conv_2d_mve_3x3", 150):
        fields, has = dict(plan.calls[0].arguments[0].fields), parts(plan)  # type: ignore[union-attr]
        if has["CLAMPED"]:
            assert has["ANY_COLUMNS"]
            widths.append(fields["output_width"] % (4 if has["STRIDE_1"] else 8))
    assert 0 in widths


def test_fully_connected_layers_have_what_their_rows_ask_for() -> None:
    for plan in plans("FULLY_CONNECTED", "fully_connected_mve"):
        fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
        has, outputs = parts(plan), fields["output_depth"]
        assert has["DENSE_BATCHES"] == (fields["batches"] > 1)
        assert has["LAST_ROW"] == (outputs % 4 == 1)
        assert has["LAST_ROWS"] == (outputs % 4 in (2, 3))
        assert has["TAIL"] == (outputs >= 4 and fields["values"] % 16 != 0)
        assert has["SHARED_SCALE"] == (fields["scales_step"] == 0)


def test_convolutions_have_what_their_rows_ask_for() -> None:
    seen: dict[str, set[bool]] = {}
    for kernel in ("conv_2d_mve", "conv_2d_four_mve", "conv_2d_ragged_mve"):
        for plan in (*plans("CONV_2D", kernel, 60), *plans("CONV_2D", kernel, 80, FAST)):
            fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
            has = parts(plan)
            height, depth = fields["window.kernel_height"], fields["window.input_depth"]
            batches, rows = fields["window.batches"], fields["window.output_height"]
            assert has["BATCHES"] == (batches > 1)
            pixels = batches * rows * fields["window.output_width"]
            assert has["TILES_LEFT"] == (kernel != "conv_2d_mve" and pixels % 4 != 0)
            together = 1
            while (together + 1) * depth <= 16 and together * height * depth + depth <= 256:
                together += 1
            assert has["ROWS_LEFT"] == (fields["window.output_width"] % 4 != 0)
            assert has["ROWS_APART"] == (height <= fields["window.stride_height"])
            assert has["FLAT_ROWS"] == (height == 1)
            assert has["FEW_CHANNELS"] == (height > 1 and together > 1)
            assert has["MANY_CHANNELS"] == (height > 1 and together == 1)
            if fields["window.padding_top"] or fields["window.padding_left"]:
                assert has["BORDERS"]
            for name, value in has.items():
                seen.setdefault(name, set()).add(value)
    names = ("ROWS_LEFT", "BORDERS", "FEW_CHANNELS", "MANY_CHANNELS", "STEPS", "AWAY", "LIMITS")
    assert all(
        seen[name] == {False, True} for name in (*names, "BATCHES", "ROWS_APART", "TILES_LEFT")
    ), seen


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ((1, 1, -128, 127), {"RAGGED_ONE_STEP"}),
        ((1, 1 + 4 * 9, -128, 127), {"RAGGED_ONE_STEP"}),
        ((1, 4 * 9, -128, 127), {"RAGGED_STEPS", "RAGGED_AWAY"}),
        ((1, 1 + 4 * 9, -128, 5), {"RAGGED_STEPS", "RAGGED_LIMITS"}),
        ((2, 1 + 4 * 9, -128, 127), {"RAGGED_STEPS"}),
        ((3, 2 + 4 * 3, -3, 127), {"RAGGED_STEPS", "RAGGED_AWAY", "RAGGED_LIMITS"}),
    ],
)
def test_filters_that_are_not_filled_up_have_what_they_ask_for(
    fields: tuple[int, int, int, int], names: set[str]
) -> None:
    (code,) = (code for code in uses._CODES if code.header == "multiply_ragged_mve.h")
    keys = ("multiply.steps", "multiply.form", "multiply.minimum", "multiply.maximum")
    of_layer = dict(zip(keys, fields, strict=True))
    assert {name for name, is_needed in code.parts.items() if is_needed(of_layer)} == names


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), 0),
        ((0,), 0),
        ((0, 1), 1),
        ((2,), 2),
        ((3, 1), 3),
        ((4,), 4),
        ((5, 3, 2), 3),  # two rounds, one and one, as of four
        ((5, 4), 4),
        ((17, 8), 4),
        ((9,), 3),
    ],
)
def test_rounds_are_as_short_as_takes_no_more_of_them(
    steps: tuple[int, ...], expected: int
) -> None:
    loop = uses._Loop((0, 1, 2, 3, 4), lambda fields: fields["steps"], lambda fields: 1, 2)
    assert loop.chosen([([{"steps": each} for each in steps], 100.0)]) == expected


@pytest.mark.parametrize(
    ("whole", "others", "expected"),
    [
        (1e4, 1e4, 8),
        (12_001, 1e6, 4),  # three runs of two rounds more, of two instructions
        (12_001, 12_001, 4),
        (1e6, 12_001, 4),  # of two models each is as fast
        (36_001, 1e6, 2),  # six rounds more
        (1e6, 1e6, 1),
    ],
)
def test_rounds_are_shorter_where_a_model_hardly_runs_the_loop(
    whole: float, others: float, expected: int
) -> None:
    loop = uses._Loop((1, 2, 4, 8), lambda fields: fields["steps"], lambda fields: 3, 2)
    assert loop.chosen([([{"steps": 16}], whole), ([{"steps": 16}], others)]) == expected


def test_loops_have_rounds_for_the_layers_of_the_image() -> None:
    seen: dict[str, set[int]] = {}
    for kind, kernel, loop, name, options in (
        ("CONV_2D", "conv_2d_four_mve", "FOUR_ROUND", uses.MVE, FAST),
        ("CONV_2D", "conv_2d_ragged_mve", "RAGGED_ROUND", uses.MVE, MVE),
        ("FULLY_CONNECTED", "fully_connected_mve", "DENSE_ROUND", uses.MVE, MVE),
        ("FULLY_CONNECTED", "fully_connected_scalar", "OUTPUTS_ROUND", uses.SCALAR, SCALAR),
    ):
        (of_loop,) = (code.loops[loop] for code in uses._CODES if loop in code.loops)
        for plan in plans(kind, kernel, 150, options):
            fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
            has, most = rounds(plan, name=name)[loop], of_loop.choices[-1]
            steps, runs = _steps_and_runs(loop, fields)
            allowed = 0.001 * instructions(plan.calls[0])
            more = {
                each: runs * of_loop.instructions * (-(-steps // each) - -(-steps // most))
                for each in of_loop.choices
                if each > 0
            }
            assert steps == 0 if has == 0 else more[has] <= allowed
            assert all(count > allowed for each, count in more.items() if each < has)
            seen.setdefault(loop, set()).add(has)
    assert {0, 4} <= seen["FOUR_ROUND"]
    assert seen["RAGGED_ROUND"] == {1, 2}
    assert {1, 2} <= seen["DENSE_ROUND"] <= {1, 2, 3, 4}
    assert 8 in seen["OUTPUTS_ROUND"]


def _steps_and_runs(loop: str, fields: Mapping[str, Any]) -> tuple[int, int]:
    """How many steps a layer's loop has, and how often it is run."""
    if loop in ("DENSE_ROUND", "OUTPUTS_ROUND"):
        values = fields["values"] // 16 if loop == "DENSE_ROUND" else fields["input_depth"]
        return values, fields["batches"] * (fields["output_depth"] // 4)
    steps = fields["multiply.steps"] - 1
    sizes = (fields[f"window.{size}"] for size in ("batches", "output_height", "output_width"))
    runs = 2 * -(-prod(sizes) // 4) * -(-fields["multiply.filters"] // 4)
    return (0 if loop == "FOUR_ROUND" and steps == 1 else steps), runs


def test_a_softmax_of_one_row_has_no_loop_over_rows() -> None:
    seen = set()
    both = plans("SOFTMAX", "softmax_mve"), plans("SOFTMAX int8>int16", "softmax_s8_s16_mve")
    for plan in itertools.chain(*both):
        rows = dict(plan.calls[0].arguments[0].fields)["rows"]  # type: ignore[union-attr]
        assert parts(plan)["SOFTMAX_ROWS"] == (rows > 1)
        seen.add(rows > 1)
    assert seen == {False, True}


def test_layers_of_one_pixel_have_what_their_pixels_ask_for() -> None:
    seen: dict[str, set[bool]] = {}
    for form, filters in (("", 2), ("four_", 4), ("ragged_", 4)):
        name = f"conv_2d_{form}mve_pointwise"
        for plan in (*plans("CONV_2D", name, 60), *plans("CONV_2D", name, 200, FAST)):
            fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
            has, few = parts(plan), fields["multiply.filters"] <= filters
            whole = fields["input_depth"] == 16 * fields["multiply.steps"]
            assert has["PIXELS_AT_ONCE"] or not (few and whole)
            assert has["PIXELS_BACKWARD"] == (fields["backward"] == 1)
            assert has["TILES_LEFT"] == (form != "" and fields["pixels"] % 4 != 0)
            for name, value in has.items():
                seen.setdefault(name, set()).add(value)
    names = ("PIXELS_AT_ONCE", "PIXELS_BACKWARD", "TILES_LEFT")
    assert all(seen[name] == {False, True} for name in names), seen


@pytest.mark.parametrize(
    ("kind", "kernel", "names"),
    [
        ("MEAN", "mean_mve", ("MEANS_TOGETHER", "MEANS_APART")),
        ("ADD", "add_mve", ("ADD_RELU", "ADD_AWAY")),
        ("MAX_POOL_2D", "max_pool_2d_mve", ("POOL_BORDERS",)),
        ("AVERAGE_POOL_2D", "average_pool_2d_mve", ("POOL_BORDERS",)),
    ],
)
def test_means_sums_and_pools_have_what_they_ask_for(
    kind: str, kernel: str, names: tuple[str, ...]
) -> None:
    seen: dict[str, set[bool]] = {}
    for plan in plans(kind, kernel, 100):
        fields, has = dict(plan.calls[0].arguments[0].fields), parts(plan)  # type: ignore[union-attr]
        if kind == "MEAN":
            assert has["MEANS_TOGETHER"] == (fields["kept_steps"][1] == 1) != has["MEANS_APART"]
        elif kind == "ADD":
            relu = fields["activation_minimum"] >= fields["output_zero_point"]
            assert has["ADD_RELU"] == relu != has["ADD_AWAY"]
        else:
            assert has["POOL_BATCHES"] == (fields["batches"] > 1)
            assert has["POOL_BORDERS"] == _leave_pool(fields)
        for name in names:
            seen.setdefault(name, set()).add(has[name])
    assert all(values == {False, True} for values in seen.values()), seen


@pytest.mark.parametrize(
    ("depth", "names"),
    [
        (8, {"POOL_LEFT"}),
        (16, set()),
        (20, {"POOL_VECTORS", "POOL_LEFT"}),
        (32, {"POOL_VECTORS"}),
    ],
)
def test_a_maximum_has_what_its_channels_ask_for(depth: int, names: set[str]) -> None:
    (code,) = (code for code in uses._CODES if code.header == "max_pool_2d_mve.h")
    assert {name for name, is_needed in code.parts.items() if is_needed({"depth": depth})} == names


def test_pools_of_several_images_have_a_loop_over_them() -> None:
    (code,) = (code for code in uses._CODES if code.header == "pool_mve.h")
    needs = code.parts["POOL_BATCHES"]
    assert needs({"batches": 2}) and not needs({"batches": 1})


def test_layers_without_dsp_have_what_their_windows_and_outputs_ask_for() -> None:
    seen: dict[str, set[bool]] = {}
    kinds = (("CONV_2D", "conv_2d_scalar"), ("DEPTHWISE_CONV_2D", "depthwise_scalar"))
    for kind, kernel in kinds:
        for plan in plans(kind, kernel, options=SCALAR):
            call = plan.calls[0]
            fields = dict(call.arguments[0].fields)  # type: ignore[union-attr]
            has = parts(plan, name=uses.SCALAR)
            assert has["PACKED"] == (fields.get("packed") == 1) != has["DIRECT"]
            limits = fields["activation_minimum"], fields["activation_maximum"]
            assert has["NARROW_LIMITS"] == (limits != (-128, 127))
            shifts = next(a for a in call.arguments if _is_shifts(a)).constant.data  # type: ignore[union-attr]
            assert has["LARGE_MULTIPLIERS"] == bool((np.frombuffer(shifts, np.int8) >= 0).any())
            holes = (fields["window.dilation_height"], fields["window.dilation_width"]) != (1, 1)
            assert has["COPIED_ROWS"] == (fields["rows.count"] > 0) == _has_rows(has)
            assert has["BACKWARD"] == (fields["rows.count"] < 0)
            assert has["DILATION" if kernel == "conv_2d_scalar" else "DEPTHWISE_DILATION"] == holes
            assert has["PIXELS_LEFT"] == _leaves_pixels(fields)
            pairs = _pairs_of_taps(fields) if has["PACKED"] else 0
            assert (has["PAIR_FOURS"], has["PAIRS_LEFT"]) == (pairs >= 4, pairs % 4 > 0)
            for name, value in has.items():
                seen.setdefault(name, set()).add(value)
    of_headers = ("pixels_scalar.h", "rows_scalar.h", "conv_2d_scalar.h", "depthwise_scalar.h")
    names = {name for code in uses._CODES if code.header in of_headers for name in code.parts}
    assert all(seen[name] == {False, True} for name in names - {"GROUPS"}), seen


def _leaves_pixels(fields: Mapping[str, Any]) -> bool:
    """Whether rows that go together are no fours of pixels, counted as they go."""
    together, height = fields["rows.together"], fields["window.output_height"]
    rows = [min(together, height - row) for row in range(0, height, together)]
    return any(count * fields["window.output_width"] % 4 for count in rows)


def _pairs_of_taps(fields: Mapping[str, Any]) -> int:
    taps = fields["window.kernel_height"] * fields["window.kernel_width"] * fields["group_depth"]
    return -(-int(taps) // 2)


def test_dense_layers_without_dsp_have_what_their_rows_ask_for() -> None:
    seen: dict[str, set[bool]] = {}
    for kernel in ("fully_connected_scalar", "fully_connected_few_scalar"):
        for plan in plans("FULLY_CONNECTED", kernel, 150, SCALAR):
            call = plan.calls[0]
            fields = dict(call.arguments[0].fields)  # type: ignore[union-attr]
            has, outputs = parts(plan, name=uses.SCALAR), fields["output_depth"]
            few = outputs < 4
            limits = fields["activation_minimum"], fields["activation_maximum"]
            shifts = next(a for a in call.arguments if _is_shifts(a)).constant.data  # type: ignore[union-attr]
            left = bool((np.frombuffer(shifts, np.int8) >= 0).any())
            assert has["TWO_OUTPUTS"] == (outputs in (2, 3))
            assert has["ONE_OUTPUT"] == (outputs in (1, 3))
            assert has["LAST_OUTPUTS"] == (not few and outputs % 4 != 0)
            assert has["LAST_VALUES"] == (not few and fields["input_depth"] % 8 != 0)
            assert has["NARROW_OUTPUT_LIMITS"] == (not few and limits != (-128, 127))
            assert has["LARGE_OUTPUT_MULTIPLIERS"] == (not few and left)
            for name, value in has.items():
                seen.setdefault(name, set()).add(value)
    names = ("TWO_OUTPUTS", "ONE_OUTPUT", "LAST_OUTPUTS", "LAST_VALUES", "NARROW_OUTPUT_LIMITS")
    assert all(seen[name] == {False, True} for name in names), seen


@pytest.mark.parametrize(("kind", "sign"), [("ADD", 1), ("SUB", -1)])
def test_sums_without_dsp_have_what_they_ask_for(kind: str, sign: int) -> None:
    shifts = set()
    for plan in plans(kind, "add_scalar", 60, SCALAR):
        fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
        has = parts(plan, name=uses.SCALAR)
        assert has["DIFFERENCES"] == (sign < 0) == (fields["input2_sign"] < 0)
        assert has["LARGE_SUMS"] == (fields["output_shift"] >= 0)
        shifts.add(has["LARGE_SUMS"])
    assert False in shifts


def test_products_without_dsp_have_what_they_ask_for() -> None:
    seen = set()
    for plan in plans("MUL", "mul_scalar", 60, SCALAR):
        fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
        has = parts(plan, name=uses.SCALAR)["LARGE_PRODUCTS"]
        assert has == (fields["output_shift"] >= 0)
        seen.add(has)
    assert False in seen


def test_pools_without_dsp_have_what_their_windows_ask_for() -> None:
    seen: dict[str, set[bool]] = {}
    for kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        kernel = f"{kind.lower()}_scalar"
        for plan in plans(kind, kernel, 60, SCALAR):
            fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
            has = parts(plan, name=uses.SCALAR)
            assert has["POOL_BORDERS"] == _leave_pool(fields)
            if kind == "MAX_POOL_2D":
                limits = fields["activation_minimum"], fields["activation_maximum"]
                assert has["POOL_WORDS"] == (fields["depth"] >= 4)
                assert has["POOL_BYTES"] == (fields["depth"] % 4 != 0)
                assert has["POOL_LIMITS"] == (limits != (-128, 127))
            for name, value in has.items():
                seen.setdefault(name, set()).add(value)
    names = ("POOL_BORDERS", "POOL_WORDS", "POOL_BYTES", "POOL_LIMITS")
    assert all(seen[name] == {False, True} for name in names), seen


def _leave_pool(fields: Mapping[str, Any]) -> bool:
    """Whether some window of a pool begins or ends outside the image, one after the other."""
    return any(
        not 0
        <= i * fields[f"stride_{size}"] - fields[f"padding_{side}"]
        <= fields[f"input_{size}"] - fields[f"kernel_{size}"]
        for side, size in (("top", "height"), ("left", "width"))
        for i in range(fields[f"output_{size}"])
    )


def test_a_window_beside_the_image_has_bytes() -> None:
    fields = {
        "padding_top": 0, "padding_left": 2, "kernel_height": 2, "kernel_width": 2,
        "output_height": 1, "output_width": 3, "stride_height": 1, "stride_width": 1,
        "input_height": 2, "input_width": 4,
    }  # fmt: skip
    assert uses._has_empty_windows(fields)
    assert not uses._has_empty_windows(fields | {"padding_left": 1})
    assert uses._has_empty_windows(fields | {"padding_left": 0, "output_width": 5})


def _has_rows(has: dict[str, bool]) -> bool:
    return has["BORDERS"] or has["ALIKE_ROWS"]


def _is_shifts(argument: object) -> bool:
    constant = getattr(argument, "constant", None)
    return constant is not None and constant.name.endswith("_shifts")


def test_an_image_of_several_models_has_what_any_of_them_needs() -> None:
    some = plans("DEPTHWISE_CONV_2D", "depthwise_conv_2d_mve_3x3", 80)
    each = [parts(plan) for plan in some]
    together = parts(*some)
    assert together == {name: any(one[name] for one in each) for name in together}


def test_a_kernel_that_is_not_known_has_all() -> None:
    plan = plans("FULLY_CONNECTED", "fully_connected_mve")[0]
    text = uses.header(uses.MVE, TEXTS[uses.MVE], [plan], lambda kernel: ("multiply_four_mve.h",))
    has = dict(re.findall(r"QMCU_USES_(\w+) ([01])", text))
    assert {has[name] for name in ("ONE_STEP", "STEPS", "TWO_STEPS", "AWAY", "LIMITS")} == {"1"}
    assert "QMCU_FOUR_ROUND 4\n" in text


@pytest.mark.parametrize("header", uses.HEADERS)
def test_every_part_of_the_header_is_known_and_used(header: str) -> None:
    named = re.findall(r"#define QMCU_USES_(\w+) 1", TEXTS[header])
    known = [name for code in uses._CODES if code.uses == header for name in code.parts]
    assert sorted(named) == sorted(known)
    files = (firmware_directory() / FOLDERS[header]).glob("*.[ch]")
    code = "".join(p.read_text() for p in files if p.name != header)
    assert all(re.search(rf"\bQMCU_(USES_{name}\b|WHERE\({name},)", code) for name in named)
    loops = dict(re.findall(r"#define QMCU_(\w+_ROUND) (\d)", TEXTS[header]))
    known_loops = {n: loop for c in uses._CODES if c.uses == header for n, loop in c.loops.items()}
    assert loops == {name: str(loop.choices[-1]) for name, loop in known_loops.items()}
    assert all(f"QMCU_TIMES({name}," in code for name in loops)


def test_the_image_has_its_own_header() -> None:
    plan = plans("FULLY_CONNECTED", "fully_connected_mve")[0]
    assert " 0\n" in library_sources(plan)[f"src/kernels/{uses.MVE}"]


@pytest.mark.skipif(COMPILER is None, reason="arm-none-eabi-gcc is not here")
@pytest.mark.parametrize(
    ("code", "board"),
    [(code, board) for code in uses._CODES for board in BOARDS[code.uses]],
    ids=lambda value: getattr(value, "header", value),
)
def test_every_choice_of_parts_compiles(code: uses._Code, board: str, tmp_path: Path) -> None:
    name = SOURCES.get(code.header, f"{code.header[:-2]}.c")
    source = firmware_directory() / FOLDERS[code.uses] / name
    sizes = {}
    for chosen in itertools.product((1, 0), repeat=len(code.parts)):
        has = dict(zip(code.parts, chosen, strict=True))
        if any(set(some) <= set(has) and not any(has[n] for n in some) for some in ONE_OF):
            continue
        if any(has.get(part) and not has[whole] for part, whole in PART_OF.items()):
            continue
        if any(has.get(w) and not any(has[n] for n in some) for w, some in ONE_OF_PART.items()):
            continue
        text = TEXTS[code.uses]
        for name in has:
            text = text.replace(f"USES_{name} 1", f"USES_{name} {has[name]}")
        sizes[chosen] = _compiled_size(source, {code.uses: text}, board, tmp_path)
    whole = sizes[tuple(1 for _ in code.parts)]
    for name, loop in code.loops.items():
        most = loop.choices[-1]
        for steps in loop.choices[:-1]:
            text = TEXTS[code.uses].replace(f"QMCU_{name} {most}", f"QMCU_{name} {steps}")
            size = _compiled_size(source, {code.uses: text}, board, tmp_path)
            assert size < whole if board != "rpi-pico" else size == whole
    assert min(sizes.values()) < whole


def _compiled_size(source: Path, headers: dict[str, str], board: str, folder: Path) -> int:
    """Bytes of code of `source` with these texts in place of its headers'."""
    assert COMPILER is not None
    core = load_board(board).core
    # Copies, since a header beside the source would be taken first.
    for path in source.parent.glob("*.h"):
        (folder / path.name).write_text(headers.get(path.name) or path.read_text())
    copy = folder / source.name
    copy.write_text(source.read_text())
    flags = [*core.flags, "-std=c11", "-Wall", "-Wextra", "-Werror", *fast_flags(core)]
    folders = [f"-I{folder}", *(f"-I{f}" for f in kernel_directories())]
    command = [COMPILER, *flags, *folders, "-c", str(copy), "-o", str(folder / "a.o")]
    subprocess.run(command, check=True)
    said = subprocess.run(
        [COMPILER.replace("gcc", "size"), str(folder / "a.o")],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return int(said.stdout.splitlines()[1].split()[0])
