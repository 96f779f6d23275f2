"""C text: literals that compile, lines that fit, names that cannot break out of a comment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qmcu.codegen.c_source import array_body, literal, pointer, struct_fields, wrapped
from qmcu.codegen.templates import comment_text
from qmcu.compile.plan import ARENA, STATE, Constant, PlanTensor


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


@given(st.floats(width=32))
def test_a_float_is_exactly_that_number(value: float) -> None:
    text = literal(value, "float")
    special = {'__builtin_nanf("")': "nan", "__builtin_inff()": "inf", "-__builtin_inff()": "-inf"}
    found = float(special[text]) if text in special else float.fromhex(text.removesuffix("f"))
    assert np.float32(found).tobytes() == np.float32(value).tobytes() or np.isnan(value)


def test_the_ends_of_wide_integers_compile() -> None:
    values = np.array([-(2**63), -(2**63) + 1, 2**63 - 1], "<i8")
    assert array_body(constant(values, "int64_t")).split() == [
        "INT64_MIN,", "INT64_C(-9223372036854775807),", "INT64_C(9223372036854775807),",
    ]  # fmt: skip


def test_pointers_have_the_tensor_s_type_and_are_const_unless_written() -> None:
    def tensor(dtype: str, space: str = ARENA) -> PlanTensor:
        return PlanTensor(0, "t", (2,), 1.0, 0, 16, 4, dtype, space)

    assert pointer(tensor("int8"), "int8_t", writes=False) == "qmcu_model_arena + 16"
    real = "(const float *)(const void *)(qmcu_model_arena + 16)"
    assert pointer(tensor("float32"), "float", writes=False) == real
    written = "(int16_t *)(void *)(qmcu_model_arena + 16)"
    assert pointer(tensor("int16"), "int16_t", writes=True) == written
    state = "(int16_t *)(void *)(qmcu_model_state + 16)"
    assert pointer(tensor("int16", STATE), "int16_t", writes=False) == state
