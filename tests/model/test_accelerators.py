"""Files that the compiler of an accelerator made: named as such, not as damaged."""

from pathlib import Path

import pytest

from qmcu.compile.support import unsupported
from qmcu.conversion.files import float_graph_of
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model


def _compiled(kind: str) -> bytes:
    """One operator that reads, besides the input, memory that nothing writes."""
    grid = Quantization((0.5,), (0,))
    tensors = tuple(Tensor(i, f"t{i}", (1, 4), "int8", grid) for i in range(3))
    operator = Operator(0, f"CUSTOM:{kind}", (0, 1), (2,))
    return write_model(Graph("m", tensors, (operator,), (0,), (2,)))


@pytest.mark.parametrize(
    ("kind", "told"),
    [("ethos-u", "an Arm Ethos-U NPU, which Vela made"), ("XC_conv2d_v2", "an XMOS xcore")],
)
def test_code_of_an_accelerator_is_told(kind: str, told: str, tmp_path: Path) -> None:
    (problem,) = unsupported(parse_model(_compiled(kind), "m"))
    assert problem.startswith("1 of 1 operators are code for ") and told in problem
    (tmp_path / "m.tflite").write_bytes(_compiled(kind))
    with pytest.raises(ModelError, match="give the model as it was before"):
        float_graph_of(tmp_path / "m.tflite")


def test_other_custom_operators_may_not_read_what_nothing_writes() -> None:
    with pytest.raises(ModelError, match="reads tensor 1 before it is written"):
        parse_model(_compiled("mine"), "m")
