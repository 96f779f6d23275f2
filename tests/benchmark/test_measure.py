"""A small model measured with two kernel sets, from the library and from the command line."""

import json
from pathlib import Path

import pytest
from tests.support.small_models import dense

from qmcu.benchmark import benchmark
from qmcu.board import load_board
from qmcu.builder import find_tool
from qmcu.cli.main import run
from qmcu.errors import UsageError
from qmcu.model.writer import write_model

needs_compiler = pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "dense.tflite"
    path.write_bytes(write_model(dense()))
    return path


@needs_compiler
def test_a_benchmark_adds_up(model: Path) -> None:
    found = benchmark(model, load_board("stm32f407"), count=3)
    assert found.passed and found.equal == 3
    assert found.unit == "instructions"
    assert 0.9 * found.count < sum(layer.count for layer in found.layers) <= found.count
    assert found.ram == found.arena + found.static + found.stack
    assert found.flash == found.code + found.constants
    assert [e.core for e in found.estimates] == ["cortex-m4", "cortex-m7"]
    # The estimate is of the kernels' and the model's code: nearly all that was counted.
    assert 0.8 * found.count < found.estimates[0].instructions <= found.count
    assert found.estimates[0].cycles > found.estimates[0].instructions


@needs_compiler
def test_the_command_writes_json_and_a_page(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    json_file, page = tmp_path / "bench.json", tmp_path / "bench.html"
    code = run(["bench", str(model), "--board", "stm32f407", "--layers", "--wait-states", "3",
                "--json", str(json_file), "--html", str(page)])  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "cycles with 3 wait states for 16 bytes of flash" in " ".join(said.split())
    results = json.loads(json_file.read_text())["results"]
    assert [r["kernels"] for r in results] == ["portable", "native"]
    assert all(r["passed"] for r in results)
    assert all(700 < r["proof"] < r["code"] for r in results)
    assert all(e["cycles"] < e["most"] for r in results for e in r["estimates"])
    assert "native, balanced" in page.read_text()


@needs_compiler
def test_a_wrong_kernel_set_is_refused(model: Path) -> None:
    with pytest.raises(UsageError, match="there is no kernel set 'fast'"):
        benchmark(model, load_board("stm32f407"), kernels="fast")
