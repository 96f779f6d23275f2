"""Checkpoints of PyTorch."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.hostile_files import check_refused, write_checkpoint
from tests.support.model_files import DATA
from tests.support.stored_tensors import array_of, tensors_by_name

from qmcu.size import weigh
from qmcu.size.contents import Role
from qmcu.size.readers import read_contents


def tensor_pickle(shape: str = "K\x02K\x02", stride: str = "K\x02K\x01", count: int = 4) -> bytes:
    """A checkpoint {"w": tensor} with storage 0, as torch writes it."""
    return (
        b"\x80\x02}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storage"
        b"ctorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK" + bytes([count]) + b"tQK\0("
        + shape.encode("latin1") + b"t(" + stride.encode("latin1") + b"t\x89}tRs."
    )  # fmt: skip


def test_a_tensor_beyond_its_storage(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "good.pt", tensor_pickle(), {"0": b"\0" * 16})
    assert [t.tensor.shape for t in weigh(path).tensors] == [(2, 2)]
    path = write_checkpoint(tmp_path / "a.pt", tensor_pickle("K\x09K\x02"), {"0": b"\0" * 16})
    check_refused(path, "ends at byte 72 of its storage, which has 16")
    path = write_checkpoint(tmp_path / "b.pt", tensor_pickle(), {"1": b"\0" * 16})
    check_refused(path, "lies in data/0, which the archive does not hold")
    path = write_checkpoint(tmp_path / "c.pt", tensor_pickle(stride="K\x02"), {"0": b"\0" * 16})
    check_refused(path, "2 extents and 1 strides")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torch-module.pt", "torch.nn.modules.container.Sequential, which is code"),
        ("torch-legacy.pt", "before version 1.6"),
        ("torch-script.pt", "TorchScript program"),
    ],
)
def test_what_torch_writes_beside_weights(name: str, message: str) -> None:
    check_refused(DATA / name, message)


def test_a_checkpoint_that_torch_wrote() -> None:
    contents = read_contents(DATA / "torch-checkpoint.pt")
    found = tensors_by_name(contents)
    assert found["model.a.weight"].shape == (8, 16)
    # One storage under two names takes its bytes once.
    assert (found["model.a.weight"].stored, found["model.a.tied"].stored) == (512, 0)
    assert np.array_equal(array_of(found["model.a.tied"]), array_of(found["model.a.weight"]))
    assert np.array_equal(array_of(found["model.bf"]), np.ones((2, 8)))
    assert np.array_equal(array_of(found["model.half"]), np.ones((4, 4)))
    assert np.array_equal(array_of(found["model.t"]), np.arange(12.0).reshape(3, 4).T)
    assert found["optimizer.state.0.exp_avg"].role is Role.OPTIMIZER
    assert weigh(DATA / "torch-checkpoint.pt").weight_count == 128 + 32 + 16 + 16 + 12


def test_quantized_tensors_and_views_of_torch() -> None:
    contents = read_contents(DATA / "torch-quantized.pt")
    found = tensors_by_name(contents)
    assert (found["q.weight"].dtype, found["q.weight"].scales) == ("int8", 8)
    assert found["q.weight.scales"].role is Role.QUANTIZATION
    # Ten numbers were saved with the thousand that they are a view of.
    assert contents.others[Role.UNUSED] == 4 * 990
