"""ZIP archives that claim more than they hold."""

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
from tests.support.hostile_files import MEMORY, check_refused, npy_bytes

from qmcu.size import weigh


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    header = npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (72351744,)}")
    path = tmp_path / "x.npz"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("w.npy", "w", force_zip64=True) as stream,
    ):
        stream.write(header)
        for _ in range(276):
            stream.write(bytes(1 << 20))
    tracemalloc.start()
    report = weigh(path)
    assert tracemalloc.get_traced_memory()[1] < MEMORY
    tracemalloc.stop()
    assert report.size < 2 << 20
    assert report.tensors[0].tensor.note.startswith("not looked at")
    # The same bytes, said to unpack to a thousand times more.
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (0xF0000000).to_bytes(4, "little")
    content[at + 20 : at + 24] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    check_refused(path, "more than is possible|damaged")


def test_overlapping_members_are_a_bomb(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=np.arange(4000.0), b=np.arange(4000.0))
    content = bytearray(path.read_bytes())
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    path.write_bytes(content)
    check_refused(path, "damaged|overlap|two sizes|names")
