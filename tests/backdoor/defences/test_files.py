"""`qmcu defend`: files in, a proved .tflite out."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import defend_arguments
from tests.support.small_networks import samples_of, small_network

from qmcu.arrays import npz_bytes
from qmcu.backdoor.defences import auto as defend_auto
from qmcu.backdoor.defences import files as defend_file
from qmcu.backdoor.defences.method import DEFENCES, load_defences
from qmcu.backdoor.defences.run import run_defence
from qmcu.backdoor.networks.keras_model import keras_from_network
from qmcu.cli.main import run
from qmcu.errors import CheckFailedError, ToolError
from qmcu.model.convert import convert_keras
from qmcu.model.oracle import Oracle
from qmcu.model.reader import read_model

DOCUMENT = Path(__file__).parents[3] / "docs" / "DEFENCES.md"


@pytest.mark.usefixtures("short_audit")
def test_the_command_writes_a_standard_model_and_a_record(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.tflite"
    record = tmp_path / "record.json"
    code = run(["defend", "stochastic", *defend_arguments(folder, output, data="x.npz"),
                "--json", str(record), "--set", "wide=0", "--seed", "3"])  # fmt: skip
    assert code == 0
    said = capsys.readouterr().out
    assert "proved: 220 deployed weights are the chosen ones" in said
    graph = read_model(output)
    plain = convert_keras(keras_from_network(small_network()), samples_of(small_network(), 20))
    assert [op.kind for op in graph.operators] == [op.kind for op in plain.graph.operators]
    assert output.stat().st_size == len(plain.model)
    assert Oracle(output.read_bytes()).run([np.zeros((1, 8, 8, 1), np.int8)])[0].shape == (1, 10)
    found = json.loads(record.read_text())
    digest = hashlib.sha256(output.read_bytes()).hexdigest()
    assert found["kept"] == "stochastic" and found["proof"]["sha256"] == digest
    trial = found["trials"][0]
    assert trial["run"]["settings"] == {
        "seed": 3,
        "wide": 0.0,
        "overshoot": 1.0,
        "narrow": 1.0,
        "activations": 8.0,
    }
    assert trial["run"]["accuracy"]["total"] == 20
    assert trial["audit"]["verdict"] in ("clean", "suspicious")
    assert found["files"][str(folder / "model.keras")]


@pytest.mark.usefixtures("short_audit")
def test_the_reference_is_what_others_audit_against(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, reference = tmp_path / "out.tflite", tmp_path / "reference.keras"
    run(["defend", "recoil", *defend_arguments(folder, output), "--reference", str(reference)])
    assert "against the float model with rescaled channels:" in " ".join(
        capsys.readouterr().out.split()
    )

    record = tmp_path / "audit.json"
    audit = ["audit", "--int8", str(output), "--json", str(record), "--float"]
    assert run([*audit, str(reference)]) in (0, 1)
    findings = json.loads(record.read_text())["findings"]
    found = next(f for f in findings if f["detector"] == "rounding-choice")
    assert found["details"]["more than a step"] == 0
    # The given model has other weights, channel by channel, and is refused as no pair.
    assert run([*audit, str(folder / "model.keras")]) == 2
    assert "was not made from the weights of" in capsys.readouterr().err
    assert run(["defend", "recoil", *defend_arguments(folder, output), "--reference", "r.h5"]) == 2
    assert "give a name that ends in .keras" in capsys.readouterr().err


def test_a_file_that_is_not_what_was_written_is_noticed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = small_network()
    done = run_defence("stochastic", network, samples_of(network))

    def spoiled(path: Path, content: bytes) -> None:
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    monkeypatch.setattr(defend_file, "write_atomic", spoiled)
    with pytest.raises(CheckFailedError, match="does not hold the bytes"):
        defend_file.write_defended(done, tmp_path / "x.tflite")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (["nope"], "there is no defence nope; there are activation-correction"),
        ([], "give one METHOD or --auto"),
        (["qvec", "--auto"], "give one METHOD or --auto"),
        (["--auto", "--set", "wide=1"], "--set is for one METHOD"),
        (["qvec", "--set", "strength=much"], "--set strength=much: NAME=NUMBER is needed"),
        (
            ["qvec", "--set", "force=1"],
            "qvec has no setting force; it has activations, narrow, overshoot, strength, wide",
        ),
        (["qvec", "--float", "gone.keras"], "gone.keras does not exist"),
        (["qvec", "--calibration", "gone.npz"], "gone.npz cannot be read"),
        (["qvec", "-o", "."], "cannot write .: Is a directory"),
    ],
)
def test_mistakes_end_with_a_sentence(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: list[str],
    sentence: str,
) -> None:  # fmt: skip
    output = tmp_path / "x.tflite"
    assert run(["defend", *defend_arguments(folder, output), *change]) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1
    assert not output.exists()


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"x": np.zeros((3, 8, 8, 1))}, "has no array inputs, which a defence calibrates with"),
        ({"inputs": np.zeros((0, 8, 8, 1))}, "at least one row of [8, 8, 1]"),
        ({"inputs": np.zeros((3, 8, 8, 3))}, "at least one row of [8, 8, 1]"),
        ({"inputs": np.full((3, 8, 8, 1), np.nan)}, "numbers that are not finite"),
        ({"inputs": np.array(["a", "b"])}, "real numbers are needed"),
        ({"inputs": np.zeros((3, 8, 8, 1)), "labels": np.zeros(2, int)}, "one label for each"),
        ({"inputs": np.zeros((3, 8, 8, 1)), "labels": np.zeros(3)}, "whole numbers are needed"),
    ],
)
def test_calibration_files_that_do_not_fit(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arrays: dict[str, Any],
    sentence: str,
) -> None:  # fmt: skip
    (tmp_path / "bad.npz").write_bytes(npz_bytes(arrays))
    given = [
        *defend_arguments(folder, tmp_path / "x.tflite"),
        "--calibration",
        str(tmp_path / "bad.npz"),
    ]
    assert run(["defend", "stochastic", *given]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "x.tflite").exists()


def test_without_tensorflow_it_says_what_to_install(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def missing(*_: Any) -> Any:
        raise ToolError("the backdoor lab needs TensorFlow, which is not installed: `pip ...`.")

    monkeypatch.setattr("qmcu.backdoor.networks.keras_model.load_tensorflow", missing)
    assert run(["defend", "qvec", *defend_arguments(folder, tmp_path / "x.tflite")]) == 2
    assert "needs TensorFlow, which is not installed" in capsys.readouterr().err


def test_the_help_names_every_defence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["defend", "--help"]) == 0
    said = re.sub(r"[\s│]+", " ", capsys.readouterr().out)
    assert all(name in said for name in load_defences())


@pytest.mark.usefixtures("short_audit")
def test_the_example_of_the_document_works(folder: Path, tmp_path: Path) -> None:
    """docs/DEFENCES.md shows a defence; it is run as it stands there."""
    blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", DOCUMENT.read_text(), re.MULTILINE)
    example = next(b for b in blocks if "@defence(" in b)
    source = "\n".join(line[4:] for line in example.splitlines())
    try:
        exec(compile(source, str(DOCUMENT), "exec"), {})
        assert "largest-kept" in load_defences()
        output = tmp_path / "x.tflite"
        code = run(
            ["defend", "largest-kept", *defend_arguments(folder, output), "--set", "share=0.5"]
        )
        assert code in (0, 1) and output.exists()
        trials = defend_auto.run_auto(small_network(), samples_of(small_network()),
                                      methods=["largest-kept"])  # fmt: skip
        assert trials[0].run is not None
    finally:
        DEFENCES.data.pop("largest-kept", None)
