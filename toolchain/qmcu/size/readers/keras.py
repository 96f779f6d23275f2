"""Keras 3's .keras: a ZIP archive with config.json, metadata.json and model.weights.h5."""

from dataclasses import replace
from pathlib import Path

from qmcu.errors import ModelError
from qmcu.scratch import ScratchFolder
from qmcu.size.contents import Contents, FileKind, Role, StoredTensor
from qmcu.size.mapped import fail, map_file
from qmcu.size.readers.hdf5 import Hdf5, read_part
from qmcu.size.readers.zip_members import DAMAGE, Archive, Member

_WEIGHTS = "model.weights.h5"
# A compressed file of weights is unpacked to a temporary file, if it is no larger than this.
_MAX_UNPACKED = 2 << 30


def read(path: Path) -> Contents:
    """The contents of a .keras file. Raises ModelError, or ToolError without h5py."""
    data = map_file(path)
    archive = Archive(path, data)
    members = archive.members
    if "config.json" not in members or _WEIGHTS not in members:
        fail(path, f"the archive holds no config.json and {_WEIGHTS}, so it is no Keras model")
    weights = members[_WEIGHTS]
    compressed = weights.offset is None
    if weights.offset is None:
        inside = _unpacked(archive, weights)
    else:
        inside = read_part(path, data, weights.offset, weights.size)
    others = dict(inside.others)
    others[Role.GRAPH] = others.get(Role.GRAPH, 0) + members["config.json"].stored
    rest = sum(m.stored for n, m in members.items() if n not in ("config.json", _WEIGHTS))
    others[Role.METADATA] = others.get(Role.METADATA, 0) + rest
    directory = len(data) - sum(m.stored for m in members.values())
    others[Role.CONTAINER] = others.get(Role.CONTAINER, 0) + directory
    saved = weights.size - weights.stored
    tensors, others = _scaled(inside, others, weights) if compressed else (inside.tensors, others)
    notes = (f"the archive's compression saves {saved:,} bytes",) if saved else ()
    return Contents(
        str(path), FileKind.KERAS, len(data), tensors, others,
        compressed=compressed or inside.compressed, notes=notes, large_metadata=inside.attributes,
    )  # fmt: skip


def _unpacked(archive: Archive, member: Member) -> Hdf5:
    """The weights of a compressed archive, by way of a file that is gone when they are read."""
    if member.size > _MAX_UNPACKED:
        fail(archive.path, f"its weights unpack to {member.size:,} bytes, over {_MAX_UNPACKED:,}")
    with ScratchFolder("size") as folder:
        left, path = member.size, Path(folder) / "weights.h5"
        try:
            with archive.open(member) as stream, path.open("wb") as file:
                while left > 0 and (block := stream.read(min(left, 1 << 20))):
                    file.write(block)
                    left -= len(block)
        except DAMAGE as error:
            fail(archive.path, f"its weights are damaged ({str(error)[:80]})")
        if not member.size:
            fail(archive.path, f"its {_WEIGHTS} is empty")
        data = map_file(path)
        try:
            return read_part(path, data, 0, len(data))
        except ModelError as error:
            # The file that the user gave is the archive.
            inside = str(error).removeprefix(f"{path}: ")
            raise ModelError(f"{archive.path}: {_WEIGHTS} in it: {inside}") from error


def _scaled(
    inside_file: Hdf5, others: dict[Role, int], weights: Member
) -> tuple[tuple[StoredTensor, ...], dict[Role, int]]:
    """Sizes as the archive's compression leaves them: everything by the same factor."""
    factor = weights.stored / max(1, weights.size)
    tensors = tuple(replace(t, stored=int(t.stored * factor)) for t in inside_file.tensors)
    inside = sum(inside_file.others.values())
    shown = sum(t.stored for t in tensors)
    scaled = {role: int(count * factor) for role, count in inside_file.others.items()}
    for role, count in inside_file.others.items():
        others[role] += scaled[role] - count
    others[Role.CONTAINER] += weights.stored - shown - sum(scaled.values())
    assert inside + sum(t.stored for t in inside_file.tensors) == weights.size
    return tensors, others
