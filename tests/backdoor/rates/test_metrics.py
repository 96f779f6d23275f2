import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmcu import documents
from qmcu.backdoor import Rate, attack_success_rate, clean_accuracy
from qmcu.errors import VectorError


def test_wilson_interval_of_a_published_example() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
    low, high = Rate(81, 263).wilson95
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    # The same table: 15 of 148 gives 0.0624 to 0.1605, 0 of 20 gives 0 to 0.1611.
    assert [round(x, 4) for x in Rate(15, 148).wilson95] == [0.0624, 0.1605]
    assert [round(x, 4) for x in Rate(0, 20).wilson95] == [0.0, 0.1611]


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_rate_and_is_symmetric(pair: tuple[int, int]) -> None:
    count, total = pair
    low, high = Rate(count, total).wilson95
    assert 0 <= low <= count / total <= high <= 1
    assert high > low
    mirrored = Rate(total - count, total).wilson95
    assert mirrored == pytest.approx((1 - high, 1 - low))


def test_a_rate_reads_as_a_sentence() -> None:
    assert str(Rate(439, 450)) == "97.6 % (439 of 450, 95 % CI 95.7 to 98.6 %)"
    assert documents.rebuild(documents.plain(Rate(3, 4)), Rate) == Rate(3, 4)


@pytest.mark.parametrize("pair", [(1, 0), (-1, 3), (4, 3)])
def test_impossible_counts_are_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no rate"):
        Rate(*pair)


def test_success_counts_only_inputs_of_other_classes() -> None:
    labels = np.array([0, 0, 1, 2, 2])
    predictions = np.array([0, 1, 0, 0, 2])
    assert clean_accuracy(predictions, labels) == Rate(2, 5)
    assert attack_success_rate(predictions, labels, 0) == Rate(2, 3)


def test_rates_of_nothing_are_refused() -> None:
    with pytest.raises(VectorError, match="all 2 inputs are of the target class 1"):
        attack_success_rate(np.array([1, 1]), np.array([1, 1]), 1)
    with pytest.raises(VectorError, match="one of each"):
        clean_accuracy(np.array([1, 1]), np.array([1]))
    with pytest.raises(VectorError, match="one of each"):
        clean_accuracy(np.array([], np.int64), np.array([], np.int64))
