"""The MobileNet that is measured, and the document's marks."""

import numpy as np
from bench.performance.document import BEGIN, END, document
from bench.performance.models import mobilenet

from qmcu.compile import CompileOptions, compile_graph
from qmcu.model.oracle import Oracle
from qmcu.model.writer import write_model


def test_the_mobilenet_has_the_published_work_and_live_activations() -> None:
    graph = mobilenet()
    assert compile_graph(graph).macs == 7_489_664
    image = np.random.default_rng(0).integers(-128, 128, (1, 96, 96, 3)).astype(np.int8)
    for index, values in Oracle(write_model(graph)).all_tensors([image]).items():
        if graph.tensors[index].elements > 1000:
            assert 0.2 < (values > -128).mean() <= 1, graph.tensors[index]
            assert (values == 127).mean() < 0.1, graph.tensors[index]


def test_outputs_deeper_than_their_input_go_over_it() -> None:
    plan = compile_graph(mobilenet(), CompileOptions("native", dsp=True, fpu=True))
    # The largest output alone and the first layer's working memory.
    assert plan.arena_size < 48 * 48 * 16 + 4096


def test_the_document_keeps_what_people_wrote() -> None:
    peers = {"kws": {"tflm": {"m4": 2, "m7": 2, "m55": 2, "code": 3, "ram": 4},
                     "goal": {"m4": 1, "code": 1, "ram": 1}}}  # fmt: skip
    row = {"model": "kws", "column": "m4", "kernels": "native", "optimize": "balanced",
           "how": "counted", "equal": 1, "vectors": 1, "macs": 10, "count": 5, "code": 3,
           "proof": 2, "constants": 1, "arena": 1, "bound": 1, "static": 1, "stack": 1, "ram": 2,
           "cycles": {"cortex-m4": 7}}  # fmt: skip
    text = document([row], peers)
    assert "| | **native** | 1 of 1 | 5 | 0.50 | 7 |" in text
    assert "*1* missed by 400%" in text and "*1* met" in text
    # A goal of code counts code less the proof: 3 - 2 bytes.
    assert "| 3 | 2 | 1 |" in text and "*1* missed by 200%" not in text
    before, _, after = text.partition(BEGIN)
    assert (
        before.startswith("# How fast") and "## What each idea brought" in after.partition(END)[2]
    )
