"""PAD and PADV2: equal to NumPy's pad, and what is refused."""

import numpy as np
import pytest
from tests.compile.operators.changes import refusal, with_operand, with_output
from tests.compile.operators.graphs import graph, runs

from qmcu.compile.operators.padding import fused_padding


@pytest.mark.parametrize("kind", ["PAD", "PADV2"])
def test_equals_numpy(kind: str) -> None:
    for model, operands, (output,) in runs(kind, 60):
        quantization = model.output_tensors[0].quantization
        assert quantization is not None
        value = operands[2].item() if kind == "PADV2" else quantization.zero_point
        assert (output == np.pad(operands[0], operands[1], constant_values=value)).all()


def test_rows_of_an_image_are_padded_as_a_whole() -> None:
    shape, before, kept = fused_padding((1, 8, 9, 3), [(0, 0), (1, 2), (3, 4), (0, 0)])
    assert (shape, before, kept) == ((1, 1, 1, 11, 48), (0, 0, 0, 1, 9), (1, 1, 1, 8, 27))


def test_five_padded_dimensions_stay_five() -> None:
    shape, before, kept = fused_padding((1, 2, 3, 4, 5), [(1, 1)] * 5)
    assert (shape, before, kept) == ((3, 4, 5, 6, 7), (1,) * 5, (1, 2, 3, 4, 5))


def test_paddings_are_refused() -> None:
    model = with_operand(graph("PAD"), 0, shape=(4,))
    numbers = np.array([[-1, 0]], np.int32)
    negative = with_operand(model, 1, data=numbers.tobytes(), shape=(1, 2))
    assert "paddings hold a negative number" in refusal(negative)
    few = with_operand(model, 1, data=numbers[0, :1].tobytes(), shape=(1,))
    assert "need two numbers for each dimension" in refusal(few)
    wide = with_operand(model, 1, data=bytes(16), shape=(1, 2), dtype="int64")
    assert "paddings paddings is int64, int32 is needed" in refusal(wide)
    computed = with_operand(model, 1, data=None)
    assert "computed at run time" in refusal(computed)


def test_other_shapes_and_quantizations_are_refused() -> None:
    model = graph("PADV2")
    longer = (*model.output_tensors[0].shape, 1)
    assert "is needed" in refusal(with_output(model, shape=longer))
    assert "they must be equal" in refusal(with_operand(model, 2, scale=50.0))
    values = with_operand(model, 2, data=bytes(2), shape=(2,))
    assert "is not a single number" in refusal(values)
    assert "6 dimensions, 1 to 5 is needed" in refusal(with_operand(model, 0, shape=(1,) * 6))
