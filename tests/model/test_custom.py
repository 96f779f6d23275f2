"""Descriptions of custom operators, and their references."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flatbuffers import flexbuffers

from qmcu.compile import compile_graph, unsupported
from qmcu.compile.plan import ParametersArgument
from qmcu.errors import ModelError, UsageError
from qmcu.model.custom import check_operators, load_operator, use_operators
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

_DESCRIPTION = """\
name = "Twice"
kernel = "twice.c"
reference = "twice_reference:run"
inputs = ["int8"]
outputs = ["int8"]
scratch = "2 * input0.bytes"
state = 2
[parameters]
shape = "input0.shape"
scale = "input0.scale"
by = "options.by"
[options]
by = 2
"""
_REFERENCE = """\
import numpy as np
def run(inputs, parameters, state):
    state[0] += 1
    return [(inputs[0] * parameters["by"] + state[0]).astype(np.int8)]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for name, text in (
        ("twice.toml", _DESCRIPTION), ("twice.c", ""), ("twice.h", ""),
        ("twice_reference.py", _REFERENCE),
    ):  # fmt: skip
        (tmp_path / name).write_text(text)
    yield tmp_path
    use_operators([])


def _graph(**options: object) -> Graph:
    grid = Quantization((0.5,), (0,))
    tensors = (Tensor(0, "x", (1, 3), "int8", grid), Tensor(1, "y", (1, 3), "int8", grid))
    custom = bytes(flexbuffers.Dumps(options)) if options else b""
    return Graph(
        "m", tensors, (Operator(0, "CUSTOM:Twice", (0,), (1,), custom=custom),), (0,), (1,)
    )


def test_the_kernel_gets_what_the_description_names(folder: Path) -> None:
    assert "does not know; describe it in a file" in unsupported(_graph())[0]
    use_operators([load_operator(folder / "twice.toml")])
    plan = compile_graph(_graph(by=3))
    (call,) = plan.calls
    (parameters,) = [a for a in call.arguments if isinstance(a, ParametersArgument)]
    assert parameters.ctype == "qmcu_twice_params"
    assert parameters.fields == (("shape", (1, 3)), ("scale", 0.5), ("by", 3))
    assert call.scratch_size == 6 and plan.state_size == 2 and len(call.arguments) == 5


def test_the_reference_keeps_its_state_until_a_reset(folder: Path) -> None:
    use_operators([load_operator(folder / "twice.toml")])
    oracle = Oracle(write_model(_graph()))
    x = np.array([[1, 2, 3]], np.int8)
    assert [oracle.run([x])[0].tolist() for _ in range(2)] == [[[3, 5, 7]], [[4, 6, 8]]]
    oracle.reset()
    assert oracle.run_many([np.stack([x, x])], resets=[0, 1])[0][:, 0, 0].tolist() == [3, 3]
    assert oracle.all_tensors([x])[1].tolist() == [[3, 5, 7]]
    assert "Twice by twice_reference:run (SHA-256 " in oracle.origin


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise KeyError('no')", "failed: 'no'"),
        ("return [inputs[0][0]]", r"failed: it gives int8 \[3\], the output is int8 \[1, 3\]"),
        ("import os; os.abort()", "was killed by SIGABRT"),
    ],
)
def test_a_reference_that_fails_is_one_sentence(folder: Path, code: str, said: str) -> None:
    (folder / "twice_reference.py").write_text(f"def run(inputs, parameters, state):\n    {code}\n")
    use_operators([load_operator(folder / "twice.toml")])
    with pytest.raises(ModelError, match=said):
        Oracle(write_model(_graph())).run([np.zeros((1, 3), np.int8)])


def test_other_operands_and_missing_options_are_named(folder: Path) -> None:
    described = load_operator(folder / "twice.toml")
    use_operators([replace(described, inputs=("int8", "int8"))])
    assert "its inputs are int8;" in unsupported(_graph())[0]
    use_operators([replace(described, options={})])
    assert "it has no option by" in unsupported(_graph())[0]
    with pytest.raises(UsageError, match="the operator Twice is described twice"):
        use_operators([described, described])


_DECODER = """\
name = "Decode"
kernel = "decode.c"
reference = "decode:run"
inputs = ["uint8", "uint8"]
outputs = ["float32", "float32"]
shapes = [["input0.shape.3", 2], ["options.most"]]
[parameters]
size = "input0.shape"
most = "options.most"
"""
_DECODE = """\
import numpy as np
def run(inputs, parameters, state):
    scores = inputs[0][0].reshape(-1, inputs[0].shape[3])
    best = scores.argmax(0)
    places = np.stack(np.divmod(best, inputs[0].shape[2]), 1).astype(np.float32)
    return [places + inputs[1][0, 0, 0, 0], scores.max(0)[: parameters["most"]].astype(np.float32)]
"""


def _decoder(first: tuple[int, ...] = ()) -> Graph:
    """As converters write decoders: outputs without any dimension, of which `first` is one."""
    grid = Quantization((0.5,), (128,))
    tensors = (
        Tensor(0, "heat", (1, 3, 4, 2), "uint8", grid),
        Tensor(1, "offset", (1, 1, 1, 1), "uint8", grid),
        Tensor(2, "places", first, "float32"),
        Tensor(3, "scores", (), "float32"),
    )
    custom = bytes(flexbuffers.Dumps({"most": 2}))
    operator = Operator(0, "CUSTOM:Decode", (0, 1), (2, 3), custom=custom)
    return Graph("decoder", tensors, (operator,), (0, 1), (2, 3))


def test_a_description_gives_shapes_that_the_model_leaves_open(folder: Path) -> None:
    for name, text in (
        ("decode.toml", _DECODER), ("decode.c", ""), ("decode.h", ""), ("decode.py", _DECODE),
    ):  # fmt: skip
        (folder / name).write_text(text)
    use_operators([load_operator(folder / "decode.toml")])
    model = write_model(_decoder())
    graph = parse_model(model)
    assert [t.shape for t in graph.output_tensors] == [(2, 2), (2,)]
    assert [t.size for t in compile_graph(graph).tensors if t.name == "places"] == [16]
    heat = np.arange(24, dtype=np.uint8).reshape(1, 3, 4, 2)
    places, scores = Oracle(model).run([heat, np.full((1, 1, 1, 1), 1, np.uint8)])
    assert places.tolist() == [[3, 4], [3, 4]] and scores.tolist() == [22, 23]
    (problem,) = unsupported(parse_model(write_model(_decoder((3, 2)))))
    assert "says [2, 2] of output 0, which is places float32[3x2]" in problem


def test_without_shapes_the_way_out_is_said(folder: Path) -> None:
    lines = _DECODER.replace('shapes = [["input0.shape.3", 2], ["options.most"]]\n', "")
    for name, text in (
        ("decode.toml", lines), ("decode.c", ""), ("decode.h", ""), ("decode.py", _DECODE),
    ):  # fmt: skip
        (folder / name).write_text(text)
    use_operators([load_operator(folder / "decode.toml")])
    oracle = Oracle(write_model(_decoder()))
    with pytest.raises(ModelError, match="leaves a shape open, say it with `shapes`"):
        oracle.run([np.zeros((1, 3, 4, 2), np.uint8), np.zeros((1, 1, 1, 1), np.uint8)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("state = 2", "state = 2\nshapes = [[1], [2]]"), "shapes has 2 entries for 1 outputs"),
        (("state = 2", "state = 2\nshapes = [3]"), "a list for each output, not 3"),
        (("inputs", "input"), "unknown key input; known are"),
        (("twice.c", "thrice.c"), "there is no thrice.c beside it"),
        (('outputs = ["int8"]\n', ""), "does not name outputs"),
        (('["int8"]', '["int9"]'), "unknown type 'int9'"),
        (("name =", "name "), "is not valid TOML"),
    ],
)
def test_a_wrong_description_is_named(folder: Path, change: tuple[str, str], said: str) -> None:
    path = folder / "twice.toml"
    path.write_text(_DESCRIPTION.replace(*change))
    with pytest.raises(UsageError, match=said) as caught:
        load_operator(path)
    assert str(path) in str(caught.value)


def test_a_firmware_wants_the_reference_it_was_built_with(folder: Path) -> None:
    described = load_operator(folder / "twice.toml")
    listed = f'[{{"name": "Twice", "reference_sha256": "{described.reference_sha256}"}}]'
    (folder / "operators.json").write_text(listed)
    with pytest.raises(UsageError, match="give its description with --operator"):
        check_operators(folder)
    use_operators([described])
    check_operators(folder)
    (folder / "twice_reference.py").write_text(_REFERENCE + "\n")
    use_operators([load_operator(folder / "twice.toml")])
    with pytest.raises(UsageError, match=r"was [0-9a-f]{16} when .* was built; build again"):
        check_operators(folder)
