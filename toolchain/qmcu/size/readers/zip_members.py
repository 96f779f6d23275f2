"""Members of a ZIP archive: stored ones as mapped memory, compressed ones as bounded streams."""

import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from qmcu.size.mapped import fail

# What zipfile and zlib raise on damaged archives.
DAMAGE = (
    zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, struct.error,
    RuntimeError, KeyError, OverflowError, zlib.error,
)  # fmt: skip
_MAX_MEMBERS = 100_000
_LOCAL_HEADER = 30
# deflate cannot pack more tightly than 1032:1.
_MAX_RATIO = 1100


@dataclass(frozen=True)
class Member:
    """One file of an archive: `size` unpacked, `stored` packed; `offset` when it is not packed."""

    name: str
    size: int
    stored: int
    offset: int | None
    entry: zipfile.ZipInfo


class Archive:
    """An opened ZIP archive; every member lies inside the file and none is encrypted."""

    def __init__(self, path: Path, data: memoryview) -> None:
        """Read the directory. Raises ModelError, naming the file and what is wrong."""
        self.path = path
        self.data = data
        self._last: tuple[str, bytes] = ("", b"")
        try:
            self._zip = zipfile.ZipFile(path)
            entries = [e for e in self._zip.infolist() if not e.is_dir()]
        except DAMAGE as error:
            fail(path, f"the archive is damaged or truncated ({str(error)[:80]})")
        if len(entries) > _MAX_MEMBERS:
            fail(path, f"the archive has {len(entries):,} members, over {_MAX_MEMBERS:,}")
        self.members = {e.filename: self._member(e) for e in entries}
        if len(self.members) != len(entries):
            fail(path, "two members of the archive have the same name")
        stored = sum(m.stored for m in self.members.values())
        if stored > len(data):
            fail(path, f"its members take {stored:,} bytes and the file has {len(data):,}; they "
                       "overlap, as in a ZIP bomb")  # fmt: skip

    def _member(self, entry: zipfile.ZipInfo) -> Member:
        name, path = entry.filename[:80], self.path
        if entry.flag_bits & 1:
            fail(path, f"member {name!r} is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            fail(path, f"member {name!r} is compressed by method {entry.compress_type}, which is "
                       "not read")  # fmt: skip
        at = entry.header_offset
        head = bytes(self.data[at : at + _LOCAL_HEADER])
        if len(head) < _LOCAL_HEADER or head[:4] != b"PK\x03\x04":
            fail(path, f"member {name!r} has no header where the directory says")
        begin = at + _LOCAL_HEADER + sum(struct.unpack("<HH", head[26:30]))
        if begin + entry.compress_size > len(self.data):
            fail(path, f"member {name!r} ends beyond the file; it is truncated")
        packed = entry.compress_type != zipfile.ZIP_STORED
        if packed and entry.file_size > _MAX_RATIO * max(1, entry.compress_size) + 1000:
            fail(path, f"member {name!r} would unpack {entry.compress_size:,} bytes to "
                       f"{entry.file_size:,}, more than is possible")  # fmt: skip
        if not packed and entry.file_size != entry.compress_size:
            fail(path, f"member {name!r} is stored and has two sizes")
        return Member(
            entry.filename, entry.file_size, entry.compress_size, None if packed else begin, entry
        )

    def open(self, member: Member) -> IO[bytes]:
        """A stream of the unpacked bytes; reading may raise any of DAMAGE."""
        return self._zip.open(member.entry)

    def read(self, member: Member, limit: int) -> bytes:
        """All bytes of a small member. Raises ModelError when it has over `limit` bytes."""
        if member.size > limit:
            fail(self.path, f"member {member.name[:80]!r} has {member.size:,} bytes, over the "
                            f"{limit:,} that are read of it")  # fmt: skip
        try:
            with self.open(member) as stream:
                return stream.read(limit + 1)
        except DAMAGE as error:
            fail(self.path, f"member {member.name[:80]!r} is damaged ({str(error)[:80]})")

    def unpacked(self, member: Member, limit: int) -> bytes:
        """As `read`, and kept until another member is asked for."""
        if self._last[0] != member.name:
            self._last = (member.name, self.read(member, limit))
        return self._last[1]
