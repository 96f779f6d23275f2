"""A folder of shards, as Hugging Face stores a model: weighed as one model.

The index (model.safetensors.index.json, pytorch_model.bin.index.json) says which shard has which
tensor; without one all safetensors of the folder belong to the model. A folder with both kinds
holds the model twice: the safetensors are weighed.
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from qmcu.size.contents import Contents, Role
from qmcu.size.mapped import fail
from qmcu.size.readers import safetensors, torch_zip

INDEX = ".safetensors.index.json"
_BIN_INDEX = ".bin.index.json"
_MAX_INDEX = 64 << 20


def is_shards(path: Path) -> bool:
    """Whether a path is such a folder, or its index."""
    if path.is_dir():
        return any(path.glob("*.safetensors")) or any(path.glob(f"*{_BIN_INDEX}"))
    return path.name.endswith((INDEX, _BIN_INDEX))


def read(path: Path) -> Contents:
    """The contents of the folder (or of that of the index). Raises ModelError.

    What is wrong is named: a shard that is missing, a tensor that its shard lacks, two indices.
    """
    folder = path if path.is_dir() else path.parent
    indices = [path] if path.is_file() else _indices(folder)
    if len(indices) > 1:
        told = ", ".join(p.name for p in indices)
        fail(path, f"it has several indices ({told}), so several models; give one of them")
    wanted = _weight_map(indices[0]) if indices else {}
    names = sorted(set(wanted.values())) or sorted(p.name for p in folder.glob("*.safetensors"))
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        fail(path, f"the shard {missing[0]}{more} that its index names is missing")
    shards = [_read_shard(folder / name) for name in names]
    held = {tensor.name for shard in shards for tensor in shard.tensors}
    # Packed weights are joined under names of their own.
    lost = [] if any(t.packed_bits for s in shards for t in s.tensors) else set(wanted) - held
    if lost:
        fail(path, f"its index names the tensor {min(lost)[:80]!r}, which no shard has")
    others: Counter[Role] = Counter()
    for shard in shards:
        others.update(shard.others)
    index_bytes = sum(p.stat().st_size for p in indices)
    others[Role.METADATA] += index_bytes
    return replace(
        shards[0],
        path=str(path),
        size=sum(shard.size for shard in shards) + index_bytes,
        tensors=tuple(tensor for shard in shards for tensor in shard.tensors),
        others=others,
        notes=(f"{len(shards)} shards", *(note for shard in shards for note in shard.notes)),
        maps=tuple(memory for shard in shards for memory in shard.maps),
    )


def _indices(folder: Path) -> list[Path]:
    found = sorted(folder.glob(f"*{INDEX}"))
    if found or any(folder.glob("*.safetensors")):
        return found
    return sorted(folder.glob(f"*{_BIN_INDEX}"))


def _read_shard(path: Path) -> Contents:
    if path.suffix == ".safetensors":
        return safetensors.read(path)
    return torch_zip.read(path)


def _weight_map(index: Path) -> dict[str, str]:
    if index.stat().st_size > _MAX_INDEX:
        fail(index, f"an index of over {_MAX_INDEX:,} bytes is not read")
    try:
        found = json.loads(index.read_bytes())["weight_map"]
        shards = {str(name): str(shard) for name, shard in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fail(index, "it is no index of shards: JSON with a weight_map is needed")
    odd = next((s for s in shards.values() if Path(s).name != s), None)
    if odd is not None:
        fail(index, f"it names the shard {odd[:80]!r}, which is outside its folder")
    if not shards:
        fail(index, "its weight_map is empty")
    return shards
