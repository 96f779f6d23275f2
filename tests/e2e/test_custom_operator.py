"""The example of a custom operator runs."""

import subprocess
import sys
from pathlib import Path

from tests.support.places import REPOSITORY


def test_the_example_is_equal_in_every_byte(tmp_path: Path) -> None:
    example = REPOSITORY / "examples" / "custom_operator"
    operator = ["--operator", str(example / "peak_hold.toml")]
    model, firmware = str(tmp_path / "peaks.tflite"), str(tmp_path / "firmware")
    subprocess.run([sys.executable, str(example / "make_model.py"), model], check=True)
    qmcu = [sys.executable, "-m", "qmcu"]
    build = ["build", model, "--board", "stm32f746", "-o", firmware]
    subprocess.run([*qmcu, *build, *operator], check=True, capture_output=True)
    test = [*qmcu, "test", firmware, "--random", "3", "--trace", *operator]
    done = subprocess.run(test, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PeakHold by peak_hold:reference" in done.stdout
    assert "24 of 24 outputs equal" in done.stdout
