import csv
import io
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from tests.support.pages import check_page
from tests.support.places import REPOSITORY
from tests.support.small_networks import samples_of, small_network

from qmcu import documents
from qmcu.backdoor.inputs.trigger_kinds import make_trigger
from qmcu.backdoor.networks.keras_model import keras_from_network
from qmcu.backdoor.networks.network import logits
from qmcu.board import load_board
from qmcu.cli.main import run
from qmcu.documents import to_json
from qmcu.errors import UsageError, VectorError
from qmcu.frontier import Frontier, Point, Source, load_sweep, sweep
from qmcu.frontier.freedom import hidden_bits
from qmcu.report.frontier import frontier_csv
from qmcu.report.html import render_page
from qmcu.report.html.frontier_page import frontier_page

pytest.importorskip("tensorflow", reason="sweeps need TensorFlow")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("frontier")
    network = small_network()
    keras_from_network(network).save(folder / "small.keras")
    inputs = samples_of(network, 48)
    labels = logits(network, inputs).reshape(len(inputs), -1).argmax(axis=1)
    np.savez(folder / "data.npz", inputs=inputs, labels=labels)
    return folder / "small.keras", folder / "data.npz"


@pytest.fixture(scope="module")
def result(files: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Frontier:
    out = tmp_path_factory.mktemp("out") / "sweep"
    trigger = make_trigger("patch", (8, 8, 1), target=0, low=0.0, high=1.0)
    work = load_sweep(Source(*files, load_board("stm32f746"), trigger=trigger, defence="dithered"))
    found = sweep(work, out)
    # A second run takes everything from the first: nothing is converted or built again.
    for model in (out / "models").iterdir():
        model.unlink()
    assert sweep(work, out) == found
    assert not list((out / "models").iterdir())
    return found


def test_every_scheme_is_measured_and_only_int8_runs(result: Frontier) -> None:
    points = {p.name: p for p in result.points}
    assert list(points) == [
        "float32", "float16", "dynamic", "int16x8", "int8-tensor", "int8-channel", "int4-channel",
        "dynamic-dithered", "int16x8-dithered", "int8-tensor-dithered", "int8-channel-dithered",
        "int4-channel-dithered",
    ]  # fmt: skip
    # Labels are the float model's own answers.
    assert points["float32"].clean.value == 1.0
    for name, point in points.items():
        assert (point.device is not None) == name.startswith(("int8", "int4")), name
        assert point.problem.startswith("not on this device: ") == (point.device is None)
        if point.device is not None:
            assert point.device.equal == point.device.vectors
            assert point.device.clean == point.clean
            assert point.device.attack == point.attack
            assert point.device.count > 0
    for name in ("int4-channel", "int4-channel-dithered"):
        # Convolutions are packed; a fully connected layer with a scale a channel cannot be.
        assert "weights of 2 of 3 layers in int4" in points[name].note
        assert "_fully_connected stays int8 (a scale for each channel" in points[name].note
        assert points[name].file_bytes < points["int8-channel"].file_bytes
    assert points["int4-channel"].sha256 != points["int8-channel"].sha256
    assert result.best
    assert [*result.skipped] == [
        "float32, dithered",
        "float16 weights, dithered",
    ]


def test_wider_cells_leave_more_freedom(result: Frontier) -> None:
    bits = {p.name: p.freedom.bits for p in result.points}
    reach = {p.name: p.freedom.reach for p in result.points}
    for found in (bits, reach):
        assert found["float32"] == 0 < found["float16"] < found["int8-channel"]
        assert found["int8-channel"] <= found["int8-tensor"] < found["int4-channel"]
    # The step of int4 is 127 / 7 times that of int8.
    assert reach["int4-channel"] / reach["int8-channel"] == pytest.approx(127 / 7, rel=1e-3)


def test_hidden_bits_count_float32_numbers() -> None:
    weights = np.array([1.5, 1.5, 0.1], np.float32)
    # Between 1 and 2 float32 numbers are 2^-23 apart: a cell of 2^-3 around 1.5 holds 2^20.
    assert hidden_bits(weights, np.array([2.0**-3, 2.0**-4, 0.0])).tolist() == [20, 19, 0]


def test_the_document_fits_its_schema_and_comes_back(result: Frontier) -> None:
    schema = json.loads((REPOSITORY / "docs/schema/frontier-1.json").read_text())
    document = json.loads(to_json(result))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert documents.rebuild(document["points"], tuple[Point, ...]) == result.points
    del document["points"][0]["freedom"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def test_page_and_csv_hold_every_point(result: Frontier) -> None:
    page = check_page(render_page(frontier_page(result)))
    rows = list(csv.DictReader(io.StringIO(frontier_csv(result))))
    for point, row in zip(result.points, rows, strict=True):
        assert point.title in page.text
        assert row["scheme"] == point.name
        assert row["file_bytes"] == str(point.file_bytes)
    assert sum("dot" in str(a.get("class")) for a in page.all("circle")) >= 12


def test_what_does_not_fit_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    model, data = files
    board = load_board("stm32f746")
    arrays = dict(np.load(data))
    np.savez(tmp_path / "bare.npz", inputs=arrays["inputs"])
    with pytest.raises(VectorError, match="has no labels"):
        load_sweep(Source(model, tmp_path / "bare.npz", board))
    np.savez(tmp_path / "wide.npz", inputs=arrays["inputs"][:, :4], labels=arrays["labels"])
    with pytest.raises(VectorError, match=r"takes inputs of \[8, 8, 1\]"):
        load_sweep(Source(model, tmp_path / "wide.npz", board))
    with pytest.raises(UsageError, match="nonsense"):
        load_sweep(Source(model, data, board, defence="nonsense"))
    (tmp_path / "mine.txt").write_text("precious")
    with pytest.raises(UsageError, match="is not empty"):
        sweep(load_sweep(Source(model, data, board)), tmp_path)


def test_a_missing_model_is_one_sentence(
    files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["frontier", str(tmp_path / "no.keras"), "--data", str(files[1])]
    assert run([*arguments, "--board", "stm32f746", "-o", str(tmp_path / "out")]) == 2
    assert "no.keras does not exist" in capsys.readouterr().err
