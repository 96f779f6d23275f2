"""C text: literals that compile, lines that fit, names that cannot break out of a comment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qmcu.codegen.c_source import array_body, struct_fields, wrapped
from qmcu.codegen.templates import comment_text
from qmcu.compile.plan import Constant


def constant(values: np.ndarray, ctype: str) -> Constant:
    return Constant("c", ctype, values.tobytes(), values.shape, "data")


@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=80))
def test_array_body_holds_the_values_in_order(values: list[int]) -> None:
    body = array_body(constant(np.array(values, "<i4"), "int32_t"))
    tokens = [t.strip() for t in body.replace("\n", " ").split(",") if t.strip()]
    assert [-(2**31) if t == "INT32_MIN" else int(t) for t in tokens] == values
    assert max(map(len, body.splitlines())) <= 100


def test_unsigned_values_have_a_suffix() -> None:
    assert array_body(constant(np.array([0, 255], "u1"), "uint8_t")).split() == ["0u,", "255u,"]


def test_wrapped_breaks_between_items() -> None:
    lines = wrapped(["12345678"] * 20, indent=4).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("    1") and line.endswith(",") for line in lines)


def test_struct_fields_are_designated() -> None:
    assert struct_fields((("width", 3), ("strides", (1, -2)))) == (
        "    .width = 3,\n    .strides = {1, -2},"
    )


@given(st.text())
def test_no_text_ends_a_comment_or_a_line(text: str) -> None:
    safe = comment_text(text)
    assert "*/" not in safe
    assert "/*" not in safe
    assert "\n" not in safe
    assert "\\" not in safe
    assert safe.isascii()
