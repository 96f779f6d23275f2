"""Every portable kernel under AddressSanitizer and UBSan, equal to tflite-micro byte for byte."""

from dataclasses import replace

import numpy as np
import pytest
from bench.operators import GENERATORS
from bench.operators.int4 import INT4
from bench.operators.packing import pack
from tests.support.host_run import check_on_host, run_on_host

from qmcu.compile import compile_graph
from qmcu.compile.compiler import PORTABLE
from qmcu.compile.plan import ParametersArgument
from qmcu.model.graph import Graph
from qmcu.resources import kernel_directories

_GRAPHS = 8
_CASES = [*GENERATORS.items(), *((f"{kind} int4", g) for kind, g in INT4.items())]
# Of all its types in one program: to compile is what takes long.
_OPERATORS = sorted({kind.split()[0] for kind, _ in _CASES})


@pytest.fixture(autouse=True)
def no_search_for_the_least_arena(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of so many graphs in one it would be most of the time."""
    monkeypatch.setattr("qmcu.compile.planner._CLIMB_STEPS", 0)


def _graph(operator: str) -> Graph:
    generators = [generator for kind, generator in _CASES if kind.split()[0] == operator]
    return pack([g(np.random.default_rng(seed)) for g in generators for seed in range(_GRAPHS)])


@pytest.mark.parametrize("operator", _OPERATORS)
def test_no_kernel_touches_what_is_not_its_own(operator: str) -> None:
    assert check_on_host(_graph(operator))


def test_every_portable_kernel_runs_under_the_sanitizers() -> None:
    kernels = {path.stem for path in kernel_directories()[0].glob("*.c")}
    plans = [compile_graph(_graph(operator), PORTABLE) for operator in _OPERATORS]
    covered = {call.kernel for plan in plans for call in plan.calls}
    # Of streamed layers, tests/compile/streams, and of early ends, tests/compile/test_early_ends.
    covered |= {"move_rows", "sum_rows", "average_of_sums", "mean_of_sums"}
    covered |= {"circular_buffer_in_cycles"}
    covered |= {"output_strides"}  # of kernels for DSP and MVE
    covered |= {"copy_rows"}  # of kernels that join, cut and slice
    missing = sorted(kernels - covered)
    assert not missing, f"no graph of bench.operators calls {', '.join(missing)}"


def test_a_byte_too_many_is_found() -> None:
    graph = GENERATORS["RELU"](np.random.default_rng(1))
    plan = compile_graph(graph)
    (call,) = plan.calls
    parameters, *others = call.arguments
    assert isinstance(parameters, ParametersArgument)
    size = dict(parameters.fields)["size"]
    assert isinstance(size, int)
    longer = ParametersArgument(parameters.ctype, (("size", size + 1),))
    broken = replace(plan, calls=(replace(call, arguments=(longer, *others)),))
    inputs = [np.zeros(t.shape, np.int8) for t in graph.input_tensors]
    with pytest.raises(AssertionError, match="AddressSanitizer"):
        run_on_host(broken, [inputs])
