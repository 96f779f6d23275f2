"""Real numbers to bytes on MVE: a reciprocal rounds as a division does, or is not taken."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from bench.operators.quantizations import dequantize, quantize_real

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets import mve_reals
from qmcu.model.graph import Graph, Quantization

M55 = CompileOptions("native", dsp=True, fpu=True, mve=True)


def test_the_nearest_float32_is_numpys() -> None:
    rng = np.random.default_rng(1)
    values = [Fraction(float(v)) for v in np.exp(rng.uniform(-20, 20, 200))]
    # Ties, and just below a power of two.
    values += [Fraction(2**25 + 2), Fraction(2**25 + 6), Fraction(2**30 - 1), Fraction(-1, 3)]
    for value in values:
        assert mve_reals.nearest(value) == Fraction(float(np.float32(float(value))))
    assert mve_reals.nearest(Fraction(0)) == 0


def test_a_reciprocal_in_two_parts_divides_and_one_alone_does_not() -> None:
    rng = np.random.default_rng(2)
    scales = [Fraction(float(np.float32(v))) for v in np.exp(rng.uniform(-9, 0, 4))]
    assert all(mve_reals.divides(scale, 40) for scale in scales)

    def whole(scale: Fraction) -> tuple[Fraction, Fraction]:
        return mve_reals.nearest(1 / scale), Fraction(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mve_reals, "reciprocal", whole)
        assert not all(mve_reals.divides.__wrapped__(scale, 255) for scale in scales)


def kernel(graph: Graph) -> str:
    return compile_graph(graph, M55).calls[0].kernel


def with_scale(graph: Graph, index: int, scale: float) -> Graph:
    tensors = list(graph.tensors)
    tensors[index] = replace(tensors[index], quantization=Quantization((scale,), (3,)))
    return replace(graph, tensors=tuple(tensors))


def test_scales_far_from_one_are_left_to_divisions() -> None:
    rng = np.random.default_rng(3)
    graph = next(
        g for g in iter(lambda: quantize_real(rng), None) if g.output_tensors[0].dtype == "int8"
    )
    target = graph.outputs[0]
    assert kernel(with_scale(graph, target, 1 / 255)) == "quantize_f32_s8_mve"
    assert kernel(with_scale(graph, target, 2.0**-70)) == "quantize_f32_s8"
    graph = dequantize(rng)
    source = graph.inputs[0]
    assert kernel(with_scale(graph, source, 1 / 255)) == "dequantize_s8_f32_mve"
    assert kernel(with_scale(graph, source, 2.0**-130)) == "dequantize_s8_f32"
