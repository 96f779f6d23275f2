"""Layers that run earlier than the file has them, so that fewer bytes wait."""

from dataclasses import replace

import numpy as np

from qmcu.compile import CompileOptions, compile_graph
from qmcu.compile.order import with_less_waiting
from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

DSP = CompileOptions("native", dsp=True, fpu=True)
GRID = Quantization((0.05,), (0,))


def branches() -> Graph:
    """Two 3x3 convolutions, of stride 2 and 1, beside one of 1x1, and their sum."""
    rng = np.random.default_rng(3)
    tensors = [Tensor(0, "in", (1, 16, 16, 16), "int8", GRID)]
    operators: list[Operator] = []

    def convolution(source: int, kernel: int, stride: int, depth: int) -> int:
        shape, w = (32, kernel, kernel, depth), len(tensors)
        weights = rng.integers(-127, 128, shape, np.int8)
        scale = Quantization((1 / (74 * weights[0].size ** 0.5),), (0,))
        tensors.append(Tensor(w, f"w{w}", shape, "int8", scale, weights.tobytes()))
        tensors.append(Tensor(w + 1, f"t{w}", (1, 8, 8, 32), "int8", GRID))
        options: dict[str, OptionValue] = {
            "padding": "SAME", "stride_w": stride, "stride_h": stride, "dilation_w_factor": 1,
            "dilation_h_factor": 1, "fused_activation_function": "NONE",
        }  # fmt: skip
        number = len(operators)
        operators.append(Operator(number, "CONV_2D", (source, w, -1), (w + 1,), options))
        return w + 1

    long = convolution(convolution(0, 3, 2, 16), 3, 1, 32)
    short = convolution(0, 1, 2, 16)
    end = len(tensors)
    tensors.append(Tensor(end, "sum", (1, 8, 8, 32), "int8", GRID))
    options: dict[str, OptionValue] = {
        "fused_activation_function": "NONE", "pot_scale_int16": False,
    }  # fmt: skip
    operators.append(Operator(len(operators), "ADD", (long, short), (end,), options))
    return Graph("branches", tuple(tensors), tuple(operators), (0,), (end,))


def test_the_short_branch_runs_beside_the_long_ones_first_layer() -> None:
    graph = branches()
    plan = compile_graph(graph, DSP)
    assert [call.operator for call in plan.calls] in ([2, 0, 1, 3], [0, 2, 1, 3])
    # Where no weights could be transformed while a layer runs, nothing moves.
    plain = compile_graph(graph, replace(DSP, fpu=False))
    assert [call.operator for call in plain.calls] == [0, 1, 2, 3]


def test_an_order_that_waits_longer_or_is_higher_is_not_taken() -> None:
    graph = branches()
    calls = compile_graph(graph, replace(DSP, fpu=False)).calls
    roots = {t.index: t.index for t in graph.tensors}
    taken = with_less_waiting(graph, calls, roots, lambda _: [1, 2, 3])
    assert taken == calls
    order: list[list[int]] = []

    def live(trial: object) -> list[int]:
        order.append([call.operator for call in trial])  # type: ignore[attr-defined]
        return [9] * (5 - len(order)) + [10] * (len(order) > 1)  # less, but higher

    assert with_less_waiting(graph, calls, roots, live) == calls
    assert order == [[0, 1, 2, 3], [2, 0, 1, 3], [0, 2, 1, 3]]
