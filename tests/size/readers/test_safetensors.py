"""The safetensors format: what the library writes, and damage."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.hostile_files import check_refused
from tests.support.model_files import small_arrays, with_header
from tests.support.stored_tensors import array_of, tensors_by_name

from qmcu.size import weigh
from qmcu.size.contents import Role
from qmcu.size.readers import read_contents

W = {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "file is empty"),
        (b"12345", "at least 9 bytes"),
        ((1 << 62).to_bytes(8, "little") + b"{}", "said to have 4,611,686,018,427,387,904 bytes"),
        (with_header(b"nonsense", b""), "no JSON"),
        (with_header(b"[" * 100_000, b""), "no JSON"),
        (with_header([], b""), "no JSON object"),
        (with_header(b'{"a": {}, "a": {}}', b""), "occurs twice"),
        (with_header({"w": {**W, "data_offsets": [0, 1 << 60]}}, b"\0" * 16), "it is truncated"),
        (with_header({"w": {**W, "data_offsets": [16, 0]}}, b"\0" * 16), "before it begins"),
        (with_header({"w": {**W, "data_offsets": [-16, 0]}}, b"\0" * 16), "two sizes"),
        (
            with_header({"w": {**W, "shape": [1 << 40, 1 << 40]}}, b"\0" * 16),
            "does not take the 16",
        ),
        (with_header({"w": {**W, "shape": [2, True]}}, b"\0" * 16), "no shape of sizes"),
        (with_header({"w": {**W, "shape": [1] * 99}}, b"\0" * 16), "no shape of sizes"),
        (with_header({"w": {**W, "dtype": "F99"}}, b"\0" * 16), "unknown dtype 'F99'"),
        (with_header({"w": W, "v": {**W, "data_offsets": [8, 24]}}, b"\0" * 24), "inside the one"),
        (with_header({"w": 3}, b""), "no data_offsets"),
    ],
)
def test_safetensors(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    check_refused(path, message)


def test_a_hole_is_padding_and_said(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(with_header({"w": {**W, "data_offsets": [8, 24]}}, bytes(range(24)) + b"rest"))
    report = weigh(path)
    assert report.roles[Role.PADDING] == 12
    assert "12 bytes belong to no tensor" in report.notes[0]


def test_safetensors_as_the_library_writes_it(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    arrays = small_arrays() | {"i": np.arange(6, dtype=np.int64), "s": np.array(2.5)}
    path = tmp_path / "x.safetensors"
    library.save_file(arrays, path, metadata={"format": "np"})
    found = tensors_by_name(read_contents(path))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert np.array_equal(array_of(found[name]), array)
