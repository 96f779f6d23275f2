"""The official runner against an emulated board, and the data folder that it reads."""

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.mlperf_tiny.__main__ import differing
from bench.mlperf_tiny.data import write_data, write_images
from bench.mlperf_tiny.expected import Expected
from bench.mlperf_tiny.runs import MODES, Runner, run, served, session
from tests.support.firmware_project import write_chain

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.codegen import BENCHMARKS

TESTS = """
kws01: {name: a, model: kws01, truth_file: y_labels.csv, script: [{loop 5: [download, infer 9 1]}]}
"""
ONCE = """
kws01: {name: a, model: kws01, truth_file: y_labels.csv, script: [{loop: [download, infer 1 0]}]}
"""


@pytest.fixture(scope="module")
def runner() -> Runner:
    folder = os.environ.get("QMCU_MLPERF_RUNNER")
    if not folder:
        pytest.skip("QMCU_MLPERF_RUNNER does not name benchmark/runner of mlcommons/tiny")
    found = Runner(Path(folder).absolute(), os.environ.get("QMCU_MLPERF_PYTHON", sys.executable))
    if reason := found.missing():
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("firmware")
    directory = folder / "chain"
    board = load_board("stm32f746")
    build_firmware(
        write_chain(folder),
        *(board, directory),
        BuildOptions(protocol="mlperf-tiny", benchmark="kws01"),
    )
    return directory


@pytest.fixture(scope="module")
def answers(firmware: Path) -> tuple[np.ndarray, list[int]]:
    """Inputs and the class that the interpreter gives each.

    The runner divides figures by their sum, which a model without softmax must make positive.
    """
    inputs = np.random.default_rng(3).integers(-128, 128, (100, 12)).astype(np.int8)
    expected = Expected(firmware, BENCHMARKS["kws01"])
    figures = [[float(v) for v in expected.results(x.tobytes())] for x in inputs]
    kept = [i for i, values in enumerate(figures) if sum(values) > 1]
    return inputs[kept], [int(np.argmax(figures[i])) for i in kept]


@pytest.mark.parametrize("mode", MODES)
def test_the_official_runner_completes(
    runner: Runner,
    firmware: Path,
    answers: tuple[np.ndarray[Any, Any], list[int]],
    tmp_path: Path,
    mode: str,
) -> None:
    inputs, labels = answers
    assert set(labels) == set(range(4))
    data = write_data(tmp_path / "data", "kws01", inputs, labels, 4)
    tests = tmp_path / "tests.yaml"
    tests.write_text(TESTS if mode == "performance" else ONCE)
    with served(firmware, "unicorn") as port:
        printed = run(runner, port, tmp_path / "data", mode, tmp_path, str(tests))
    results = session(tmp_path)
    assert "Device model retrieved: kws01" in printed
    if mode == "performance":
        # The runner refuses a run of under ten seconds; that is its last record.
        assert results.pop() == {"error": "error 2", "mode": "p"}
        assert len(results) == 5
        assert all(r["infer"]["elapsed_time"] > 0 for r in results)
        assert "loop exited before 10 seconds elapsed" in printed
    else:
        assert len(results) == len(inputs)
        assert "Top 1% = 100.0" in printed
    assert differing(results, data, Expected(firmware, BENCHMARKS["kws01"])) == 0


def test_the_data_folder(tmp_path: Path) -> None:
    inputs = np.arange(8, dtype=np.uint8).reshape(2, 4)
    place = write_data(tmp_path, "ic01", inputs, [7, 2], 10)
    assert (place / "y_labels.csv").read_text() == "input_00000.bin,10,7\ninput_00001.bin,10,2\n"
    assert (place / "input_00001.bin").read_bytes() == bytes([4, 5, 6, 7])


def test_windows_of_the_anomaly_benchmark(tmp_path: Path) -> None:
    place = write_data(tmp_path, "ad01", np.zeros((1, 640), "<f4"), [1], 2)
    assert (place / "y_labels.csv").read_text() == "input_00000.bin,2,1,2560,2560\n"


def test_images_are_sent_as_unsigned_bytes(cifar10: Path, tmp_path: Path) -> None:
    place = write_images(tmp_path, cifar10, 3)
    assert place.name == "ic01"
    files = sorted(place.glob("*.bin"))
    assert [f.stat().st_size for f in files] == [3072] * 3
    assert len((place / "y_labels.csv").read_text().splitlines()) == 3


def test_a_wrong_figure_is_counted(
    firmware: Path, answers: tuple[np.ndarray[Any, Any], list[int]], tmp_path: Path
) -> None:
    inputs, labels = answers
    place = write_data(tmp_path, "kws01", inputs[:2], labels[:2], 4)
    expected = Expected(firmware, BENCHMARKS["kws01"])
    records = [
        {
            "file": f"input_0000{i}.bin",
            "infer": {"results": [float(v) for v in expected.results(inputs[i].tobytes())]},
        }
        for i in range(2)
    ]
    assert differing(records, place, expected) == 0
    records[1]["infer"]["results"][2] += 0.001  # type: ignore[index]
    assert differing(records, place, expected) == 1
