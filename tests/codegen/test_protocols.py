"""Which benchmark a model stands for."""

from dataclasses import replace

import pytest
from tests.support.lookup_plan import SIZE, two_layers

from qmcu.codegen import choose_benchmark
from qmcu.compile.plan import Plan
from qmcu.errors import UsageError


def plan(inputs: int, outputs: int) -> Plan:
    base = two_layers()
    first, middle, last = base.tensors
    tensors = (replace(first, size=inputs), middle, replace(last, size=outputs))
    return replace(base, tensors=tensors)


@pytest.mark.parametrize(
    ("inputs", "outputs", "name", "encoding"),
    [
        (3072, 10, "ic01", "uint8"),
        (490, 12, "kws01", "int8"),
        (27648, 2, "vww01", "uint8"),
        (640, 640, "ad01", "float32"),
    ],
)
def test_the_sizes_tell(inputs: int, outputs: int, name: str, encoding: str) -> None:
    chosen = choose_benchmark("mlperf-tiny", None, plan(inputs, outputs))
    assert chosen is not None
    assert (chosen.name, chosen.encoding) == (name, encoding)


def test_the_plain_protocol_has_none() -> None:
    assert choose_benchmark("qmcu", None, plan(3072, 10)) is None


@pytest.mark.parametrize(
    ("protocol", "name", "outputs", "message"),
    [
        ("modbus", None, SIZE, "there is no protocol 'modbus'; take qmcu or mlperf-tiny"),
        ("qmcu", "ic01", SIZE, "needs --protocol mlperf-tiny"),
        ("mlperf-tiny", "ic99", SIZE, "no benchmark 'ic99'; take ic01, kws01"),
        ("mlperf-tiny", None, SIZE, "600 inputs and 600 outputs.*--benchmark"),
        ("mlperf-tiny", "ad01", 10, "600 inputs and 10 outputs; ad01 compares them"),
    ],
)
def test_what_does_not_fit_is_refused(
    protocol: str, name: str | None, outputs: int, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        choose_benchmark(protocol, name, plan(SIZE, outputs))


def test_two_inputs_are_refused() -> None:
    with pytest.raises(UsageError, match="2 inputs and 1 outputs"):
        choose_benchmark("mlperf-tiny", "ic01", replace(plan(SIZE, SIZE), inputs=(0, 1)))
