"""An image of several models is signed as a whole; a policy asks for results of each."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tests.support.firmware_project import chain, write_chain

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.several import name_models
from qmcu.cli import run
from qmcu.model.writer import write_model

pytest.importorskip("cryptography")
pytest.importorskip("cyclonedx")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, an image `fw` of two models, a test of both in turn and one of each; read it only."""
    folder = tmp_path_factory.mktemp("signed")
    other = folder / "other.tflite"
    other.write_bytes(write_model(chain(seed=6)))
    several = name_models([write_chain(folder), other], "one,two")
    build_firmware(several, load_board("stm32f746"), folder / "fw", BuildOptions("portable"))
    assert run(["trust", "key", "-o", str(folder / "key")]) == 0
    sign = ("--sign", str(folder / "key"))
    for name, options in (("both", ()), ("one", ("--model", "one"))):
        command = ["test", str(folder / "fw"), "--on", "unicorn", "--random", "2", *options]
        assert run([*command, "--json", str(folder / f"{name}.json"), *sign]) == 0
    return folder


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The same folder, to change."""
    shutil.copytree(folder, tmp_path / "copy")
    return tmp_path / "copy"


def said(capsys: Capture, *arguments: object) -> tuple[int, str]:
    capsys.readouterr()
    code = run([str(a) for a in arguments])
    out, err = capsys.readouterr()
    return code, " ".join((out + err).split())


def sums(folder: Path) -> list[str]:
    files = sorted(folder.glob("fw/models/*/model.tflite"))
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


@pytest.mark.parametrize("place", ["fw", "fw/models/two"])
def test_all_models_are_signed_together(copy: Path, capsys: Capture, place: str) -> None:
    signed = ["sign", copy / place, "--key", copy / "key", "--result", copy / "both.json"]
    assert said(capsys, *signed, "--material", f"float-one={copy / 'other.tflite'}")[0] == 0
    assert sorted(p.name for p in (copy / "fw/trust").iterdir()) == [
        "0-both.dsse.json", "bom.cdx.json", "build.dsse.json",
    ]  # fmt: skip
    bom = json.loads((copy / "fw/trust/bom.cdx.json").read_text())
    kinds = [c["name"] for c in bom["components"] if c["type"] == "machine-learning-model"]
    assert sorted(kinds) == ["one", "other.tflite", "two"] or sorted(kinds) == ["one", "two"]
    verify = ("trust", "verify", copy / place, "--key", copy / "key.pub")
    code, text = said(capsys, *verify)
    assert code == 0 and "one: 2 of 2 outputs equal" in text and "two: 2 of 2 outputs" in text
    model = copy / "fw/models/two/model.tflite"
    model.write_bytes(model.read_bytes() + b"\0")
    code, text = said(capsys, *verify)
    assert code != 0 and "model.tflite" in text


def test_evidence_of_a_run_in_turn(copy: Path, capsys: Capture) -> None:
    check = ("evidence", "verify", copy / "both.dsse.json", "--key", copy / "key.pub")
    code, text = said(capsys, *check, "--firmware", copy / "fw")
    assert code == 0 and "of models/two/model.tflite with SHA-256" in text
    result = copy / "both.json"
    changed = result.read_text().replace(sums(copy)[1], "0" * 64)
    (copy / "forged.json").write_text(changed)
    forged = ("sign", copy / "fw", "--key", copy / "key", "--result", copy / "forged.json")
    code, text = said(capsys, *forged)
    assert code == 1 and "is of another model" in text


@pytest.mark.parametrize(
    ("result", "text", "unmet"),
    [
        ("both", "[test]\nvectors = 2", None),
        ("both", "[test]\nvectors = 3", "vectors = 3: 2 were run of one"),
        ("one", "[test]\nvectors = 2", "test: no test of two is signed"),
        ("both", 'audit = ["clean"]', "audit = clean: no audit of one is signed"),
        ("both", 'materials = ["float"]', "the manifest does not name float"),
        ("both", 'materials = ["data"]', None),
        ("both", "model_sha256 = [{sums}]", None),
        ("both", "model_sha256 = {one}", "the models are"),
    ],
)
def test_a_policy_asks_for_each_model(
    copy: Path, capsys: Capture, result: str, text: str, unmet: str | None
) -> None:
    materials = ("float-one", "data-one", "data-two")
    given = [a for m in materials for a in ("--material", f"{m}={copy / 'other.tflite'}")]
    sign = ("sign", copy / "fw", "--key", copy / "key", "--result", copy / f"{result}.json")
    assert said(capsys, *sign, *given)[0] == 0
    one, two = (f'"{digest}"' for digest in sums(copy))
    listed = text.replace("{sums}", f"{two}, {one}").replace("{one}", one)
    (copy / "policy.toml").write_text(f'signed_by = ["key.pub"]\n{listed}\n')
    code, told = said(capsys, "trust", "check", copy / "fw", "--policy", copy / "policy.toml")
    assert (code, unmet or "is kept") == (1 if unmet else 0, unmet or "is kept")
    assert (unmet or "is kept") in told
