"""Pickles: read without running what is in them."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.hostile_files import check_refused, write_checkpoint

from qmcu.errors import ModelError
from qmcu.size.readers.pickle_data import read_pickle


class Evil:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("/tmp/qmcu-was-here"),)


@pytest.mark.parametrize("protocol", range(6))
def test_code_in_a_pickle_is_named_and_not_run(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps({"w": Evil()}, protocol)
    check_refused(
        write_checkpoint(tmp_path / "x.pt", content), "qmcu never runs code from a checkpoint"
    )
    assert not Path("/tmp/qmcu-was-here").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "wants to use os.system"),
        (b"\x80\x02cbuiltins\neval\n.", "wants to use builtins.eval"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "wants to use posix.system"),
        # A table of two thousand million entries for one number.
        (b"\x80\x02K\x01r\xff\xff\xff\x7f.", "far larger than itself"),
        (b"\x80\x02X\xff\xff\xff\x7fabc.", "damaged"),
        (b"\x80\x02(((((.", "damaged"),
        (b"(i__main__\nEvil\n.", "uses INST"),
        (b"\x80\x02K\x01Q.", "damaged"),
        (b"", "damaged"),
    ],
)
def test_pickles(tmp_path: Path, content: bytes, message: str) -> None:
    check_refused(write_checkpoint(tmp_path / "x.pt", content), message)


def test_copies_of_copies_do_not_fill_the_memory(tmp_path: Path) -> None:
    numbers = pickle.dumps(list(range(100_000)), 2)[:-1]
    again = b"ctorch\nSize\nq\xf0" + numbers + b"q\xf1" + b"h\xf0h\xf1\x85R" * 20_000 + b"."
    check_refused(write_checkpoint(tmp_path / "x.pt", again), "over 64 extents")


def test_a_list_in_itself_ends(tmp_path: Path) -> None:
    inside: list[Any] = []
    inside.append(inside)
    inside.append(inside)
    check_refused(
        write_checkpoint(tmp_path / "x.pt", pickle.dumps(inside, 2)), "nested without end"
    )


def test_any_bytes_as_a_pickle() -> None:
    @settings(deadline=None, max_examples=200)
    @given(st.binary(max_size=200))
    def check(content: bytes) -> None:
        try:
            read_pickle(Path("x"), b"\x80\x02" + content + b".")
        except ModelError:
            return

    check()
