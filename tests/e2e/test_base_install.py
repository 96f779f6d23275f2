"""The main job with nothing installed but what qmcu always requires, tflite-micro or not."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.support.small_models import dense

from qmcu.model.writer import write_model

_PROGRAM = Path(__file__).parents[1] / "support" / "base_install.py"
_JOB = (
    "inspect m.tflite --json i.json",
    "boards --fits m.tflite",
    "build m.tflite --board stm32f746 -o fw",
    "report fw --html memory.html",
    "export m.tflite --board stm32f746 --cmake library",
    "vectors make m.tflite --inputs x.npz -o v.npz",
    "test fw --vectors v.npz --trace --profile --json t.json --junit t.xml --sarif t.sarif "
    "--html t.html",
    "bench m.tflite --board stm32f746 --kernels native --html b.html",
    "size m.tflite --html s.html",
)


@pytest.mark.slow
@pytest.mark.parametrize("without", ["", "tflite_micro"])
def test_the_main_job_needs_no_extra(without: str, tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(write_model(dense()))
    np.savez(tmp_path / "x.npz", inputs=np.arange(12, dtype=np.int8).reshape(2, 6))
    path = os.pathsep.join(p for p in sys.path if p)
    environment = os.environ | {"QMCU_WITHOUT": without, "PYTHONPATH": path}
    environment |= {"QMCU_ORACLE": "portable"} if without else {}
    done = subprocess.run(
        [sys.executable, str(_PROGRAM), *_JOB],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    said = (tmp_path / "t.json").read_text()
    assert ("portable kernels (" in said) == bool(without)
