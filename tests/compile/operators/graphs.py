"""Random graphs, run by the kernels on the host."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from bench.operators import GENERATORS
from tests.compile.operators.host_kernel import run_plan

from qmcu.compile import compile_graph
from qmcu.model.graph import Graph
from qmcu.model.random_inputs import random_array

Int8Array = npt.NDArray[np.int8]


def graph(kind: str, seed: int = 0) -> Graph:
    """One random graph with an operator of this kind."""
    return GENERATORS[kind](np.random.default_rng(seed))


def runs(kind: str, count: int) -> Iterator[tuple[Graph, list[Int8Array], list[Int8Array]]]:
    """Random graphs with the values of their operator's operands and outputs, in its order."""
    rng = np.random.default_rng(2)
    for _ in range(count):
        model = GENERATORS[kind](rng)
        values = {t.index: t.array for t in model.tensors if t.is_constant}
        for tensor in model.input_tensors:
            if tensor.dtype == "int8":
                values[tensor.index] = rng.integers(-128, 128, tensor.shape).astype(np.int8)
            else:
                values[tensor.index] = random_array(rng, model, tensor, 1)[0]
        outputs = run_plan(compile_graph(model), [values[i] for i in model.inputs])
        yield model, [values[i] for i in model.operators[0].inputs], outputs
