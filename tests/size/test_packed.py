"""Packed weights of quantizers are counted as what they hold."""

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
