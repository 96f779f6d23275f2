"""A missing optional package is one sentence with the command that gets it; doctor lists them."""

import importlib
import importlib.metadata
import sys

import pytest

from qmcu.cli import run
from qmcu.doctor import NEEDS
from qmcu.errors import ToolError
from qmcu.extras import extras, install_command, load_module, optional_package, package_name
from qmcu.tensorflow import hidden

REQUIREMENTS = [
    "numpy>=1.26",
    "h5py>=3.10; extra == 'size'",
    'pillow>=10; extra == "report"',
    "scipy>=1.11; extra == 'backdoor'",
]


@pytest.fixture(autouse=True)
def requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: REQUIREMENTS)
    extras.cache_clear()


def test_extras_and_commands() -> None:
    assert extras() == {
        "backdoor": ("scipy>=1.11",), "report": ("pillow>=10",), "size": ("h5py>=3.10",),
    }  # fmt: skip
    assert install_command("h5py") == 'pip install "h5py>=3.10"'
    assert install_command("other") == "pip install other"
    assert [optional_package(m) for m in ("PIL.Image", "scipy.stats", "numpy", "")] == [
        "pillow", "scipy", None, None,
    ]  # fmt: skip


def test_a_missing_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    sentence = (
        "a report with pictures needs the package pillow, which is not installed: "
        '`pip install "pillow>=10"`.'
    )
    with pytest.raises(ToolError, match="pillow") as caught:
        load_module("PIL.Image", "a report with pictures")
    assert str(caught.value) == sentence


def test_a_module_without_which_a_command_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command(name: str) -> None:
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy.stats")

    monkeypatch.setattr(importlib, "import_module", command)
    assert run(["audit"]) == 2
    assert capsys.readouterr().err == (
        'qmcu: qmcu audit needs the package scipy, which is not installed: `pip install "scipy'
        '>=1.11"`.\n'
    )


def test_what_would_be_missing_next_is_installed_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"{package}>=1; extra == 'backdoor'" for package in ("scipy", "absent", "numpy")]
    monkeypatch.setattr(importlib.metadata, "requires", lambda name: [*REQUIREMENTS, *lines])
    extras.cache_clear()
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ToolError, match=r'`pip install "scipy>=1\.11" "absent>=1"`'):
        load_module("scipy", "an audit")


def test_doctor_lists_every_extra() -> None:
    names = {need.name for need in NEEDS}
    real = importlib.metadata.distribution("qmcu")
    for line in real.requires or []:
        assert package_name(line) in names


def test_what_keras_need_not_load_looks_absent_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with hidden(["colorsys", "sys"]):
        assert importlib.import_module("sys") is sys  # loaded before, so it stays
        with pytest.raises(ImportError):
            importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").rgb_to_hsv(0, 0, 0) == (0, 0, 0)
