"""The estimate tells forms of a layer apart, or it is said that they take about as long."""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.everyday import (
    EVERYDAY,
    column_convolution,
    grouped_convolution,
    in_int16,
    multiplied_depthwise,
    tiled_convolution,
)

from qmcu.compile import CompileOptions
from qmcu.compile.compiler import alternatives
from qmcu.compile.plan import KernelCall
from qmcu.compile.streams.cost import ALIKE, instructions
from qmcu.model.graph import Graph

OPTIONS = {
    "scalar": CompileOptions("native"),
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
}
MAKERS: dict[str, Callable[[np.random.Generator], Graph]] = {
    **{kind: EVERYDAY[kind] for kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")},
    "BATCH_MATMUL": EVERYDAY["BATCH_MATMUL"],
    "BATCH_MATMUL int16": GENERATORS["BATCH_MATMUL int16"],
    "groups": grouped_convolution,
    "groups of int16": lambda rng: in_int16(grouped_convolution(rng)),
    "columns": column_convolution,
    "tiles": tiled_convolution,
    "multiplied": multiplied_depthwise,
}
GRAPHS = 12


def pairs(kind: str, options: CompileOptions) -> Iterator[tuple[KernelCall, KernelCall]]:
    """Two forms of a layer of different kernels of the core's own, which multiply."""
    rng = np.random.default_rng(3)
    for _ in range(GRAPHS):
        for layer in alternatives(MAKERS[kind](rng), options).layers:
            forms = list(layer.forms.values())[:-1]  # the last one is plain C
            own = {form.kernel: form for form in forms if form.macs}
            yield from combinations(own.values(), 2)


def is_said(one: str, other: str) -> bool:
    """Whether ALIKE says so of these kernels."""

    def has(words: tuple[str, ...], kernel: str) -> bool:
        return all(word in kernel for word in words)

    return any(
        (has(a, one) and has(b, other)) or (has(a, other) and has(b, one)) for a, b, _ in ALIKE
    )


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("core", OPTIONS)
def test_forms_are_told_apart(kind: str, core: str) -> None:
    untold = {
        tuple(sorted((a.kernel, b.kernel)))
        for a, b in pairs(kind, OPTIONS[core])
        if instructions(a) == instructions(b) and not is_said(a.kernel, b.kernel)
    }
    assert not untold


def test_packed_products_are_cheaper_than_others() -> None:
    rng = np.random.default_rng(4)
    for core, options in OPTIONS.items():
        seen = set()
        for _ in range(GRAPHS):
            layer = alternatives(MAKERS["BATCH_MATMUL"](rng), options).layers[0]
            rates = {f.kernel: instructions(f) / f.macs for f in layer.forms.values()}
            packed = {kernel: rate for kernel, rate in rates.items() if "packed" in kernel}
            seen |= set(packed)
            for kernel, rate in packed.items():
                other = rates.get(kernel.replace("_packed", ""), rates["batch_matmul"])
                assert 2 * rate < other
        assert any(kernel.endswith(core) for kernel in seen)


def test_groups_one_after_the_other_take_more_than_twice_what_zeros_take() -> None:
    """Of few channels a group they take 5 to 16 instructions a multiplication, as counted."""
    rng = np.random.default_rng(5)
    compared = 0
    for _ in range(GRAPHS):
        for layer in alternatives(grouped_convolution(rng), OPTIONS["dsp"]).layers:
            forms = {form.kernel: form for form in layer.forms.values()}
            apart = forms.get("conv_2d_any_dsp")
            zeros = [form for form in forms.values() if "_four_dsp" in form.kernel]
            if apart is None or not zeros:
                continue
            compared += 1
            assert instructions(apart) > 2 * min(map(instructions, zeros))
    assert compared >= 3
