"""Failed comparisons as SARIF."""

import json
import shutil
from pathlib import Path

import pytest
from tests.support.firmware_project import break_one_weight, build_chain

from qmcu.cli.main import run
from qmcu.sarif import file_location


def test_every_difference_is_a_result_at_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    right = build_chain(tmp_path)
    broken = tmp_path / "with space"
    shutil.copytree(right, broken)
    break_one_weight(broken)
    logs = []
    for directory, code in ((right, 0), (broken, 1)):
        words = ["test", str(directory), "--random", "6", "--trace", "--sarif", "o.sarif"]
        assert run(words) == code
        logs.append(json.loads(Path("o.sarif").read_text()))
    assert logs[0]["runs"][0]["results"] == []
    assert set(logs[1]) == {"$schema", "version", "runs"}
    assert logs[1]["version"] == "2.1.0"
    driver, found = logs[1]["runs"][0]["tool"]["driver"], logs[1]["runs"][0]["results"]
    assert driver["name"] == "qmcu test"
    assert {f["ruleId"] for f in found} == {rule["id"] for rule in driver["rules"]}
    last = found[-1]
    assert "layer l01_fully_connected" in last["message"]["text"]
    assert last["level"] == "error"
    place = last["locations"][0]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "with%20space/model.tflite"
    assert place["logicalLocations"] == [{"name": "l01_fully_connected"}]


def test_a_file_elsewhere_has_a_whole_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    location = file_location(Path("/other/a b"))
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "file:///other/a%20b"
