"""Real results of the lab against their published schemas."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from tests.support.firmware_project import write_chain
from tests.support.schemas import SCHEMAS, checked
from tests.support.short_audit import shorten_audits
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.networks.keras_model import keras_from_network
from qmcu.cli import run


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda p: p.stem)
def test_a_schema_is_one_and_is_listed(path: Path) -> None:
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == path.name
    assert f"[{path.name}]({path.name})" in (SCHEMAS / "README.md").read_text()


def test_defence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    shorten_audits(monkeypatch)
    network = small_network()
    keras_from_network(network).save(tmp_path / "m.keras")
    inputs = samples_of(network)
    np.savez(tmp_path / "c.npz", inputs=inputs, labels=np.arange(len(inputs)) % 10)
    file = tmp_path / "defence.json"
    arguments = ["defend", "dithered", "--float", str(tmp_path / "m.keras"), "--calibration"]
    arguments += [str(tmp_path / "c.npz"), "-o", str(tmp_path / "d.tflite"), "--json", str(file)]
    assert run(arguments) in (0, 1)
    assert checked(file, "defence-1")["trials"]


def test_benchmark_and_boards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, file = str(write_chain(tmp_path)), tmp_path / "bench.json"
    arguments = ["bench", model, "--board", "stm32f746", "--random", "1", "--json", str(file)]
    assert run(arguments) == 0
    assert len(checked(file, "bench-1")["results"]) == 2
    capsys.readouterr()
    assert run(["boards", "--fits", model, "--json"]) == 0
    file.write_text(capsys.readouterr().out)
    assert checked(file, "fits-1")["smallest"]
