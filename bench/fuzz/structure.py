"""Mutations that know what a .tflite file is: its offsets, vtables, lengths and numbers are edited.

A file of random bytes ends at the first offset. These stay files of tables, so that what is
checked behind the tables is reached. Nothing moves: each edit is of one to eight bytes in place.
"""

import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bench.fuzz.mutate import mutated

from qmcu.model.flatbuffer_schema import Field
from qmcu.model.schema import schema

# How often each kind of place is edited.
_WEIGHTS = {"number": 6, "element": 4, "offset": 2, "slot": 2, "length": 2, "vtable": 1, "text": 1}
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e38, 3.4e38, float("inf"), float("nan"), 0.5, 1e-7, 256.0)
# The elements of a vector that are looked at, from its beginning.
_ELEMENTS = 24
_U32, _I32, _U16 = struct.Struct("<I"), struct.Struct("<i"), struct.Struct("<H")


@dataclass(frozen=True)
class Place:
    """A number in the file: where it is and what reads it; `target` is where an offset leads."""

    at: int
    packer: struct.Struct
    target: int = 0


@dataclass
class Model:
    """A file and its places by kind."""

    content: bytes
    places: dict[str, list[Place]] = field(default_factory=lambda: {k: [] for k in _WEIGHTS})
    seen: set[tuple[int, str]] = field(default_factory=set)


@lru_cache(maxsize=1024)
def model_of(content: bytes) -> Model:
    """The places of a .tflite file that is whole."""
    model = Model(content)
    model.places["offset"].append(Place(0, _U32, _U32.unpack_from(content)[0]))
    _walk(model, "Model", _U32.unpack_from(content)[0])
    return model


def _walk(model: Model, table: str, at: int) -> None:
    if (at, table) in model.seen:
        return
    model.seen.add((at, table))
    content, places = model.content, model.places
    vtable = at - _I32.unpack_from(content, at)[0]
    size = _U16.unpack_from(content, vtable)[0]
    places["vtable"] += [Place(at, _I32), Place(vtable, _U16), Place(vtable + 2, _U16)]
    numbers: dict[str, int] = {}
    for found in schema.tables[table].values():
        slot = vtable + 4 + 2 * found.slot
        if slot + 2 > vtable + size:
            continue
        places["slot"].append(Place(slot, _U16))
        offset = _U16.unpack_from(content, slot)[0]
        if not offset:
            continue
        if found.is_scalar and not found.many:
            places["number"].append(Place(at + offset, found.packer))
            numbers[found.name] = found.packer.unpack_from(content, at + offset)[0]
        else:
            _walk_part(model, found, at + offset, numbers)


def _walk_part(model: Model, found: Field, at: int, numbers: Mapping[str, int]) -> None:
    target = _follow(model, at)
    if found.type == "string" or found.many:
        _walk_vector(model, found, target)
        return
    table: str | None = found.type
    if found.type in schema.unions:
        table = schema.unions[found.type].get(numbers.get(f"{found.name}Type", 0))
    if table is not None:
        _walk(model, table, target)


def _walk_vector(model: Model, found: Field, at: int) -> None:
    content, places = model.content, model.places
    count = _U32.unpack_from(content, at)[0]
    places["length"].append(Place(at, _U32))
    begin = at + 4
    if found.type == "string":
        places["text"] += [Place(begin + i, struct.Struct("<B")) for i in range(min(8, count))]
    elif found.is_scalar and found.packer.size > 1:
        width = found.packer.size
        places["element"] += [
            Place(begin + width * i, found.packer) for i in range(min(_ELEMENTS, count))
        ]
    elif found.is_scalar:
        # Constants' bytes: shapes, axes and tables are words of four bytes.
        places["element"] += [Place(begin + i, _I32) for i in range(0, min(64, count - 3), 4)]
    else:
        for i in range(count):
            _walk(model, found.type, _follow(model, begin + 4 * i))


def _follow(model: Model, at: int) -> int:
    target = at + int(_U32.unpack_from(model.content, at)[0])
    model.places["offset"].append(Place(at, _U32, target))
    return target


_KINDS = tuple(kind for kind, weight in _WEIGHTS.items() for _ in range(weight))
_EDITS = (1, 1, 1, 2, 2, 3, 4)


def mutated_model(rng: random.Random, models: Sequence[bytes]) -> bytes:
    """One of `models`, .tflite files that are whole, with one to four changes."""
    if rng.random() < 0.15:
        return mutated(rng, models)
    model = model_of(models[int(rng.random() * len(models))])
    data = bytearray(model.content)
    for _ in range(_EDITS[int(rng.random() * len(_EDITS))]):
        kind = _KINDS[int(rng.random() * len(_KINDS))]
        places = model.places[kind]
        if places:
            place = places[int(rng.random() * len(places))]
            _put(data, place, _edited(rng, kind, place, data, places))
    return bytes(data)


def _edited(
    rng: random.Random, kind: str, place: Place, data: bytearray, places: Sequence[Place]
) -> float:
    """What is to stand at the place."""
    old = place.packer.unpack_from(data, place.at)[0]
    if isinstance(old, float):
        return _FLOATS[int(rng.random() * len(_FLOATS))]
    choice = int(rng.random() * 8)
    if choice == 0:
        return 0
    if choice == 1:
        return int(old) + (1, -1, 2, -2, 4, -4, 8, 16)[int(rng.random() * 8)]
    if choice in (2, 3):
        # What stands at another place of the kind; an offset that leads where that one does.
        other = places[int(rng.random() * len(places))]
        if kind == "offset":
            return other.target - place.at
        found = other.packer.unpack_from(data, other.at)[0]
        return found if isinstance(found, int) else 1
    if choice == 4:
        return 1 << int(rng.random() * 8 * place.packer.size)
    if choice == 5:
        return -1 - int(rng.random() * 3)
    return int(rng.random() * (256 if choice == 6 else 12))


def _put(data: bytearray, place: Place, number: float) -> None:
    size = place.packer.size
    if isinstance(number, float):
        content = place.packer.pack(number)
    else:
        content = (int(number) & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    data[place.at : place.at + size] = content
