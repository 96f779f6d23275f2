"""Records are laid out as the C compiler lays out the structs of their names."""

import subprocess
from pathlib import Path

import pytest

from qmcu.compile.kernel_sets import records
from qmcu.resources import kernel_directories


@pytest.mark.parametrize("struct", sorted(records.RECORDS))
def test_a_record_is_laid_out_as_its_struct(struct: str, tmp_path: Path) -> None:
    header, record = records.RECORDS[struct]
    assert record.names is not None and record.fields is not None
    checks = [f'_Static_assert(sizeof({struct}) == {record.itemsize}, "size");']
    for name in record.names:
        dtype, offset = record.fields[name][:2]
        place = f"offsetof({struct}, {name}) == {offset}"
        size = f"sizeof((({struct} *)0)->{name}) == {dtype.itemsize}"
        checks += [f'_Static_assert({place} && {size}, "{name}");']
    source = tmp_path / "record.c"
    source.write_text("\n".join(["#include <stddef.h>", f'#include "{header}"', *checks, ""]))
    folders = [f"-I{folder}" for folder in kernel_directories()]
    command = ["gcc", "-std=c11", "-fsyntax-only", "-w", *folders, str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_words_wrap_and_other_fields_are_zero() -> None:
    made = records.make(records.CHANNEL, 2, bias=[2**31, -1], shift=[1, 2])
    assert records.words(made).tolist() == [[-(2**31), 0, 0, 1], [-1, 0, 0, 2]]


def test_bytes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OverflowError):
        records.make(records.MVE_DEPTHWISE_3X3, 1, shift=[400])
