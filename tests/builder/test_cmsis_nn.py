"""Finding CMSIS-NN, what is taken of it, and its own scratch sizes where a copy is here."""

import ctypes
import itertools
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from bench.operators import GENERATORS, chain
from bench.operators.batches import batches
from bench.operators.everyday import _windows
from tests.support.cmsis_nn import copy_of
from tests.support.emulated import check_on_board

from qmcu.builder import find_tool
from qmcu.builder.cmsis_nn import FUNCTIONS, VARIABLE, CmsisNn, find_cmsis_nn, needed_sources
from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.cmsis_nn import _convolve_size, _depthwise_size, fallback_reason
from qmcu.compile.kernel_sets.cmsis_nn_calls import Core
from qmcu.errors import ToolError
from qmcu.model.graph import Graph


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("CMSIS_PACK_ROOT", str(tmp_path / "packs"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_newest_pack_is_found(nowhere: Path) -> None:
    for version in ("7.0.0", "10.0.0"):
        copy_of(nowhere / "packs" / "ARM" / "CMSIS-NN" / version)
    found = find_cmsis_nn()
    assert (found.path.name, found.version, found.origin) == ("10.0.0", "7.1.0", "CMSIS pack")


def test_a_platformio_library_is_found(nowhere: Path) -> None:
    copy_of(nowhere / ".pio" / "libdeps" / "disco" / "CMSIS-NN")
    assert find_cmsis_nn().origin == "PlatformIO library"


def test_the_variable_goes_before_a_pack(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy_of(nowhere / "packs" / "ARM" / "CMSIS-NN" / "7.0.0")
    monkeypatch.setenv(VARIABLE, str(copy_of(nowhere / "mine")))
    assert find_cmsis_nn().origin == VARIABLE
    assert find_cmsis_nn(nowhere / "mine").origin == "--cmsis-nn"


def test_nothing_found_says_how_to_get_it_and_where_it_was_looked_for(nowhere: Path) -> None:
    with pytest.raises(ToolError, match=r"was not found; get it with .*looked at: .*packs"):
        find_cmsis_nn()


def test_a_wrong_folder_and_an_old_copy_are_refused(nowhere: Path) -> None:
    with pytest.raises(ToolError, match=r"is no CMSIS-NN: it has no Include"):
        find_cmsis_nn(nowhere)
    old = copy_of(nowhere / "old", FUNCTIONS[:2])
    with pytest.raises(ToolError, match="too old: it lacks arm_fully_connected_wrapper_s8"):
        find_cmsis_nn(old)


def test_only_what_is_reached_is_taken_with_the_licence(nowhere: Path) -> None:
    library = find_cmsis_nn(copy_of(nowhere / "mine"))
    taken = needed_sources(library, {"x.c": "void f(void) { arm_softmax_s8(1); }"})
    assert set(taken) == {
        "src/cmsis_nn/arm_softmax_s8.c", "src/cmsis_nn/helpers.c", "src/cmsis_nn/LICENSE",
        "src/cmsis_nn/Include/arm_nnfunctions.h", "src/cmsis_nn/Include/Internal/config.h",
    }  # fmt: skip


def test_tables_that_sources_read_come_with_them(nowhere: Path) -> None:
    copy = copy_of(nowhere / "mine")
    (copy / "Source" / "tables.c").write_text("const uint16_t sigmoid_table[2] = {1, 2};\n")
    helper = "int arm_helper(int a)\n{\n    return sigmoid_table[a];\n}\n"
    (copy / "Source" / "helpers.c").write_text(helper)
    taken = needed_sources(find_cmsis_nn(copy), {"x.c": "void f(void) { arm_softmax_s8(1); }"})
    assert "src/cmsis_nn/tables.c" in taken


def test_a_copy_without_what_a_model_calls_is_refused(nowhere: Path) -> None:
    library = find_cmsis_nn(copy_of(nowhere / "mine"))
    with pytest.raises(ToolError, match="has no source of arm_svdf_s8; get a whole copy"):
        needed_sources(library, {"x.c": "void f(void) { arm_svdf_s8(1); }"})


@pytest.mark.parametrize(
    "kind",
    ["ADD int16", "BATCH_MATMUL", "CONV_2D int16", "DEPTHWISE_CONV_2D int16",
     "FULLY_CONNECTED int16", "MUL int16", "SOFTMAX int16", "SVDF",
     "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM int16"],
)  # fmt: skip
def test_what_the_library_computes_otherwise_stays_ours(kind: str) -> None:
    rng = np.random.default_rng(5)
    target = CompileOptions("cmsis-nn", dsp=True, fpu=True)
    calls = [compile_graph(GENERATORS[kind](rng), target).calls[0] for _ in range(60)]
    own = [fallback_reason(call) == "" for call in calls]
    assert any(own) and not all(own)
    assert all(
        call.kernel.endswith("_cmsis_nn") == is_own for call, is_own in zip(calls, own, strict=True)
    )


def test_layers_that_cmsis_nn_lacks_say_why() -> None:
    target = CompileOptions("cmsis-nn", dsp=True, fpu=True)
    rng = np.random.default_rng(3)
    generator = GENERATORS["CONV_2D int16"]
    calls = [compile_graph(generator(rng), target).calls[0] for _ in range(40)]
    own = [call for call in calls if call.kernel == "conv_2d_s16_cmsis_nn"]
    others = [call for call in calls if call.kernel != "conv_2d_s16_cmsis_nn"]
    assert own and others
    assert all(fallback_reason(call) == "" for call in own)
    assert all("groups" in fallback_reason(call) for call in others)
    for _ in range(20):  # groups of int8 are the library's
        (call,) = compile_graph(GENERATORS["CONV_2D"](rng), target).calls
        assert call.kernel == "conv_2d_cmsis_nn"
    pad = compile_graph(GENERATORS["PAD"](rng), target).calls[0]
    assert fallback_reason(pad) == "qmcu calls no CMSIS-NN kernel for PAD"


# What follows runs against the real library, where it is found.
def real() -> CmsisNn | None:
    try:
        return find_cmsis_nn()
    except ToolError:
        return None


needs_library = pytest.mark.skipif(
    real() is None, reason=f"CMSIS-NN is not here; {VARIABLE} names a copy"
)


@needs_library
@pytest.mark.skipif(shutil.which("cc") is None, reason="there is no host compiler")
@pytest.mark.parametrize("variant", ["dsp", "mve"])
def test_scratch_sizes_are_the_librarys(variant: str, tmp_path: Path) -> None:
    library = real()
    assert library is not None
    sources = sorted((library.path / "Source" / "ConvolutionFunctions").glob("*buffer_sizes_s8.c"))
    shared = tmp_path / "sizes.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-w", f"-I{library.path / 'Include'}", *map(str, sources),
         "-o", str(shared)],
        check=True,
    )  # fmt: skip
    functions = ctypes.CDLL(str(shared))
    core = Core(dsp=True, mve=variant == "mve")
    compared = 0
    for fields in geometries():
        conv = convolution_arguments(fields, (fields["output_depth"], fields["input_depth"]))
        wanted = getattr(functions, f"arm_convolve_wrapper_s8_get_buffer_size_{variant}")(*conv)
        assert _convolve_size(fields, core) == wanted, fields
        for multiplier in (1, 3):
            own = fields | {"depth_multiplier": multiplier}
            filters = (1, fields["input_depth"] * multiplier)
            name = f"arm_depthwise_conv_wrapper_s8_get_buffer_size_{variant}"
            wanted = getattr(functions, name)(*convolution_arguments(own, filters, multiplier))
            assert _depthwise_size(own, core) >= wanted, own
            compared += 1
    assert compared > 300


def geometries() -> list[dict[str, int]]:
    found = []
    for depth, kernel, dilation, padding, height in itertools.product(
        (1, 3, 4, 16, 125), ((1, 1), (3, 3), (1, 5), (4, 2)), (1, 2), (0, 1), (1, 9)
    ):
        found.append(
            {
                "batches": 1, "input_height": height, "input_width": 11, "input_depth": depth,
                "output_height": height, "output_width": 11, "output_depth": 6,
                "kernel_height": kernel[0], "kernel_width": kernel[1], "stride_height": 1,
                "stride_width": 1, "dilation_height": dilation, "dilation_width": dilation,
                "padding_top": padding, "padding_left": padding,
            }
        )  # fmt: skip
    return found


def convolution_arguments(
    f: dict[str, int], filters: tuple[int, int], multiplier: int | None = None
) -> list[object]:
    """params, input, filter and output dims as the library lays them out."""
    extra = [] if multiplier is None else [multiplier]
    params = [0, 0, *extra, 1, 1, f["padding_left"], f["padding_top"], f["dilation_width"],
              f["dilation_height"], -128, 127]  # fmt: skip
    outputs = f["output_depth"] if multiplier is None else filters[1]
    dims = [
        [f["batches"], f["input_height"], f["input_width"], f["input_depth"]],
        [filters[0], f["kernel_height"], f["kernel_width"], filters[1]],
        [f["batches"], f["output_height"], f["output_width"], outputs],
    ]
    return [ctypes.byref((ctypes.c_int32 * len(v))(*v)) for v in (params, *dims)]


@needs_library
@pytest.mark.slow
@pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
@pytest.mark.parametrize(
    "kind",
    ["ADD", "ADD int16", "AVERAGE_POOL_2D", "AVERAGE_POOL_2D int16", "BATCH_MATMUL",
     "BATCH_MATMUL int16", "CONV_2D", "CONV_2D int16", "DEPTHWISE_CONV_2D",
     "DEPTHWISE_CONV_2D int16", "FULLY_CONNECTED", "FULLY_CONNECTED int16", "MAX_POOL_2D",
     "MAX_POOL_2D int16", "MUL", "MUL int16", "SOFTMAX", "SOFTMAX int16", "SOFTMAX int8>int16",
     "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM int16"],
)  # fmt: skip
def test_firmware_with_the_library_equals_the_interpreter(kind: str) -> None:
    check_on_board(batches(kind, 16, 4), "stm32f407", "unicorn", "cmsis-nn")


def one_row(rng: np.random.Generator) -> Graph:
    """A convolution along a row whose last pixels no window reads."""
    depth, filters, kernel, stride = 4 * int(rng.integers(1, 5)), 8, int(rng.integers(2, 7)), 3
    outputs, left = int(rng.integers(2, 9)), int(rng.integers(1, stride))
    width = (outputs - 1) * stride + kernel + left
    image, result = (depth, (1, width)), (filters, (1, outputs))
    return _windows(rng, "CONV_2D", image, result, (1, kernel), (1, stride), (1, 1), "VALID")


def test_rows_whose_last_pixels_are_left_out_are_not_the_librarys_with_mve() -> None:
    graph = one_row(np.random.default_rng(2))
    for mve, kernel in ((True, "conv_2d_"), (False, "conv_2d_cmsis_nn")):
        call = compile_graph(graph, CompileOptions("cmsis-nn", dsp=True, mve=mve)).calls[0]
        assert call.kernel.startswith(kernel)
        assert call.kernel.endswith("_cmsis_nn") != mve


@needs_library
@pytest.mark.slow
@pytest.mark.skipif(find_tool("qemu-system-arm") is None, reason="qemu-system-arm is missing")
def test_rows_whose_last_pixels_are_left_out_equal_the_interpreter() -> None:
    (batch,) = batches("CONV_2D", 12, 3, {"CONV_2D": one_row})
    outcome = chain.run(batch, "mps3-an547", "qemu", "cmsis-nn")
    assert outcome.problem == ""
    assert all(outcome.equal)
