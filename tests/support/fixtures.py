"""Types of what fixtures give to tests."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qmcu.device.image import Image

# chain_directory(board): the two-layer model's firmware directory for that board.
ChainDirectory = Callable[[str], Path]
# guest(board): the image of tests/device/guest.c for that board.
Guest = Callable[[str], Image]
# firmware(board, crash): the directory of the two look-ups, with C put before the first.
Builder = Callable[..., Path]
# The bytes of each output of a model, for each of some vectors.
Outputs = list[tuple[bytes, ...]]
# job(test, *options): pytest with the plugin, as a process.
Job = Callable[..., "subprocess.Popen[str]"]
# quick(*options): pytest with the plugin, in this process.
Quick = Callable[..., pytest.RunResult]
