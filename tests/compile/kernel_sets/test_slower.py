"""No layer runs on a slower kernel than its kind has without saying so."""

import numpy as np
import pytest
from bench.operators.everyday import EVERYDAY
from tests.support.places import SHARED

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.kernel_sets import dsp
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.support import unsupported
from qmcu.errors import QmcuError
from qmcu.model.reader import read_model
from qmcu.report.plan import plan_lines

CORES = {
    "dsp": CompileOptions("native", dsp=True, fpu=True),
    "mve": CompileOptions("native", dsp=True, fpu=True, mve=True),
    "scalar": CompileOptions("native"),
}
WILD = SHARED / "models" / "wild"
PRODUCTS = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
MORE = {
    *("MAX_POOL_2D", "AVERAGE_POOL_2D", "MUL", "MEAN", "LOGISTIC", "TANH", "RELU", "SVDF"),
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
}
FAST = {"dsp": PRODUCTS | MORE, "mve": PRODUCTS | MORE, "scalar": PRODUCTS | MORE | {"ADD", "SUB"}}
# Those with kernels for sums of int16 too.
WIDE = {"CONV_2D", "FULLY_CONNECTED"}


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
            if dtype == "int8" or (dtype == "int16" and call.kind in WIDE):
                compared += 1
                slow += [(path.name, call.layer)] if "plain C" in call.slower else []
    assert not slow
    assert compared > 500


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("kind", EVERYDAY)
def test_everyday_graphs_never_fall_to_plain_c(kind: str, core: str) -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        (call,) = compile_graph(EVERYDAY[kind](rng), CORES[core]).calls
        assert "plain C" not in call.slower, call


def test_a_lowering_that_declines_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def decline(context: OperatorContext) -> None:
        return None

    graph = EVERYDAY["FULLY_CONNECTED"](np.random.default_rng(1))
    plan = compile_graph(graph, CORES["dsp"])
    assert "plain C" not in "\n".join(plan_lines(plan))
    monkeypatch.setattr(dsp.layers, "fully_connected_pair", decline)
    monkeypatch.setattr(dsp.anything, "fully_connected", decline)
    plan = compile_graph(graph, CORES["dsp"])
    assert plan.calls[0].kernel == "fully_connected"
    text = "\n".join(plan_lines(plan))
    assert "l00_fully_connected, fully_connected: plain C for this form of it" in text
