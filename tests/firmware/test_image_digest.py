"""The runtime's SHA-256 against published vectors, and what HELLO says of the flash."""

import ctypes
import hashlib
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain, write_chain
from tests.support.fixtures import Builder

from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.cli import run
from qmcu.device.image import read_image
from qmcu.device.session import Refused
from qmcu.device.targets import open_session
from qmcu.errors import DeviceError, WrongFirmwareError
from qmcu.firmware import Firmware
from qmcu.resources import firmware_directory

# FIPS 180-4's examples (NIST, "SHA256.pdf"), and the one of a million.
PUBLISHED = [
    (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
    (b"a" * 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
]
Digest = Callable[[list[bytes]], str]


class State(ctypes.Structure):
    _fields_ = (
        ("state", ctypes.c_uint32 * 8), ("length", ctypes.c_uint32), ("block", ctypes.c_uint8 * 64),
    )  # fmt: skip


@pytest.fixture(scope="module")
def digest(tmp_path_factory: pytest.TempPathFactory) -> Digest:
    """`digest(pieces)` by the firmware's own code, compiled for this machine."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no compiler for this machine (cc)")
    library = tmp_path_factory.mktemp("sha") / "sha256.so"
    source = firmware_directory() / "runtime/sha256.c"
    subprocess.run(
        [compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-O2", "-shared",
         "-fPIC", str(source), "-o", str(library)], check=True,
    )  # fmt: skip
    code = ctypes.CDLL(str(library))

    def compute(pieces: list[bytes]) -> str:
        state, out = State(), (ctypes.c_uint8 * 32)()
        code.qmcu_sha256_begin(ctypes.byref(state))
        for piece in pieces:
            code.qmcu_sha256_put(ctypes.byref(state), piece, len(piece))
        code.qmcu_sha256_end(ctypes.byref(state), out)
        return bytes(out).hex()

    return compute


@pytest.mark.parametrize(("data", "expected"), PUBLISHED, ids=["empty", "abc", "56", "million"])
def test_published_vectors(digest: Digest, data: bytes, expected: str) -> None:
    assert digest([data]) == expected


def test_every_length_and_any_pieces(digest: Digest) -> None:
    rng = random.Random(1)
    for length in range(200):
        data = rng.randbytes(length)
        cut = rng.randrange(length + 1)
        assert digest([data[:cut], data[cut:]]) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("board", "target"),
    [("stm32f746", "unicorn"), ("frdm-k64f", "unicorn"), ("rpi-pico", "unicorn"),
     ("mps2-an385", "qemu")],
)  # fmt: skip
def test_hello_tells_what_is_in_the_flash(board: str, target: str, firmware: Builder) -> None:
    built = Firmware.load(firmware(board))
    assert len(built.image.sha256) == 64
    with open_session(target, built) as session:
        assert session.hello.image_sha256 == built.image.sha256 == built.memory.image_sha256


def changed(source: Path, folder: Path) -> Path:
    """A copy in which a weight was edited and `make` run again: its build id is the same."""
    directory = folder / "changed"
    shutil.copytree(source, directory)
    path = directory / "src/model_data.c"
    text = path.read_text()
    at = text.index("= {") + 3
    end = text.index(",", at)
    number = int(text[at:end])
    path.write_text(text[:at] + str(number ^ 1) + text[end:])
    subprocess.run(["make", "-s"], cwd=directory, check=True)
    return directory


def test_an_edited_weight_is_not_taken_for_the_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    original = build_chain(tmp_path)
    other = changed(original, tmp_path)
    ids = [read_image(d / "firmware.elf").build_id for d in (original, other)]
    assert ids[0] == ids[1]
    for command in (
        ["test", "--on", "unicorn", "--random", "2"], ["report"], ["flash", "--dry-run"],
    ):  # fmt: skip
        assert run([command[0], str(other), *command[1:]]) == 2
        assert "is not the image that report.json describes" in capsys.readouterr().err
    # What runs is the edited one, the directory is the original: as on a board.
    with pytest.raises(WrongFirmwareError, match="the SHA-256 of its flash is"):
        (original / "firmware.elf").write_bytes((other / "firmware.elf").read_bytes())
        firmware = Firmware.load(original)
        image = read_image(original / "firmware.elf")
        object.__setattr__(image, "sha256", firmware.memory.image_sha256)
        firmware.__dict__["image"] = image
        open_session("unicorn", firmware)


def test_a_release_shows_nothing_of_its_arena(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "release"
    model, board = write_chain(tmp_path), load_board("stm32f746")
    build_firmware(model, board, directory, BuildOptions("portable", release=True))
    assert run(["test", str(directory), "--on", "unicorn", "--random", "4"]) == 0
    assert "4 of 4 outputs equal" in capsys.readouterr().out
    assert run(["test", str(directory), "--on", "unicorn", "--random", "1", "--trace"]) == 2
    assert "built without TRACE" in capsys.readouterr().err
    firmware = Firmware.load(directory)
    secret = bytes(range(1, 13))
    with open_session("unicorn", firmware) as session:
        assert session.hello.release and not session.hello.debug
        session.infer([secret])
        with pytest.raises(DeviceError, match="built without PROFILE"):
            session.profile([secret])
        # A host that does not ask first is told that there is no such request.
        session.hello = type(session.hello)(**{**vars(session.hello), "debug": True})
        with pytest.raises(Refused, match="unknown request"):
            session.trace(0, 0, 16, [secret])
        arena = firmware.image.symbols["qmcu_model_arena"]
        size = firmware.plan.arena_size
        held = session.link._emulator.mem_read(arena, size)  # type: ignore[attr-defined]
        assert bytes(held) == bytes(size)
    with_arena = tmp_path / "debug"
    build_firmware(model, board, with_arena, BuildOptions("portable", debug_protocol=False))
    with open_session("unicorn", Firmware.load(with_arena)) as session:
        assert not session.hello.release and not session.hello.debug
