"""A firmware directory is read once, by whatever command, and not at all by its workers."""

import pickle
import shutil
from collections import Counter
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu.cli import run
from qmcu.device import infer_all
from qmcu.errors import UsageError
from qmcu.firmware import Firmware
from qmcu.model.vectors import random_vectors


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_chain(tmp_path_factory.mktemp("chain"))


def test_a_test_reads_every_file_once(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()
    read_bytes, open_file = Path.read_bytes, Path.open

    def counting_bytes(path: Path) -> bytes:
        read[path.name] += 1
        return read_bytes(path)

    def counting_open(path: Path, *arguments: object, **options: object) -> object:
        read[path.name] += path.name in ("firmware.elf", "model.tflite")
        return open_file(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "read_bytes", counting_bytes)
    monkeypatch.setattr(Path, "open", counting_open)
    assert run(["test", str(built), "--random", "2", "--jobs", "1", "--trace"]) == 0
    files = ("plan.json", "board.json", "report.json", "model.tflite", "firmware.elf")
    assert {name: read[name] for name in files} == dict.fromkeys(files, 1)


def test_workers_read_nothing(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    firmware = Firmware.load(copy)
    vectors = random_vectors(*firmware.model, 2, seed=1)
    _ = firmware.image
    shutil.rmtree(copy)
    inputs = [(vectors.inputs[0][i],) for i in range(2)]
    results = infer_all("unicorn", firmware, inputs, workers=2)
    assert [r.outputs[0] for r in results] == [a.tobytes() for a in vectors.expected[0]]


def test_the_model_stays_and_the_rest_travels(built: Path) -> None:
    firmware = Firmware.load(built)
    _ = firmware.model, firmware.image
    sent = pickle.loads(pickle.dumps(firmware))
    assert (sent.plan, sent.board, sent.memory) == (firmware.plan, firmware.board, firmware.memory)
    assert "image" in vars(sent)
    assert "model" not in vars(sent)


def test_an_exchanged_model_is_refused(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built, copy)
    content = (copy / "model.tflite").read_bytes()
    (copy / "model.tflite").write_bytes(content + b"\0")
    with pytest.raises(UsageError, match="is not the model that was compiled; build again"):
        _ = Firmware.load(copy).model
