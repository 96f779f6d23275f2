"""What no layer of an image needs of a kernel is not compiled; what one needs is."""

import itertools
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY

from qmcu.board import load_board
from qmcu.codegen import uses
from qmcu.codegen.compiler_flags import fast_flags
from qmcu.codegen.project import kernel_sources, library_sources
from qmcu.compile import CompileOptions, Plan, compile_graph
from qmcu.resources import firmware_directory, kernel_directories

MVE = CompileOptions("native", dsp=True, fpu=True, mve=True)
SCALAR = CompileOptions("native")
FOLDERS = {uses.MVE: "kernels/mve", uses.SCALAR: "kernels/scalar"}
TEXTS = {name: (firmware_directory() / FOLDERS[name] / name).read_text() for name in uses.HEADERS}
COMPILER = shutil.which("arm-none-eabi-gcc")
# Of each kernel's parts those of which an image has one, at least.
ONE_OF = (
    ("STRIDE_1", "STRIDE_2"),
    ("ANY_COLUMNS", "EIGHT"),
    ("ONE_STEP", "STEPS"),
    ("PACKED", "DIRECT"),
    ("BORDERS", "ALIKE_ROWS"),
    ("FLAT_ROWS", "FEW_CHANNELS", "MANY_CHANNELS"),
)
# Parts that are nothing without another.
PART_OF = {"TWO_STEPS": "STEPS", "ADJACENT": "DIRECT"}
BOARDS = {uses.MVE: ("mps3-an547",), uses.SCALAR: ("mps2-an385", "rpi-pico")}


def plans(kind: str, kernel: str, count: int = 40, options: CompileOptions = MVE) -> list[Plan]:
    """Plans of one random layer each that have the kernel."""
    found = []
    for seed in range(count):
        plan = compile_graph(EVERYDAY[kind](np.random.default_rng(seed)), options)
        if plan.calls[0].kernel == kernel:
            found.append(plan)
    return found


def parts(*some: Plan, name: str = uses.MVE) -> dict[str, bool]:
    """By name whether the images of these plans have a part."""
    text = uses.header(name, TEXTS[name], some, lambda kernel: kernel_sources((kernel,)))
    return {name: value == "1" for name, value in re.findall(r"QMCU_USES_(\w+) ([01])", text)}


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
        assert has["LAST_ROW"] == (outputs % 4 == 1)
        assert has["LAST_ROWS"] == (outputs % 4 in (2, 3))
        assert has["TAIL"] == (outputs >= 4 and fields["values"] % 16 != 0)
        assert has["SHARED_SCALE"] == (fields["scales_step"] == 0)


def test_convolutions_have_what_their_rows_ask_for() -> None:
    seen: dict[str, set[bool]] = {}
    for kernel in ("conv_2d_mve", "conv_2d_four_mve", "conv_2d_ragged_mve"):
        for plan in plans("CONV_2D", kernel, 60):
            fields = dict(plan.calls[0].arguments[0].fields)  # type: ignore[union-attr]
            has = parts(plan)
            height, depth = fields["window.kernel_height"], fields["window.input_depth"]
            together = 1
            while (together + 1) * depth <= 16 and together * height * depth + depth <= 256:
                together += 1
            assert has["ROWS_LEFT"] == (fields["window.output_width"] % 4 != 0)
            assert has["FLAT_ROWS"] == (height == 1)
            assert has["FEW_CHANNELS"] == (height > 1 and together > 1)
            assert has["MANY_CHANNELS"] == (height > 1 and together == 1)
            if fields["window.padding_top"] or fields["window.padding_left"]:
                assert has["BORDERS"]
            for name, value in has.items():
                seen.setdefault(name, set()).add(value)
    names = ("ROWS_LEFT", "BORDERS", "FEW_CHANNELS", "MANY_CHANNELS", "STEPS", "AWAY", "LIMITS")
    assert all(seen[name] == {False, True} for name in names), seen


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
            for name, value in has.items():
                seen.setdefault(name, set()).add(value)
    assert all(values == {False, True} for name, values in seen.items() if name != "GROUPS"), seen


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


@pytest.mark.parametrize("header", uses.HEADERS)
def test_every_part_of_the_header_is_known_and_used(header: str) -> None:
    named = re.findall(r"#define QMCU_USES_(\w+) 1", TEXTS[header])
    known = [name for code in uses._CODES if code.uses == header for name in code.parts]
    assert sorted(named) == sorted(known)
    files = (firmware_directory() / FOLDERS[header]).glob("*.[ch]")
    code = "".join(p.read_text() for p in files if p.name != header)
    assert all(re.search(rf"\bQMCU_(USES_{name}\b|WHERE\({name},)", code) for name in named)


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
    source = firmware_directory() / FOLDERS[code.uses] / f"{code.header[:-2]}.c"
    sizes = {}
    for chosen in itertools.product((1, 0), repeat=len(code.parts)):
        has = dict(zip(code.parts, chosen, strict=True))
        if any(set(some) <= set(has) and not any(has[n] for n in some) for some in ONE_OF):
            continue
        if any(has.get(part) and not has[whole] for part, whole in PART_OF.items()):
            continue
        text = TEXTS[code.uses]
        for name in has:
            text = text.replace(f"USES_{name} 1", f"USES_{name} {has[name]}")
        sizes[chosen] = _compiled_size(source, {code.uses: text}, board, tmp_path)
    assert min(sizes.values()) < sizes[tuple(1 for _ in code.parts)]


def _compiled_size(source: Path, headers: dict[str, str], board: str, folder: Path) -> int:
    """Bytes of the object of `source` with these texts in place of its headers'."""
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
    return (folder / "a.o").stat().st_size
