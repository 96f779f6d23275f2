import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.results import differing_result, equal_result

from qmcu import documents
from qmcu.comparison.result import Accuracy, TestResult, compare


@given(st.binary(min_size=1, max_size=24), st.binary(min_size=24, max_size=24))
def test_compare_finds_the_first_difference_and_the_largest(expected: bytes, other: bytes) -> None:
    got = other[: len(expected)]
    difference = compare("t", (len(expected),), expected, got)
    pairs = list(zip(expected, got, strict=True))
    positions = [i for i, (a, b) in enumerate(pairs) if a != b]
    if not positions:
        assert difference is None
        return
    assert difference is not None
    signed = [tuple(int(np.uint8(v).view(np.int8)) for v in pair) for pair in pairs]
    assert difference.position == positions[0]
    assert difference.index == (positions[0],)
    assert (difference.expected, difference.got) == signed[positions[0]]
    assert difference.differing == len(positions)
    assert difference.max_difference == max(abs(a - b) for a, b in signed)


def test_the_place_is_given_in_the_tensors_shape() -> None:
    got = bytearray(24)
    got[13] = 0xFF
    difference = compare("t", (2, 3, 4), bytes(24), bytes(got))
    assert difference is not None
    assert difference.index == (1, 0, 1)
    assert "at [1, 0, 1] (byte 13): expected 0, got -1; 1 of 24 bytes" in str(difference)


def test_a_scalar() -> None:
    difference = compare("t", (), b"\0", b"\1")
    assert difference is not None
    assert difference.position == 0


def test_another_length_is_no_difference_but_an_error() -> None:
    with pytest.raises(ValueError, match="3 bytes expected, 2 came"):
        compare("t", (3,), b"abc", b"ab")


def test_real_numbers_differ_when_any_byte_does() -> None:
    wanted, got = (np.array(v, np.float32) for v in ([1.5, 0.0, 3.0], [1.5, -0.0, 3.25]))
    assert compare("out", (3,), wanted.tobytes(), wanted.tobytes(), "float32") is None
    difference = compare("out", (3,), wanted.tobytes(), got.tobytes(), "float32")
    assert difference is not None
    assert (difference.position, difference.differing, difference.size) == (1, 2, 3)
    assert difference.max_difference == 0.25
    assert "float32 value 1" in str(difference) and "got -0.0" in str(difference)


def test_integers_are_compared_in_their_own_type() -> None:
    wanted, got = (np.array(v, np.int16) for v in ([-32768, 5], [32767, 5]))
    difference = compare("out", (2,), wanted.tobytes(), got.tobytes(), "int16")
    assert difference is not None
    assert (difference.expected, difference.got) == (-32768, 32767)
    assert difference.max_difference == 65535 and difference.differing == 1


@pytest.mark.parametrize("result", [equal_result(), differing_result()], ids=["equal", "differing"])
def test_a_result_comes_back_from_its_document(result: TestResult) -> None:
    document = documents.plain(result)
    assert documents.rebuild(document, TestResult) == result
    assert (document["equal"], document["passed"]) == (result.equal, result.passed)


def test_a_run_passes_when_vectors_and_traced_layers_are_equal() -> None:
    equal, differing = equal_result(), differing_result()
    assert (equal.equal, equal.passed) == (8, True)
    assert (differing.equal, differing.passed) == (6, False)
    assert not replace(differing, differences=()).passed
    assert not replace(differing, layer_difference=None).passed


def test_no_labels_are_no_accuracy() -> None:
    assert Accuracy(0, 0, 0).on_device == 0
    assert Accuracy(1, 2, 4).on_device == 0.25


def test_special_numbers_are_told_in_words_that_json_holds() -> None:
    expected = np.array([1, np.nan, np.inf, np.inf], np.float32)
    got = np.array([1, -np.inf, 5, -np.inf], np.float32)
    difference = compare("y", [4], expected.tobytes(), got.tobytes(), "float32")
    assert difference is not None
    assert (difference.expected, difference.got) == ("NaN", "-Infinity")
    assert difference.max_difference == "Infinity"
    text = documents.indented(difference)
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert documents.parse(text, type(difference)) == difference
