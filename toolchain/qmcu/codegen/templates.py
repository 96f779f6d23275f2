"""Rendering of firmware/templates with Jinja: strict, no blank lines left by tags."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
import numpy as np

from qmcu.codegen.c_source import address, ctype_of, pointer
from qmcu.compile.plan import PlanTensor
from qmcu.resources import firmware_directory


def comment_text(text: object) -> str:
    """Text from a model file made safe inside a C comment, whatever it holds."""
    return re.sub(r"[^\w.:;,+= \[\]()>#-]", "_", str(text), flags=re.ASCII)


def float_literal(value: float) -> str:
    """The C (and C++) literal of the float32 nearest to `value`, exactly."""
    return f"{float(np.float32(value))!r}f"


def _place(tensor: PlanTensor, ctype: str) -> str:
    """Where the tensor lies, as a pointer of this type; void takes it without a cast."""
    if ctype == "void":
        return address(tensor)
    return pointer(tensor, ctype, writes=True)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(firmware_directory() / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters["comment"] = comment_text
    environment.filters["ctype"] = ctype_of
    environment.filters["place"] = _place
    environment.filters["float_literal"] = float_literal
    return environment


def render(template: str, values: Mapping[str, Any]) -> str:
    """The text of one template of firmware/templates; an unknown variable is an error."""
    return _environment().get_template(template).render(**values)
