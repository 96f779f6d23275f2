"""Weights that a checkpoint holds packed: several integers in each word, scales beside them.

GPTQ and AWQ name them `qweight` beside `scales`, compressed-tensors `weight_packed` beside
`weight_scale`, bitsandbytes `weight` (uint8) beside `weight.absmax` and `weight.quant_map`.
Two floats of four bits in a byte (OCP Microscaling Formats 1.0, section 5: a scale of eight bits
for each 32 of them; NVFP4: for each 16) are `x_blocks` beside `x_scales`, `weight_packed` or
`weight` beside `weight_scale`.
"""

from collections.abc import Sequence
from dataclasses import replace

from qmcu.size.contents import Role, StoredTensor

_WORD = 32
# Float4 numbers that share a scale.
_BLOCKS = (32, 16)


def join_packed_weights(tensors: Sequence[StoredTensor]) -> tuple[StoredTensor, ...]:
    """The tensors, packed weights marked with the width of their integers and without rows."""
    named = {t.name: t for t in tensors}
    return tuple(_marked(t, named) for t in tensors)


def _marked(tensor: StoredTensor, named: dict[str, StoredTensor]) -> StoredTensor:
    stem, _, last = tensor.name.rpartition(".")
    prefix = f"{stem}." if stem else ""
    bits = 0
    if tensor.dtype == "uint8" and _is_float4(tensor, named):
        shape = (*tensor.shape[:-1], 2 * tensor.shape[-1])
        return replace(tensor, dtype="float4", shape=shape, role=Role.WEIGHTS, rows=None)
    if last == "qweight" and tensor.dtype == "int32" and len(tensor.shape) == 2:
        bits = _grouped(tensor, named.get(f"{prefix}scales"), named.get(f"{prefix}g_idx"))
    elif last == "weight_packed" and tensor.dtype == "int32":
        bits = _shaped(tensor, named.get(f"{prefix}weight_scale"))
    elif tensor.dtype == "uint8" and f"{tensor.name}.quant_map" in named:
        levels = named[f"{tensor.name}.quant_map"].elements
        bits = max(1, (levels - 1).bit_length())
    if bits not in (1, 2, 3, 4, 8):
        return tensor
    return replace(tensor, role=Role.WEIGHTS, packed_bits=bits, rows=None)


def _is_float4(tensor: StoredTensor, named: dict[str, StoredTensor]) -> bool:
    name = tensor.name
    if name.endswith("_blocks"):
        scales = named.get(f"{name.removesuffix('blocks')}scales")
    elif name.endswith(("weight", "weight_packed")):
        scales = named.get(f"{name.removesuffix('_packed')}_scale")
    else:
        return False
    if scales is None or scales.dtype not in ("uint8", "float8", "float8_e4m3"):
        return False
    return any(2 * tensor.elements == block * scales.elements for block in _BLOCKS)


def _grouped(tensor: StoredTensor, scales: StoredTensor | None, index: StoredTensor | None) -> int:
    """Bits of GPTQ (packed along the first axis) and AWQ (along the second)."""
    if scales is None or len(scales.shape) != 2:
        return 0
    rows, columns = tensor.shape
    if columns == scales.shape[1]:
        inputs = index.elements if index is not None else 0
        return rows * _WORD // inputs if inputs else 4
    return columns * _WORD // max(1, scales.shape[1])


def _shaped(tensor: StoredTensor, scale: StoredTensor | None) -> int:
    """compressed-tensors packs 4 or 8 bits; the group size tells which."""
    if scale is None or len(scale.shape) != 2 or scale.shape[1] < 2:
        return 4
    for bits in (4, 8):
        values = tensor.shape[-1] * _WORD // bits
        group, rest = divmod(values, scale.shape[1])
        if not rest and group & (group - 1) == 0:
            return bits
    return 4
