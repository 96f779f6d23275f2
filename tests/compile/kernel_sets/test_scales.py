"""Scales and multipliers that kernels apply with one high product, against the general form."""

import numpy as np
import pytest
from bench.operators import GENERATORS

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets.dsp.recurrent import _scales
from qmcu.compile.kernel_sets.quads_s16 import _multiplier
from qmcu.compile.plan import ParametersArgument
from qmcu.compile.requantize import quantize_multiplier, reduce_multiplier, requantize


@pytest.mark.parametrize("real", [2.0**-14, 0.0123, 0.4999, 0.5, 0.75, 1.0, 3.7, 100.0])
def test_a_proved_scale_is_the_general_requantization(real: float) -> None:
    multiplier, shift = quantize_multiplier(real)
    largest = 1 << 22
    scale = _scales([(multiplier, shift, largest)]).reshape(-1).tolist()
    assert scale[0] == multiplier and scale[3] > 0
    values = np.random.default_rng(1).integers(-largest, largest, 4000)
    values = np.concatenate([values, np.arange(-300, 300)])
    high = ((values << scale[1]) * multiplier + (1 << 31)) >> 32
    found = (2 * high + scale[2] - (values < 0)) >> scale[3]
    assert np.array_equal(found, requantize(values, multiplier, shift))


def test_a_scale_that_would_leave_its_bits_is_the_general_one() -> None:
    multiplier, shift = quantize_multiplier(0.3)
    assert _scales([(multiplier, shift, 1 << 30)]).reshape(-1).tolist() == [multiplier, 0, shift, 0]


@pytest.mark.parametrize("real", [2.0**-17, 0.001, 0.3, 0.49])
def test_the_upper_half_of_a_product_is_rounded_as_the_interpreter_rounds(real: float) -> None:
    multiplier, shift = quantize_multiplier(real)
    found = _multiplier(real)
    assert found is not None
    values = np.random.default_rng(2).integers(-(1 << 31), 1 << 31, 4000)
    wanted = (values * reduce_multiplier(multiplier) + (1 << (14 - shift))) >> (15 - shift)
    assert np.array_equal((values * found + (1 << 31)) >> 32, wanted)


def test_other_multipliers_are_declined() -> None:
    assert _multiplier(0.6) is None and _multiplier(2.0**-20) is None


@pytest.mark.parametrize("core", ["dsp", "mve", "scalar"])
@pytest.mark.parametrize("kind", ["CONV_2D int16", "FULLY_CONNECTED int16", "TRANSPOSE_CONV int16"])
def test_sums_of_32_bits_are_taken_where_they_are_proved(kind: str, core: str) -> None:
    rng = np.random.default_rng(4)
    fast = core != "scalar"
    options = CompileOptions("native", dsp=fast, fpu=fast, mve=core == "mve")
    graphs = (GENERATORS[kind](rng) for _ in range(60))
    kernels = {compile_graph(graph, options).calls[0].kernel for graph in graphs}
    name = f"{kind.split()[0].lower()}_s16"
    general = name if (kind[:5], core) == ("TRANS", "scalar") else f"{name}_{core}"
    assert {f"{name}_quads_{core}", general} <= kernels


@pytest.mark.parametrize("kind", ["ADD int16", "SUB int16"])
def test_one_input_of_a_sum_is_halved(kind: str) -> None:
    """As its kernels take for granted: the other's scale is no larger."""
    rng = np.random.default_rng(5)
    for graph in (GENERATORS[kind](rng) for _ in range(60)):
        arguments = compile_graph(graph).calls[0].arguments
        fields = next(dict(a.fields) for a in arguments if isinstance(a, ParametersArgument))
        scales = [(fields[f"input{i}_multiplier"], fields[f"input{i}_shift"]) for i in (1, 2)]
        assert (1 << 30, 0) in scales
