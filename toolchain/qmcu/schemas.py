"""The published JSON Schemas, made from the types of the documents: `python -m qmcu.schemas DIR`.

What is written is what `qmcu.documents.plain` writes: a class's fields and the properties that it
shows, all of them required. Descriptions are the docstrings.
"""

import inspect
import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from qmcu.backdoor.attacks.run import AttackRecord
from qmcu.backdoor.defences.document import DefenceDocument
from qmcu.backdoor.detectors import AuditResult, Audits
from qmcu.backdoor.verification import Verification
from qmcu.benchmark import Benchmarks
from qmcu.builder.fits import Fits
from qmcu.builder.savings import MemoryDocument
from qmcu.builder.tuned import Tuning
from qmcu.codegen.monitor_limits import MonitorLimits
from qmcu.comparison import TestResult, Tests
from qmcu.documents import written_names
from qmcu.files import write_atomic
from qmcu.frontier import Frontier
from qmcu.size.document import SizeDocument
from qmcu.validation import Validation

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# Each published document, and the command that writes it.
PUBLISHED: Mapping[type, str] = {
    SizeDocument: "qmcu size --json",
    Frontier: "qmcu frontier, frontier.json",
    MemoryDocument: "qmcu report --json",
    Fits: "qmcu boards --fits MODEL --json",
    TestResult: "qmcu test --json",
    Tests: "qmcu test --json, of several models in one image",
    Validation: "qmcu validate --json",
    Verification: "qmcu verify --json",
    AuditResult: "qmcu audit --json",
    Audits: "qmcu audit --json, of folders",
    DefenceDocument: "qmcu defend --json",
    AttackRecord: "qmcu attack, attack.json",
    Benchmarks: "qmcu bench --json",
    MonitorLimits: "qmcu monitor fit",
    Tuning: "qmcu tune",
}
_PLAIN: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    type(None): {"type": "null"},
    Any: {},
}


# What `msgspec.Meta` limits, in the words of JSON Schema; the length is an array's.
_LIMITS: Mapping[str, str] = {
    "ge": "minimum",
    "le": "maximum",
    "pattern": "pattern",
    "min_length": "minItems",
}


def schema_of(document: type) -> dict[str, Any]:
    """The JSON Schema of a published document, with the keys that every one has."""
    definitions: dict[str, Any] = {}
    own = _object(document, definitions)
    header = {
        "qmcu": {"type": "string", "description": "version that wrote the document"},
        "schema": {"const": _name(document)},
    }
    schema = {
        "$schema": DIALECT,
        "$id": f"{_name(document)}.json",
        "title": PUBLISHED[document],
        "description": own["description"],
        "type": "object",
        "required": [*header, *own["required"]],
        "properties": header | own["properties"],
    }
    return schema | ({"$defs": dict(sorted(definitions.items()))} if definitions else {})


def _name(document: type) -> str:
    name: str = document.__schema__  # type: ignore[attr-defined]
    return name


def _object(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """A dataclass, its fields and what it shows."""
    hints = get_type_hints(kind, include_extras=True)
    names = written_names(kind)
    own = {f.name for f in fields(kind)}
    properties = {}
    for name in names:
        if name in own:
            properties[name] = _value(hints[name], definitions)
            continue
        getter = getattr(kind, name).fget
        shown = _value(get_type_hints(getter, include_extras=True)["return"], definitions)
        properties[name] = shown | {"description": _description(getter)}
    return {
        "type": "object",
        "description": _description(kind),
        "required": [*names],
        "properties": properties,
    }


def _description(documented: Any) -> str:
    return " ".join((inspect.getdoc(documented) or "").split())


def _value(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Any type that a document may hold. Raises TypeError for one that it may not."""
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _value(arguments[0], definitions) | _limits(arguments[1:])
    if origin is Literal:
        return {"enum": [*arguments]}
    if isinstance(hint, type) and (issubclass(hint, Enum) or is_dataclass(hint)):
        if hint.__name__ not in definitions:
            definitions[hint.__name__] = {}  # a class may hold itself
            definitions[hint.__name__] = (
                {"description": _description(hint), "enum": [member.value for member in hint]}
                if issubclass(hint, Enum)
                else _object(hint, definitions)
            )
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if origin in (typing.Union, types.UnionType):
        kinds = {int, float} & {*arguments}
        # A number that may be whole is a number.
        members = [a for a in arguments if not (a is int and len(kinds) == 2)]
        shown = [_value(member, definitions) for member in members]
        return shown[0] if len(shown) == 1 else {"anyOf": shown}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(arguments[0], arguments[1], definitions)
    if isinstance(origin, type) and issubclass(origin, Sequence):
        if origin is tuple and arguments[-1] is not ...:
            each = [_value(a, definitions) for a in arguments]
            size = len(each)
            return {"type": "array", "prefixItems": each, "minItems": size, "maxItems": size}
        return {"type": "array", "items": _value(arguments[0], definitions)}
    raise TypeError(f"a published document cannot hold {hint}")


def _limits(metadata: Sequence[Any]) -> dict[str, Any]:
    """The limits of an annotated type. Raises TypeError for one that no schema tells yet."""
    shown: dict[str, Any] = {}
    for meta in metadata:
        assert isinstance(meta, msgspec.Meta), meta
        given = {name: getattr(meta, name) for name in _LIMITS}
        given = {name: limit for name, limit in given.items() if limit is not None}
        if msgspec.Meta(**given) != meta:
            raise TypeError(f"a published document cannot limit {meta}")
        shown |= {_LIMITS[name]: limit for name, limit in given.items()}
    return shown


def _mapping(key: Any, item: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "additionalProperties": _value(item, definitions)}
    if key is not str:
        schema["propertyNames"] = _value(key, definitions)
    return schema


def schema_text(document: type) -> str:
    """The schema as it is published."""
    return json.dumps(schema_of(document), indent=1) + "\n"


def main() -> None:
    """Write every schema into a folder, docs/schema of the checkout."""
    if len(sys.argv) != 2:
        sys.exit("give a folder: python -m qmcu.schemas docs/schema")
    for document in PUBLISHED:
        write_atomic(Path(sys.argv[1]) / f"{_name(document)}.json", schema_text(document))


if __name__ == "__main__":
    main()
