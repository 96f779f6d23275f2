"""An arena is never larger than what CMSIS-NN's kernels take for the same model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.performance.models import mobilenet

from qmcu.compile import CompileOptions, compile_graph
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor
from qmcu.model.reader import parse_model
from qmcu.model.unpack import read_model_file

LARGEST = 22_000  # bytes of a file whose plans take no time
CORES = {
    "Cortex-M4": CompileOptions("native", dsp=True, fpu=True),
    "Cortex-M55": CompileOptions("native", dsp=True, mve=True),
    "Cortex-M0+": CompileOptions("native"),
}


def arenas(graph: Graph, options: CompileOptions) -> tuple[int, int]:
    """Of native kernels, and of the library's for the same core."""
    kernels = ("native", "cmsis-nn")
    plans = (compile_graph(graph, replace(options, kernels=k)) for k in kernels)
    native, library = (plan.arena_size for plan in plans)
    return native, library


@pytest.mark.parametrize("core", CORES)
def test_a_mobilenet_takes_no_more_than_with_the_library(core: str) -> None:
    native, library = arenas(mobilenet(), CORES[core])
    assert native <= library


def test_layers_that_may_trail_are_not_coupled() -> None:
    """All of a MobileNet's first layers over one another, and room for its last ones' scratch."""
    assert compile_graph(mobilenet(), CORES["Cortex-M0+"]).arena_size == 39_216
    # 41,024 if outputs over inputs lived as long as these.


@pytest.mark.parametrize("core", CORES)
def test_a_growing_image_lies_over_what_it_is_made_of(core: str) -> None:
    """Convolutions that double the channels at stride 2: first layers of most networks."""
    graph = growing()
    native, library = arenas(graph, CORES[core])
    sizes = [graph.tensors[i].size for i in (*graph.inputs, *graph.outputs)]
    assert sizes[1] > sizes[0]
    assert native < 0.75 * library
    assert native < sum(sizes)


def growing() -> Graph:
    """One convolution, 32x32x3 to 16x16x16."""
    rng = np.random.default_rng(1)
    weights = rng.integers(-127, 128, (16, 3, 3, 3)).astype(np.int8)
    scales = Quantization((0.02,), (3,)), Quantization((0.01,), (0,)), Quantization((0.3,), (0,))
    tensors = (
        Tensor(0, "image", (1, 32, 32, 3), "int8", scales[0]),
        Tensor(1, "weights", weights.shape, "int8", scales[1], weights.tobytes()),
        Tensor(2, "features", (1, 16, 16, 16), "int8", scales[2]),
    )
    options: dict[str, OptionValue] = {
        "padding": "SAME", "stride_h": 2, "stride_w": 2, "dilation_h_factor": 1,
        "dilation_w_factor": 1, "fused_activation_function": "NONE",
    }  # fmt: skip
    return Graph("growing", tensors, (Operator(0, "CONV_2D", (0, 1), (2,), options),), (0,), (2,))


@pytest.mark.parametrize("core", CORES)
def test_models_of_others_take_no_more_than_with_the_library(
    core: str, shared_models: Path
) -> None:
    paths = sorted((shared_models / "wild").glob("*.tflite"))
    if not paths:
        pytest.skip("../shared/models/wild is not here")
    for path in paths:
        if path.stat().st_size > LARGEST:
            continue
        graph = parse_model(read_model_file(path), path.stem)
        native, library = arenas(graph, CORES[core])
        assert native <= library, path.stem
