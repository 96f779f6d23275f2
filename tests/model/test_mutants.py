"""Mutated models: whatever the bytes, a plan or one sentence, and quickly."""

import random
import struct
import time

import numpy as np
import pytest
from tests.support.small_models import dense, two_inputs

from qmcu.compile import compile_graph, unsupported
from qmcu.errors import ModelError
from qmcu.model.inspect import inspect_graph
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

MODELS = [write_model(dense()), write_model(two_inputs())]
EDITS = (0, 1, -1, 2, 3, 8, 127, 1 << 20, -(1 << 31), (1 << 31) - 1)
LIMIT_S = 5.0


def mutant(source: random.Random) -> bytes:
    data = bytearray(source.choice(MODELS))
    for _ in range(source.choice((1, 1, 2, 4))):
        at = source.randrange(len(data) - 4)
        if source.random() < 0.5:
            data[at] ^= 1 << source.randrange(8)
        else:
            data[at & ~3 : (at & ~3) + 4] = struct.pack("<i", source.choice(EDITS))
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_a_mutant_is_compiled_or_refused_in_a_sentence(seed: int) -> None:
    source = random.Random(seed)
    compiled = 0
    for _ in range(150):
        data = mutant(source)
        started = time.monotonic()
        try:
            graph = parse_model(data)
            inspect_graph(graph)
            if unsupported(graph):
                continue
            compile_graph(graph)
            compiled += 1
            Oracle(data).run([np.zeros(t.shape, t.dtype) for t in graph.input_tensors])
        except ModelError as error:
            assert "\n" not in str(error)
        assert time.monotonic() - started < LIMIT_S
    assert compiled > 10
