"""Constants by default stay within 1.05 of CMSIS-NN's, where some form of the layers allows it."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY, grouped_convolution

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.flash import flash_of, total
from qmcu.compile.kernel_sets.dsp.recurrent import _in_units
from qmcu.compile.plan import ConstantArgument, Plan
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

MVE = CompileOptions("native", dsp=True, fpu=True, mve=True)
DSP = CompileOptions("native", dsp=True, fpu=True)
# What every model has beside its layers' constants.
IDENTITY = 48


def dense(outputs: int, inputs: int) -> Graph:
    """One FULLY_CONNECTED layer without bias, one scale for all outputs."""
    weights = np.random.default_rng(7).integers(-127, 128, (outputs, inputs), np.int8)
    tensors = (
        Tensor(0, "in", (1, inputs), "int8", Quantization((0.02,), (3,))),
        Tensor(1, "w", weights.shape, "int8", Quantization((0.01,), (0,)), weights.tobytes()),
        Tensor(2, "out", (1, outputs), "int8", Quantization((0.9,), (5,))),
    )
    options: dict[str, OptionValue] = {
        "fused_activation_function": "NONE", "weights_format": "DEFAULT", "keep_num_dims": False,
        "asymmetric_quantize_inputs": False,
    }  # fmt: skip
    operator = Operator(0, "FULLY_CONNECTED", (0, 1, -1), (2,), options)
    return Graph("dense", tensors, (operator,), (0,), (2,))


def weights(plan: Plan) -> int:
    """Bytes of the first layer's weights."""
    found = (a.constant for a in plan.calls[0].arguments if isinstance(a, ConstantArgument))
    return next(len(c.data) for c in found if c is not None and c.role == "weights")


@pytest.mark.parametrize("inputs", [1, 3, 8, 20, 36, 120, 124, 128])
def test_rows_are_filled_up_to_vectors_where_that_is_little(inputs: int) -> None:
    graph = dense(16, inputs)
    peers = compile_graph(graph, replace(MVE, kernels="cmsis-nn"))
    plans = [compile_graph(graph, replace(MVE, optimize=o)) for o in ("speed", "balanced", "size")]
    filled, balanced, size = map(weights, plans)
    assert filled == 16 * (-(-inputs // 16) * 16)
    assert size <= 16 * inputs + 15
    # A model of one layer of few inputs has 15 bytes behind its weights, where vectors are read.
    most = (1.05 if inputs >= 8 else 1.12) * (total(peers.calls) + IDENTITY)
    assert total(plans[1].calls) + IDENTITY <= most
    # Filled up where that is enough, which is faster.
    fits = total(plans[0].calls) + IDENTITY <= 1.049 * (total(peers.calls) + IDENTITY)
    assert balanced == (filled if fits else size)
    assert ("smaller constants" in plans[1].calls[0].trade) == (not fits)


@pytest.mark.parametrize("options", [DSP, MVE], ids=["dsp", "mve"])
def test_size_has_no_more_constants_than_any_other_setting(options: CompileOptions) -> None:
    rng = np.random.default_rng(5)
    for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD"):
        for _ in range(6):
            graph = EVERYDAY[kind](rng)
            least, *others = (
                sum(map(flash_of, compile_graph(graph, replace(options, optimize=o)).calls))
                for o in ("size", "balanced", "speed")
            )
            assert least <= min(others)


def test_odd_steps_of_dense_layers_are_not_filled_up_to_eight_values() -> None:
    for inputs, filled in ((1, 4), (4, 4), (36, 36), (37, 40), (40, 40)):
        plan = compile_graph(dense(16, inputs), replace(DSP, optimize="speed"))
        assert weights(plan) == 16 * filled


def test_what_sums_begin_with_takes_two_bytes_where_it_is_a_multiple_that_fits() -> None:
    biases = np.array([0, 5, -10, 5 * 32767], np.int32)
    counted = _in_units(biases, 5)
    assert counted is not None and counted.tolist() == [0, 1, -2, 32767]
    assert _in_units(biases + 5, 5) is None  # one is 2^15
    assert _in_units(np.array([7], np.int32), 5) is None


@pytest.mark.parametrize("options", [DSP, MVE], ids=["dsp", "mve"])
def test_groups_of_channels_keep_constants_within_enough(options: CompileOptions) -> None:
    rng = np.random.default_rng(9)
    for _ in range(20):
        graph = grouped_convolution(rng)
        plan, peers = (
            total(compile_graph(graph, replace(options, kernels=kernels)).calls) + IDENTITY
            for kernels in ("native", "cmsis-nn")
        )
        assert plan <= 1.05 * peers


def test_a_table_of_exp_does_not_outweigh_a_small_model() -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        graph = EVERYDAY["SOFTMAX"](rng)
        balanced, speed = (
            compile_graph(graph, replace(DSP, optimize=o)) for o in ("balanced", "speed")
        )
        assert not any("table" in call.kernel for call in balanced.calls)
        assert any("table" in call.kernel for call in speed.calls)
