"""What a reader found in a file, as arrays."""

import numpy as np

from qmcu.size.contents import Contents, StoredTensor
from qmcu.size.sampling import to_values


def array_of(tensor: StoredTensor) -> np.ndarray:
    assert tensor.rows is not None
    stored = tensor.rows(0, tensor.matrix_shape[0])
    return to_values(stored, tensor.dtype).reshape(tensor.shape)


def tensors_by_name(contents: Contents) -> dict[str, StoredTensor]:
    assert sum(contents.bytes_by_role().values()) == contents.size
    return {t.name: t for t in contents.tensors}
