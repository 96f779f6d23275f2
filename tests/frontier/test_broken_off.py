"""Sweeps that are broken off: Ctrl-C, a full disk, a missing emulator. What is finished stays."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.networks.keras_model import keras_from_network
from qmcu.cli.main import run

pytest.importorskip("tensorflow", reason="sweeps need TensorFlow")


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """`qmcu frontier`'s arguments, but -o."""
    folder = tmp_path_factory.mktemp("files")
    network = small_network()
    keras_from_network(network).save(folder / "small.keras")
    inputs = samples_of(network, 12)
    np.savez(folder / "data.npz", inputs=inputs, labels=np.arange(12) % 10)
    return ["frontier", str(folder / "small.keras"), "--data", str(folder / "data.npz"),
            "--board", "stm32f746"]  # fmt: skip


def finished(out: Path) -> dict[str, int]:
    """Points by name, with the time of their file; every one must be whole."""
    points = sorted((out / "points").glob("*"))
    for path in points:
        assert json.loads(path.read_text())["point"]["name"] == path.stem
    return {path.stem: path.stat().st_mtime_ns for path in points}


def nothing_half_written(out: Path) -> bool:
    files = [p for p in out.rglob("*") if p.is_file()]
    return not any(p.name.startswith(".") or p.stat().st_size == 0 for p in files)


def test_ctrl_c_keeps_what_is_finished(sweep: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", "from qmcu.cli import main; main()", *sweep, "-o", str(out)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    # Three done: the fourth or a later one is under way.
    while process.poll() is None and len(list((out / "points").glob("*.json"))) < 3:
        time.sleep(0.05)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert (stdout, stderr) == ("", "qmcu: interrupted.\n")
    before = finished(out)
    assert 3 <= len(before) < 7
    assert nothing_half_written(out)
    assert not (out / "frontier.json").exists()
    assert run([*sweep, "-o", str(out)]) == 0
    after = finished(out)
    assert len(after) == 7
    assert before.items() <= after.items()
    assert len(json.loads((out / "frontier.json").read_text())["points"]) == 7


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(place)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_sentence(
    sweep: list[str], small_disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = small_disk / "out"
    assert run([*sweep, "-o", str(out)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("qmcu: cannot write ")
    assert shown.err.endswith("No space left on device.\n")
    assert shown.err.count("\n") == 1
    assert 1 <= len(finished(out)) < 7
    assert nothing_half_written(out)
    assert not (out / "frontier.json").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"--board": "stm32f999"}, "there is no board 'stm32f999'. Did you mean stm32f746?"),
        ({"--defence": "mirror"}, "there is no defence mirror; there are activation-correction, "),
        ({"--data": "text.npz"}, "text.npz is no readable .npz file"),
        ({"--data": "no.npz"}, "no.npz cannot be read: No such file or directory."),
        ({"--trigger": "text.npz"}, "text.npz is no trigger file"),
        ({"--on": "qemu"}, "stm32f746 does not run on qemu; take "),
        ({"-o": "text.npz"}, "text.npz is no folder."),
    ],
)
def test_what_it_cannot_use_is_refused_first(
    change: dict[str, str], sentence: str, sweep: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("text.npz").write_text("no archive")
    options = [word for pair in change.items() for word in pair]
    assert run([*sweep, "-o", "out", *options]) == 2
    shown = capsys.readouterr().err
    assert sentence in shown
    assert shown.count("\n") == 1
    assert not Path("out").exists()


def test_a_model_that_is_cut_off_is_called_so(
    sweep: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.keras"
    cut.write_bytes(Path(sweep[1]).read_bytes()[:5000])
    assert run(["frontier", str(cut), *sweep[2:], "-o", str(tmp_path / "out")]) == 2
    assert "cut.keras is no loadable Keras model: no .zip archive, or one cut off." in (
        capsys.readouterr().err
    )
