"""Packed weights of quantizers are counted as what they hold."""

import math

import pytest

from qmcu.size.contents import Role, StoredTensor
from qmcu.size.packed import join_packed_weights
from qmcu.size.roles import role_of


def _stored(name: str, dtype: str, shape: tuple[int, ...], stored: int) -> StoredTensor:
    return StoredTensor(name, dtype, shape, role_of(name, shape, dtype), stored)


def test_bitsandbytes_counts_two_weights_a_byte() -> None:
    parts = []
    for layer in ("a", "b"):
        name = f"{layer}.weight"
        parts += [
            _stored(name, "uint8", (163_840, 1), 163_840),
            _stored(f"{name}.absmax", "uint8", (5_120,), 5_120),
            _stored(f"{name}.quant_map", "float32", (16,), 64),
            _stored(f"{name}.nested_absmax", "float32", (20,), 80),
            _stored(f"{name}.nested_quant_map", "float32", (256,), 1_024),
            _stored(f"{name}.quant_state.bitsandbytes__nf4", "uint8", (90,), 90),
        ]
    found = join_packed_weights(parts)
    weights = [t for t in found if t.role == Role.WEIGHTS]
    assert sum(t.elements for t in weights) == 655_360
    assert {t.role for t in found if t not in weights} == {Role.QUANTIZATION}


@pytest.mark.parametrize(
    ("weight", "shape", "scale", "scales", "dtype"),
    [
        ("mlp.experts.down_proj_blocks", (2, 8, 3, 16), "mlp.experts.down_proj_scales",
         (2, 8, 3), "uint8"),
        ("proj.weight_packed", (8, 48), "proj.weight_scale", (8, 3), "uint8"),
        ("proj.weight", (8, 48), "proj.weight_scale", (8, 6), "float8_e4m3"),
    ],
)  # fmt: skip
def test_float4_counts_two_weights_a_byte(
    weight: str, shape: tuple[int, ...], scale: str, scales: tuple[int, ...], dtype: str
) -> None:
    bytes_ = math.prod(shape)
    parts = [
        _stored(weight, "uint8", shape, bytes_),
        _stored(scale, dtype, scales, math.prod(scales)),
    ]
    found, beside = join_packed_weights(parts)
    assert (found.dtype, found.elements, found.raw) == ("float4", 2 * bytes_, bytes_)
    assert (found.role, beside.role) == (Role.WEIGHTS, Role.QUANTIZATION)


def test_bytes_with_a_scale_a_row_are_bytes() -> None:
    parts = [
        _stored("proj.weight", "uint8", (8, 48), 384),
        _stored("proj.weight_scale", "float8_e4m3", (8, 1), 8),
    ]
    assert [t.dtype for t in join_packed_weights(parts)] == ["uint8", "float8_e4m3"]
