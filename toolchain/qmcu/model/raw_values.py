"""Values of a flatbuffer's tables as plain ones."""

from typing import Any

from qmcu.model.schema import enum_names
from qmcu.text import printable


def text_of(value: bytes | None) -> str:
    """A string that can be printed."""
    return printable((value or b"").decode("utf-8", "replace"), None)


def items(values: Any) -> Any:
    """A vector as a sequence; absent ones are None or 0."""
    return [] if values is None or isinstance(values, int) else values


def element_type(tensor: Any) -> str:
    """The type of a tensor's elements, "int8" or "complex64"."""
    return enum_names("TensorType").get(tensor.type, f"type {tensor.type}").lower()
