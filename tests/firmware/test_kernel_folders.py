"""Where the kernels' files are: a folder a kernel set, one flat folder in a generated project."""

import re
from collections import Counter

from qmcu.compile.operators import OPERATORS
from qmcu.resources import firmware_directory, kernel_directories

_SETS = ("cmsis_nn", "dsp", "mve", "scalar")


def test_every_file_is_in_the_folder_of_its_set() -> None:
    for folder in kernel_directories():
        for path in folder.iterdir():
            sets = [s for s in _SETS if f"_{s}." in path.name or f"_{s}_" in path.name]
            sets = sets or [s for s in _SETS if path.stem == s]
            assert sets == ([] if folder.name == "portable" else [folder.name]), path


def test_every_folder_is_known_and_holds_c_alone() -> None:
    entries = set((firmware_directory() / "kernels").iterdir())
    assert entries == set(kernel_directories())
    assert {p.suffix for folder in entries for p in folder.iterdir()} == {".c", ".h"}


def test_no_two_folders_hold_a_file_of_one_name() -> None:
    names = Counter(p.name for folder in kernel_directories() for p in folder.iterdir())
    assert max(names.values()) == 1


def test_no_two_headers_define_a_struct_of_one_name() -> None:
    """One model may call any kernels, of all types: model.c includes the headers of all of them."""
    texts = (p.read_text() for folder in kernel_directories() for p in folder.glob("*.h"))
    names = Counter(name for text in texts for name in re.findall(r"^\} (qmcu_\w+);", text, re.M))
    assert len(names) > 100
    assert [name for name, count in names.items() if count > 1] == []


def test_every_operator_has_a_portable_kernel() -> None:
    portable = {p.stem for p in kernel_directories()[0].glob("*.c")}
    assert {
        form.kernel for forms in OPERATORS.values() for form in forms if form.kernel
    } <= portable


def test_every_kernel_defines_something() -> None:
    for folder in kernel_directories():
        for path in folder.glob("*.c"):
            assert "(" in path.read_text(), path
