"""A firmware directory and a target's name become a session, or a sentence."""

import json
import shutil
from pathlib import Path

import pytest
from tests.support.fixtures import ChainDirectory

from qmcu.board import load_board
from qmcu.device import open_session
from qmcu.device.targets import refuse_missing_emulator
from qmcu.errors import DeviceError, UsageError
from qmcu.firmware import Firmware


def test_both_emulators_give_the_same_bytes_and_nearly_the_same_count(
    chain_directory: ChainDirectory,
) -> None:
    vector = [bytes(range(0, 240, 20))]
    with open_session("unicorn", Firmware.load(chain_directory("stm32f407"))) as session:
        exact = session.profile(vector)
        assert session.infer(vector).outputs == exact.outputs
        assert session.hello.board == "stm32f407"
    assert (exact.total, exact.unit) == (sum(exact.layers), "instructions")
    with open_session("qemu", Firmware.load(chain_directory("mps2-an386"))) as session:
        stepped = session.profile(vector)
    assert stepped.outputs == exact.outputs
    assert stepped.total == pytest.approx(exact.total, abs=120)
    assert "steps of 40 instructions" in stepped.how


def test_the_netduino_counts_though_its_clock_does_not_start(
    chain_directory: ChainDirectory,
) -> None:
    vector = [bytes(12)]
    with open_session("unicorn", Firmware.load(chain_directory("stm32f407"))) as session:
        exact = session.profile(vector)
    with open_session("qemu", Firmware.load(chain_directory("netduinoplus2"))) as session:
        assert session.profile(vector).total == pytest.approx(exact.total, rel=0.1)


@pytest.mark.parametrize(
    ("board", "target", "there"),
    [("stm32f746", "qemu", "unicorn"), ("mps2-an386", "unicorn", "qemu")],
)
def test_a_missing_emulator_is_refused_with_what_there_is(
    chain_directory: ChainDirectory, board: str, target: str, there: str
) -> None:
    with pytest.raises(DeviceError, match=f"{board} does not run on {target}; take {there}"):
        open_session(target, Firmware.load(chain_directory(board)))


def test_an_unknown_target_is_refused(chain_directory: ChainDirectory) -> None:
    firmware = Firmware.load(chain_directory("stm32f746"))
    with pytest.raises(UsageError, match=r"take unicorn, qemu, .*labgrid:PLACE\.$"):
        open_session("simulink", firmware)
    with pytest.raises(UsageError, match=r"board on a port: serial:/dev/ttyACM0\.$"):
        open_session("/dev/ttyACM0", firmware)
    with pytest.raises(UsageError, match="names no port"):
        open_session("serial:", firmware)


def test_a_folder_that_is_no_build_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no firmware directory"):
        open_session("unicorn", Firmware.load(tmp_path))


@pytest.fixture
def copy(chain_directory: ChainDirectory, tmp_path: Path) -> Path:
    return shutil.copytree(chain_directory("stm32f746"), tmp_path / "copy")


def test_damaged_files_are_told(copy: Path) -> None:
    elf = copy / "firmware.elf"
    content = elf.read_bytes()
    for damaged, words in (
        (content[:1000], "firmware.elf"),
        (b"", "firmware.elf"),
        (b"\x7fELF" + bytes(100), "firmware.elf"),
        (content[:0x12] + b"\x03\x00" + content[0x14:], "no Arm executable"),
    ):
        elf.write_bytes(damaged)
        with pytest.raises(DeviceError, match=words):
            open_session("unicorn", Firmware.load(copy))
    elf.unlink()
    with pytest.raises(DeviceError, match="cannot read"):
        open_session("unicorn", Firmware.load(copy))
    (copy / "board.json").write_text("{")
    with pytest.raises(UsageError, match=r"board\.json is no board of a firmware"):
        open_session("unicorn", Firmware.load(copy))


def test_an_image_of_another_model_is_refused(copy: Path) -> None:
    plan = json.loads((copy / "plan.json").read_text())
    plan["model_sha256"] = "00" * 32
    (copy / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(DeviceError, match="the device runs model"):
        open_session("unicorn", Firmware.load(copy))


def test_a_board_that_nothing_emulates_says_why() -> None:
    board = load_board("ek-ra8d1")
    with pytest.raises(DeviceError, match=r"does not run on unicorn; .* have no Cortex-M85; mps3"):
        refuse_missing_emulator(board, "unicorn")
