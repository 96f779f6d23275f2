"""From a key to a policy that is kept: what is signed, and every way in which it is refused."""

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain, write_chain

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.cli import run

pytest.importorskip("cryptography")
pytest.importorskip("cyclonedx")
Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys, a signed firmware `fw` with a test, and policies; read it only."""
    folder = tmp_path_factory.mktemp("signed")
    model = write_chain(folder)
    options = BuildOptions("portable", release=True)
    build_firmware(model, load_board("stm32f746"), folder / "fw", options)
    for name, kind in (("release", "ed25519"), ("other", "ecdsa-p256")):
        assert run(["trust", "key", "-o", str(folder / name), "--kind", kind]) == 0
    result = str(folder / "test.json")
    command = ["test", str(folder / "fw"), "--on", "unicorn", "--random", "3", "--json", result]
    assert run([*command, "--sign", str(folder / "release")]) == 0
    assert run([
        "sign", str(folder / "fw"), "--key", str(folder / "release"),
        "--material", f"float={model}", "--result", result,
    ]) == 0  # fmt: skip
    return folder


@pytest.fixture
def copy(signed: Path, tmp_path: Path) -> Path:
    """The same folder, to change."""
    folder = tmp_path / "copy"
    shutil.copytree(signed, folder)
    return folder


def policy(folder: Path, text: str) -> str:
    path = folder / "policy.toml"
    path.write_text(text)
    return str(path)


def said(capsys: Capture, *arguments: object) -> tuple[int, str]:
    capsys.readouterr()
    code = run([str(a) for a in arguments])
    out, err = capsys.readouterr()
    assert "internal error" not in err
    return code, out + err


def test_what_is_signed_verifies_elsewhere(copy: Path, capsys: Capture) -> None:
    """The copy is another checkout: nothing in it names the place where it was made."""
    code, text = said(capsys, "trust", "verify", copy / "fw", "--key", copy / "release.pub")
    assert code == 0
    assert "signed by release.pub (ed25519," in text and ", a release" in text
    assert "test: 3 of 3 outputs equal on stm32f746 (unicorn" in text
    assert "from float: SHA-256" in text


def test_openssl_reads_the_keys(signed: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    for name in ("release", "other"):
        key = str(signed / name)
        subprocess.run(["openssl", "pkey", "-in", key, "-noout"], check=True)
        assert (signed / name).stat().st_mode & 0o777 == 0o600


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n")


def forge_payload(path: Path) -> None:
    """The same signature around another statement."""
    document = json.loads(path.read_text())
    payload = base64.b64decode(document["payload"]).replace(b'"equal": 3', b'"equal": 9')
    document["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: flip(f / "fw/firmware.bin"), "firmware.bin was changed after it was signed"),
        (lambda f: edit(f / "fw/src/model_data.c"), "model_data.c was changed"),
        (lambda f: edit(f / "fw/plan.json"), "plan.json was changed"),
        (lambda f: (f / "fw/Makefile").unlink(), "Makefile was signed and is gone"),
        (lambda f: edit(f / "fw/trust/bom.cdx.json"), "the bom.cdx.json is not the one"),
        (lambda f: forge_payload(f / "fw/trust/0-test.dsse.json"), "is not signed by release.pub"),
    ],
)
def test_a_change_is_told(
    copy: Path, capsys: Capture, change: Callable[[Path], object], words: str
) -> None:
    change(copy)
    code, text = said(capsys, "trust", "verify", copy / "fw", "--key", copy / "release.pub")
    assert code == 1
    assert words in text


def test_another_key_has_not_signed(signed: Path, capsys: Capture) -> None:
    code, text = said(capsys, "trust", "verify", signed / "fw", "--key", signed / "other.pub")
    assert code == 1
    assert "is not signed by other.pub (ecdsa-p256" in text
    # One of several is enough.
    keys = ["--key", signed / "other.pub", "--key", signed / "release.pub"]
    assert said(capsys, "trust", "verify", signed / "fw", *keys)[0] == 0


@pytest.mark.parametrize(
    ("lines", "unmet"),
    [
        ("release = true\nmaterials = ['float']\n[test]\nvectors = 3\non = ['stm32f746']", ""),
        ("boards = ['stm32f407']", "boards = stm32f407: it is for stm32f746"),
        ("audit = ['clean']", "audit = clean: no audit of this model is signed"),
        ("materials = ['calibration']", "materials: the manifest does not name calibration"),
        (f"model_sha256 = '{'0' * 64}'", "model_sha256 = 0000000000000000: the model is"),
        ("[test]\nvectors = 100", "test: vectors = 100: 3 were run"),
        ("[test]\ndevice = 'serial'", "test: device = serial: it ran on unicorn"),
        ("[test]\non = ['rpi-pico']", "test: on = rpi-pico: it ran on stm32f746"),
    ],
)
def test_a_policy_is_held_against_it(copy: Path, capsys: Capture, lines: str, unmet: str) -> None:
    file = policy(copy, f'signed_by = ["release.pub"]\n{lines}\n')
    code, text = said(capsys, "trust", "check", copy / "fw", "--policy", file)
    assert code == (1 if unmet else 0)
    assert unmet in text
    # Flashing asks the same before it starts anything.
    flash = ["flash", copy / "fw", "--tool", "gdb", "--probe", "h:1", "--dry-run"]
    code, text = said(capsys, *flash, "--policy", file)
    assert code == (1 if unmet else 0)
    assert unmet in text
    assert ("nothing was written" in text) == bool(unmet)


def test_what_is_wrong_with_a_policy(copy: Path, capsys: Capture) -> None:
    for text, words in (
        ("signedby = ['x']", "unknown key signedby, did you mean signed_by"),
        ("signed_by = []", "is no policy"),
        ("signed_by = ['release']", "is a private key, which verifying does not need"),
        ("signed_by = ['none.pub']", "cannot be read"),
        ("signed_by = ['release.pub']\naudit = 3", "is no policy"),
        ("signed_by = ['release.pub']\n[test]\nmin = 3", "is no policy"),
    ):
        code, told = said(
            capsys, "trust", "check", copy / "fw", "--policy", policy(copy, text + "\n")
        )
        assert code == 2
        assert words in told


def test_an_unsigned_firmware_keeps_no_policy(tmp_path: Path, capsys: Capture) -> None:
    directory = build_chain(tmp_path)
    run(["trust", "key", "-o", str(tmp_path / "k")])
    file = policy(tmp_path, 'signed_by = ["k.pub"]\n')
    code, text = said(capsys, "trust", "check", directory, "--policy", file)
    assert code == 1
    assert "signed_by = k.pub: " in text and "is not signed" in text


def test_results_of_another_image_are_refused(
    signed: Path, tmp_path: Path, capsys: Capture
) -> None:
    other = build_chain(tmp_path, seed=9)
    key = ["--key", signed / "release"]
    code, text = said(capsys, "sign", other, *key, "--result", signed / "test.json")
    assert code == 1
    assert "is of another image" in text or "is of another model" in text
    evidence = ["evidence", "verify", signed / "test.dsse.json", "--key", signed / "release.pub"]
    code, text = said(capsys, *evidence, "--firmware", signed / "fw")
    assert (code, "3 of 3 outputs equal" in text) == (0, True)
    code, text = said(capsys, *evidence, "--firmware", other)
    assert code == 1
    assert "another image or model" in text


def test_keys_in_words(signed: Path, tmp_path: Path, capsys: Capture,
                       monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    noise = tmp_path / "noise"
    noise.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    for key, words in (
        (signed / "release.pub", "is a public key; signing needs a private one"),
        (signed / "test.json", "is no key in PEM form"),
        (noise, "is damaged"),
        (tmp_path / "none", "cannot be read"),
    ):
        code, text = said(capsys, "sign", signed / "fw", "--key", key)
        assert code == 2
        assert words in text
    assert said(capsys, "trust", "key", "-o", signed / "release")[0] == 2
    monkeypatch.setenv("QMCU_KEY_PASSWORD", "secret")
    assert run(["trust", "key", "-o", str(tmp_path / "locked")]) == 0
    evidence = ["evidence", "sign", signed / "test.json", "--key"]
    assert "unset QMCU_KEY_PASSWORD" in said(capsys, *evidence, signed / "release")[1]
    shutil.copy(signed / "test.json", tmp_path / "test.json")
    evidence = ["evidence", "sign", tmp_path / "test.json", "--key", tmp_path / "locked"]
    assert said(capsys, *evidence)[0] == 0
    monkeypatch.setenv("QMCU_KEY_PASSWORD", "wrong")
    assert "QMCU_KEY_PASSWORD is wrong" in said(capsys, *evidence)[1]
    monkeypatch.delenv("QMCU_KEY_PASSWORD")
    assert "set QMCU_KEY_PASSWORD to it" in said(capsys, *evidence)[1]


def test_the_bom_is_cyclonedx(signed: Path) -> None:
    content = (signed / "fw/trust/bom.cdx.json").read_text()
    document = json.loads(content)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["type"] == "firmware"
    kinds = [c["type"] for c in document["components"]]
    assert "machine-learning-model" in kinds and "application" in kinds
    schema = pytest.importorskip("cyclonedx.schema")
    validation = pytest.importorskip("cyclonedx.validation.json")
    try:
        problem = validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(content)
    except Exception as error:
        pytest.skip(f"the validator lacks a package: {error}")
    assert problem is None


def test_the_envelope_is_dsse(signed: Path) -> None:
    """Checked by another implementation of the format, and of in-toto's statement."""
    dsse = pytest.importorskip("securesystemslib.dsse")
    signer = pytest.importorskip("securesystemslib.signer")
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    document = json.loads((signed / "fw/trust/build.dsse.json").read_text())
    keyid = document["signatures"][0]["keyid"]
    envelope = dsse.Envelope.from_dict(document)
    key = signer.SSlibKey.from_crypto(
        load_pem_public_key((signed / "release.pub").read_bytes()),
        keyid,
    )
    assert envelope.verify([key], 1)
    statement = json.loads(envelope.payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
