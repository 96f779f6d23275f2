"""Names in C: of models in an image, of an exported library among others in a program."""

import re
from collections.abc import Mapping

from qmcu.errors import UsageError

DEFAULT = "qmcu_model"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
# C and C++ words, and what a C library's headers are called.
_TAKEN = frozenset([
    "auto", "bool", "break", "case", "char", "class", "const", "continue", "default",
    "delete", "do", "double", "else", "enum", "extern", "float", "for", "goto", "if",
    "inline", "int", "long", "main", "math", "model", "new", "register", "return", "short",
    "signed", "sizeof", "static", "stdint", "string", "struct", "switch", "template", "this",
    "typedef", "union", "unsigned", "void", "volatile", "while",
])  # fmt: skip


def is_name(name: str) -> bool:
    """Whether `name` can begin C identifiers and be a header's and a folder's name."""
    return _NAME.fullmatch(name) is not None and name not in _TAKEN


def check_name(name: str, what: str = "library") -> None:
    """Raise UsageError unless `name` is one by `is_name`."""
    if not is_name(name):
        raise UsageError(
            f"{name!r} cannot be a {what}'s name; give --name up to 31 of a-z, 0-9 and _, a letter "
            "first and no word of C."
        )


def rename_library(files: Mapping[str, str], name: str) -> dict[str, str]:
    """`files` (path to text) with every name of ours under the prefix `name`, kernels included.

    `qmcu_model_init` becomes `NAME_init`, in symbols, macros, files and targets; what is another's
    (a library's) stays. Raises UsageError for a name that cannot be one or makes two names one.
    """
    if name == DEFAULT:
        return dict(files)
    check_name(name)
    camel = "".join(part.capitalize() for part in name.split("_"))
    upper = name.upper()
    seen: dict[str, str] = {}

    def replace(match: re.Match[str]) -> str:
        old = match[0]
        new = old
        for before, after in (
            ("qmcu_model", name), ("QMCU_MODEL", upper), ("QmcuModel", camel),
            ("qmcu_", f"{name}_"), ("QMCU_", f"{upper}_"), ("sample_", f"{name}_sample_"),
        ):  # fmt: skip
            if before in old:
                new = old.replace(before, after)
                break
        else:
            new = f"{name}_{old}"
        if seen.setdefault(new, old) != old:
            raise UsageError(f"with the name {name}, {seen[new]} and {old} would be one name.")
        return new

    known = (r"qmcu_\w+", r"QMCU_\w+", "QmcuModel", r"sample_(?:input|output)_\d+")
    # Not behind a point: a section's name, which several may share.
    ours = re.compile(rf"(?<![A-Za-z0-9.])(?:{'|'.join((*known, *_constants(files)))})(?!\w)")

    def renamed(text: str) -> str:
        return ours.sub(replace, text).replace("qmcu::model", f"qmcu::{name}")

    return {renamed(path): renamed(text) for path, text in files.items()}


def _constants(files: Mapping[str, str]) -> list[str]:
    """The names of the model's arrays, which are those of its layers."""
    return re.findall(r"^extern const \w+ (\w+)\[", files["src/model_data.h"], re.MULTILINE)
