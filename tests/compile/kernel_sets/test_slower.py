"""No layer runs on a slower kernel than its kind has without saying so."""

from collections.abc import Sequence

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.everyday import EVERYDAY
from bench.operators.int4 import EVERYDAY_INT4
from tests.support.places import REPOSITORY, SHARED

from qmcu.compile import CompileOptions, compile_graph, kernel_sets
from qmcu.compile.kernel_sets import PACKED_KINDS, dsp
from qmcu.compile.kernel_sets.dsp.elementwise import TABLES
from qmcu.compile.kernel_sets.slower import ALONE
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.support import unsupported
from qmcu.errors import QmcuError
from qmcu.model.graph import Graph
from qmcu.model.reader import read_model
from qmcu.report.plan import plan_lines

CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
    "scalar": CompileOptions("native"),
}
TIMES = "up to ten times the instructions"
WILD = SHARED / "models" / "wild"
EVERYWHERE = {
    *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "AVERAGE_POOL_2D", "ADD"),
    *("SUB", "MUL", "MEAN", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "TRANSPOSE_CONV"),
    *("BATCH_MATMUL", "SOFTMAX", "SQUARED_DIFFERENCE", "PRELU"),
    *(kind for kind in TABLES if "QUANTIZE" not in kind),
}
SIMD = EVERYWHERE | {
    *("CONCATENATION", "PAD", "PADV2"),
    *("TRANSPOSE", "MAXIMUM", "MINIMUM"),
}
FAST = {"dsp": SIMD, "mve": SIMD, "scalar": EVERYWHERE}
# Those with kernels for int16 too.
PRODUCTS = {"CONV_2D", "FULLY_CONNECTED"}
MORE = {
    *("DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "CONCATENATION", "PAD", "PADV2"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D"),
}
WIDE = {"dsp": PRODUCTS | MORE, "mve": PRODUCTS | MORE, "scalar": PRODUCTS}


@pytest.mark.parametrize("core", CORES)
@pytest.mark.skipif(not WILD.is_dir(), reason=f"{WILD} is not there")
def test_no_model_from_the_wild_falls_to_plain_c(core: str) -> None:
    compared, slow = 0, []
    for path in sorted(WILD.glob("*.tflite")):
        try:
            graph = read_model(path)
        except QmcuError:
            continue
        if unsupported(graph):
            continue
        plan = compile_graph(graph, CORES[core])
        for call in plan.calls:
            dtype = plan.tensor(call.writes[0]).dtype if call.kind in FAST[core] else ""
            if dtype in ("int8", "uint8") or (dtype == "int16" and call.kind in WIDE[core]):
                compared += 1
                slow += [(path.name, call.layer)] if is_plain(call.kernel) else []
    assert not slow
    assert compared > 500


def is_plain(kernel: str) -> bool:
    """Whether it is one of the kernels in C for any core."""
    return (REPOSITORY / "firmware" / "kernels" / "portable" / f"{kernel}.c").is_file()


def graph_of(kind: str, rng: np.random.Generator) -> Graph:
    """A random graph of the kind, of everyday scales where there are such."""
    return (EVERYDAY.get(kind) or GENERATORS[kind])(rng)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("kind", [*EVERYDAY, *sorted(SIMD - set(EVERYDAY))])
def test_random_graphs_never_fall_to_plain_c(kind: str, core: str) -> None:
    rng = np.random.default_rng(11)
    for _ in range(60 if kind in EVERYDAY else 10):
        (call,) = compile_graph(graph_of(kind, rng), CORES[core]).calls
        if call.kernel in ALONE:
            assert call.slower == f"plain C for {ALONE[call.kernel]}: {TIMES}"
            continue
        assert is_plain(call.kernel) == (kind not in {*EVERYDAY, *FAST[core]}), call
        assert "plain C" not in call.slower, call


@pytest.mark.parametrize("core", ["dsp", "mve"])
@pytest.mark.parametrize("kind", sorted(SIMD))
def test_a_kind_whose_lowerings_decline_is_told(
    kind: str, core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = kernel_sets._for_bytes

    def declining(options: CompileOptions) -> dict[str, Sequence[Lowering]]:
        return {
            key: (lambda context: None,) if key.partition(" ")[0] == kind else found
            for key, found in known(options).items()
        }

    monkeypatch.setattr(kernel_sets, "_for_bytes", declining)
    plan = compile_graph(graph_of(kind, np.random.default_rng(1)), CORES[core])
    assert is_plain(plan.calls[0].kernel)
    assert f"{plan.calls[0].kernel}: plain C for" in "\n".join(plan_lines(plan))


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("kind", PACKED_KINDS)
def test_int4_weights_never_fall_to_plain_c(kind: str, core: str) -> None:
    rng = np.random.default_rng(12)
    for _ in range(20):
        (call,) = compile_graph(EVERYDAY_INT4[kind](rng), CORES[core]).calls
        assert not is_plain(call.kernel), call


def test_a_lowering_that_declines_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def decline(context: OperatorContext) -> None:
        return None

    graph = EVERYDAY["FULLY_CONNECTED"](np.random.default_rng(1))
    plan = compile_graph(graph, CORES["dsp"])
    assert "plain C" not in "\n".join(plan_lines(plan))
    monkeypatch.setattr(dsp.layers, "fully_connected_pair", decline)
    monkeypatch.setattr(dsp.anything, "fully_connected", decline)
    kernel_sets._native.cache_clear()
    plan = compile_graph(graph, CORES["dsp"])
    assert plan.calls[0].kernel == "fully_connected"
    text = "\n".join(plan_lines(plan))
    assert "l00_fully_connected, fully_connected: plain C for this form of it" in text
