"""The bias that holds the input zero point's share."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qmcu.compile.operators.weights import bias_values, folded_bias
from qmcu.model.graph import Tensor


def _bias(values: list[int]) -> Tensor:
    data = np.array(values, np.int32).tobytes()
    return Tensor(0, "bias", (len(values),), "int32", None, data)


@given(
    st.integers(-(2**31), 2**31 - 1),
    st.lists(st.integers(-128, 127), min_size=1, max_size=20),
    st.integers(-128, 127),
    st.data(),
)
def test_folding_changes_no_sum_modulo_2_to_32(
    bias: int, weights: list[int], zero_point: int, data: st.DataObject
) -> None:
    values = data.draw(
        st.lists(st.integers(-128, 127), min_size=len(weights), max_size=len(weights))
    )
    (folded,) = folded_bias(_bias([bias]), np.array([weights], np.int8), zero_point)
    plain = bias + sum(w * (x - zero_point) for w, x in zip(weights, values, strict=True))
    quick = int(folded) + sum(w * x for w, x in zip(weights, values, strict=True))
    assert (plain - quick) % (1 << 32) == 0


def test_no_bias_is_zero() -> None:
    assert bias_values(None, 3).tolist() == [0, 0, 0]
    assert bias_values(_bias([1, 2]), 2).tolist() == [1, 2]
