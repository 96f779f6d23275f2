"""What the lab's operators compute is what the interpreter computes in real numbers."""

import numpy as np
import pytest
from bench.operators import GENERATORS

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.networks import forward, network_from_graph
from qmcu.backdoor.networks.operators import OPERATORS
from qmcu.errors import ModelError
from qmcu.model.graph import Graph
from qmcu.model.oracle import Oracle
from qmcu.model.random_inputs import random_array
from qmcu.model.writer import write_model

# What has real numbers in and out, one input and one output.
_KINDS = sorted(
    kind
    for kind in OPERATORS
    if f"{kind} float32" in GENERATORS and kind not in ("SOFTMAX", "QUANTIZE", "DEQUANTIZE")
)


def _is_followed(graph: Graph) -> bool:
    """One input and output of one element of a batch, and no batch made of or into anything."""
    ends = (*graph.input_tensors, *(graph.tensors[i] for i in graph.outputs))
    return len(ends) == 2 and all(t.shape and t.shape[0] == 1 and len(t.shape) > 1 for t in ends)


@pytest.mark.parametrize("kind", _KINDS)
def test_operators_give_what_the_interpreter_gives(kind: str) -> None:
    compared = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        graph = GENERATORS[f"{kind} float32"](rng)
        if not _is_followed(graph):
            continue
        x = random_array(rng, graph, graph.input_tensors[0], 1)[0]
        try:
            found = forward(network_from_graph(graph), x).numpy()
        except ModelError as error:
            assert "an audit cannot follow" in str(error)
            continue
        (expected,) = Oracle(write_model(graph)).run([x])
        assert np.allclose(found, expected, rtol=1e-3, atol=1e-5), f"seed {seed}"
        compared += 1
        if compared == 3:
            break
    assert compared
