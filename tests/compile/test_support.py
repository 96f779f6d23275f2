"""What cannot be compiled is said with a way out."""

import pytest

from qmcu.compile.support import refuse, unsupported
from qmcu.errors import UnsupportedModelError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor


def _graph(kind: str, dtype: str = "float32", scales: tuple[float, ...] = ()) -> Graph:
    grids = dict(enumerate(Quantization((scale,), (3,)) for scale in scales))
    tensors = tuple(Tensor(i, f"t{i}", (1, 4), dtype, grids.get(i)) for i in range(3))
    operators = tuple(Operator(i, kind, (i,), (i + 1,)) for i in range(2))
    return Graph("m", tensors, operators, (0,), (2,))


@pytest.mark.parametrize(
    ("kind", "way_out"),
    [
        ("POW", "take SQRT and RSQRT for powers of a half"),
        ("RFFT2D", "compute the spectrum outside of the model"),
        ("SPARSE_TO_DENSE", "compute it outside of the model"),
    ],
)
def test_operators_that_nobody_has_are_told_with_a_way_out(kind: str, way_out: str) -> None:
    problems = unsupported(_graph(kind))
    assert problems[0].startswith(f"#0 {kind}: tflite-micro has no such operator; ")
    assert all(way_out in problem for problem in problems)
    with pytest.raises(UnsupportedModelError) as caught:
        refuse(_graph(kind), problems)
    assert len(caught.value.lines) == 3


def test_what_says_no_way_out_is_sent_to_the_list() -> None:
    with pytest.raises(UnsupportedModelError, match="all operators of tflite-micro and some more"):
        refuse(_graph("SUM"), ["#0 SUM: input 0 t0 is int64, int8 is needed"])


def test_a_change_of_scale_between_old_integers_is_told_with_them() -> None:
    (problem,) = unsupported(_graph("QUANTIZE", "uint8", (0.5, 0.25, 0.125)))
    assert problem.startswith("2 of 2 operators compute with uint8 integers")
