"""Fixtures that every test folder shares."""

import signal
from pathlib import Path

import pytest
from hypothesis import settings
from tests.support.converter_here import start_here
from tests.support.places import SHARED

# A busy machine is no failure of what is tested, and the same code is tried by the same examples.
settings.register_profile("qmcu", deadline=None, derandomize=True)
settings.load_profile("qmcu")
# What a script starts in the background ignores Ctrl-C, and so would every process of the tests.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder of MLPerf Tiny int8 models, kept beside the checkout."""
    folder = SHARED / "models"
    if not folder.is_dir():
        pytest.skip(f"the MLPerf Tiny models are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def cifar10() -> Path:
    """The CIFAR-10 JPEG archive, kept beside the checkout."""
    file = SHARED / "data" / "cifar10_jpeg.npz"
    if not file.is_file():
        pytest.skip(f"CIFAR-10 is not at {file}")
    return file


@pytest.fixture
def converter_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are converted in this process, which has TensorFlow already."""
    start_here(monkeypatch)
