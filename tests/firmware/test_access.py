"""Firmware with --access: a session for everything but HELLO, and what strangers get."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.device.line import FakeBoard, Noise
from tests.support.firmware_project import write_chain, write_residual

from qmcu.access import NOTICE, load_access_key, make_access_key
from qmcu.board import load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.cli import run
from qmcu.device import infer_all
from qmcu.device.families import FAMILIES, Computed
from qmcu.device.frames import Frame, FrameReader, encode
from qmcu.device.messages import Request
from qmcu.device.pool import Resumed
from qmcu.device.session import Refused, Session
from qmcu.device.targets import about_model, open_session, unicorn_machine
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import DeviceError, UsageError, WrongFirmwareError
from qmcu.firmware import Firmware

INPUT = bytes(range(1, 13))
TARGETS = [
    ("unicorn", "stm32f746"),
    pytest.param(
        "qemu", "mps2-an386",
        marks=pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="no QEMU"),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("right", "wrong"):
        make_access_key(folder / name)
    return folder / "right", folder / "wrong"


Built = Callable[..., Path]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, keys: tuple[Path, Path]) -> Built:
    """`built(board, **options)`: a firmware directory with the right key, built once."""
    made: dict[str, Path] = {}

    def build(board: str = "stm32f746", **options: bool) -> Path:
        name = f"{board} {options}"
        if name not in made:
            folder = tmp_path_factory.mktemp("access")
            how = BuildOptions("portable", access=keys[0], **options)  # type: ignore[arg-type]
            build_firmware(write_chain(folder), load_board(board), folder / "fw", how)
            made[name] = folder / "fw"
        return made[name]

    return build


@pytest.fixture(scope="module")
def right(built: Built, keys: tuple[Path, Path]) -> Firmware:
    return Firmware.load(built(), keys[0])


@pytest.fixture(scope="module")
def expected(right: Firmware) -> tuple[bytes, ...]:
    with open_session("unicorn", right) as session:
        return session.infer([INPUT]).outputs


class Recorded:
    """A line that keeps what is sent, and lets a test put bytes of its own on it."""

    def __init__(self, firmware: Firmware) -> None:
        self.device = UnicornLink(firmware.image, unicorn_machine(firmware.board))
        self.sent: list[bytes] = []
        self.change: Callable[[bytes], bytes] = bytes

    def write(self, data: bytes) -> None:
        self.sent.append(data)
        self.device.write(data)

    def read(self, timeout_s: float) -> bytes:
        return self.change(self.device.read(timeout_s))

    def ask(self, data: bytes) -> Frame:
        """What the device says to bytes of a stranger."""
        self.device.write(data)
        answers: list[Frame] = []
        reader = FrameReader()
        while not answers:
            answers = reader.feed(self.device.read(1))
        return answers[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.device, name)


def code_of(frame: Frame) -> int:
    assert frame.type == 0xFF
    return int.from_bytes(frame.payload[4:6], "little")


@pytest.fixture
def line(right: Firmware) -> Recorded:
    return Recorded(right)


@pytest.mark.parametrize(("target", "board"), TARGETS)
def test_the_right_key_opens_and_others_do_not(
    built: Built, keys: tuple[Path, Path], target: str, board: str, expected: tuple[bytes, ...]
) -> None:
    directory = built(board, release=target == "qemu")
    with open_session(target, Firmware.load(directory, keys[0])) as session:
        assert session.hello.access
        assert [session.infer([INPUT]).outputs for _ in range(3)] == [expected] * 3
    with pytest.raises(DeviceError, match="does not take this access key"):
        open_session(target, Firmware.load(directory, keys[1]))
    with open_session(target, Firmware.load(directory)) as session:
        for ask in (lambda: session.infer([INPUT]), session.monitor):
            with pytest.raises(DeviceError, match="only to who has its key; give --access KEYFILE"):
                ask()


def test_requests_without_a_session_are_refused_by_the_device(line: Recorded) -> None:
    for kind in (Request.INFER, Request.PROFILE, Request.TRACE, Request.BAUD, Request.OPEN):
        size = {Request.TRACE: 24, Request.BAUD: 4, Request.OPEN: 0}.get(kind, 12)
        assert code_of(line.ask(encode(Frame(kind, 1, bytes(size))))) == 3, "its length is wrong"
        assert code_of(line.ask(encode(Frame(kind, 1, bytes(size + 20))))) == 6
    assert line.ask(encode(Frame(Request.HELLO, 1))).type == 0x81


def test_frames_of_before_are_refused(line: Recorded, right: Firmware) -> None:
    with Session(line, access=right.access) as session:
        session.infer([INPUT])
        first = line.sent[-1]
        assert code_of(line.ask(first)) == 6, "replayed"
        second = session._next(Request.INFER, INPUT)
        third = session._next(Request.INFER, INPUT)
        assert line.ask(encode(third)).type == 0x82
        assert code_of(line.ask(encode(second))) == 6, "out of order"
        session.infer([INPUT])
        old = list(line.sent)
        session._enter()
        for data in old[1:]:  # all of the session before but its HELLO, the challenge as well
            answer = line.ask(data)
            assert answer.type == 0x88 or code_of(answer) == 6, "of another session"


def test_harmed_requests_with_a_right_crc_are_refused(line: Recorded, right: Firmware) -> None:
    with Session(line, access=right.access) as session:
        for harm in range(5):
            sealed = session._next(Request.INFER, INPUT)
            payload = bytearray(sealed.payload)
            if harm == 4:
                del payload[-1:]
            else:
                payload[(0, 13, 20, -1)[harm]] ^= 1 << harm  # input, number, tag, tag's last byte
            answer = line.ask(encode(Frame(Request.INFER, sealed.sequence, bytes(payload))))
            assert code_of(answer) == (3 if harm == 4 else 6)
        # Another type, or another sequence number, under a tag that was right.
        sealed = session._next(Request.INFER, INPUT)
        session.infer([INPUT])
        for frame in (
            Frame(Request.PROFILE, sealed.sequence, sealed.payload),
            Frame(Request.INFER, sealed.sequence + 7, sealed.payload),
        ):
            assert code_of(line.ask(encode(frame))) == 6


@pytest.mark.parametrize("at", [-1, -16, -17, 4, 12])
def test_harmed_answers_are_never_taken(line: Recorded, right: Firmware, at: int) -> None:
    def forge(data: bytes) -> bytes:
        out = b""
        for frame in FrameReader().feed(data):
            payload = bytearray(frame.payload)
            if frame.type == 0x82:
                payload[at] ^= 1
            out += encode(Frame(frame.type, frame.sequence, bytes(payload)))
        return out

    with Session(line, access=right.access) as session:
        line.change = forge
        with pytest.raises(DeviceError, match="INFER failed 4 times"):
            session.infer([INPUT])


def test_a_device_that_wants_no_key_is_not_believed(line: Recorded, right: Firmware) -> None:
    def forge(data: bytes) -> bytes:
        frames = FrameReader().feed(data)
        payloads = [bytearray(frame.payload) for frame in frames]
        for payload in payloads:
            if len(payload) > 7:
                payload[7] &= ~32
        return b"".join(
            encode(Frame(f.type, f.sequence, bytes(p)))
            for f, p in zip(frames, payloads, strict=True)
        )

    line.change = forge
    with pytest.raises(WrongFirmwareError, match="says that it needs no access key"):
        Session(line, access=right.access)
    assert not any(FrameReader().feed(data)[0].type == Request.INFER for data in line.sent)


def test_failures_lock_it_also_over_a_reset(right: Firmware, keys: tuple[Path, Path]) -> None:
    line = Recorded(right)
    wrong = load_access_key(keys[1])
    for _ in range(5):
        with pytest.raises(DeviceError, match="does not take this access key"):
            Session(line, access=wrong)
        line.device._failure = None  # closed by the session
    locked = pytest.raises(DeviceError, match="locked after failures to open a session")
    for reset in (False, True):
        if reset:
            line.device._boot()
        with locked:
            Session(line, access=right.access)
        line.device._failure = None
    # A second is enough after the fifth; the next failure locks it for two.
    line.device.counter.instructions += 216_000_000
    with pytest.raises(DeviceError, match="does not take this access key"):
        Session(line, access=wrong)
    line.device._failure = None
    line.device.counter.instructions += 216_000_000
    with locked:
        Session(line, access=right.access)
    line.device._failure = None
    line.device.counter.instructions += 216_000_000
    with Session(line, access=right.access) as session:
        session.infer([INPUT])
    line.device._failure = None
    # The right key forgets the failures.
    with pytest.raises(DeviceError, match="does not take this access key"):
        Session(line, access=wrong)
    line.device._failure = None
    Session(line, access=right.access).close()


def test_a_reset_needs_a_new_session_and_a_recording_is_of_no_use(
    line: Recorded, right: Firmware, expected: tuple[bytes, ...]
) -> None:
    with Session(line, access=right.access) as session:
        session.infer([INPUT])
        recorded = list(line.sent)
        line.device._boot()
        assert session.infer([INPUT]).outputs == expected, "it opened another by itself"
        line.device._boot()
        for data in recorded[1:]:
            answer = line.ask(data)
            assert answer.type in (0x80, 0x88) or code_of(answer) == 6


def replayed(firmware: Firmware) -> bool:
    """Whether a recording of a session is answered once more after power was off."""
    line = Recorded(firmware)
    with Session(line, access=firmware.access) as session:
        session.infer([INPUT])
    again = Recorded(firmware)
    answers = [again.ask(data) for data in line.sent]
    if answers[-1].type == 0x82:
        return True
    assert code_of(answers[-2]) == code_of(answers[-1]) == 6
    return False


def test_without_randomness_a_recording_is_answered_after_power_was_off(
    built: Built, keys: tuple[Path, Path]
) -> None:
    """The limit that docs/SECURITY.md states: here RAM is 0 at power-up, and time stands still."""
    assert replayed(Firmware.load(built("frdm-k64f"), keys[0]))


# By board: where its generator says what it has, and its numbers.
GENERATORS = {
    "arduino-nano-33-ble": ("nrf52", 0x4000D100, 0x4000D508),
    "stm32f746": ("stm32f7", 0x50060804, 0x50060808),
    "nucleo-l4r5zi": ("stm32l4", 0x50060804, 0x50060808),
    "rpi-pico": ("rp2040", None, 0x4006001C),
    "rp2350": ("rp2350", 0x400F0104, 0x400F0114),
}


@pytest.mark.parametrize("board", GENERATORS)
def test_with_a_generator_it_is_not(
    built: Built, keys: tuple[Path, Path], board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And where the generator gives nothing, or the same for ever, sessions open all the same."""
    firmware = Firmware.load(built(board), keys[0])
    assert not replayed(firmware)
    family, status, number = GENERATORS[board]
    chip = FAMILIES[family]
    last = number + 4 * 6 if board == "rp2350" else number + 4
    # The same for ever; what it leaves on the stack, which is hashed too, is the same.
    same: dict[int, Computed] = {at: lambda value: 0x12345678 for at in range(number, last, 4)}
    broken = [same] if board != "arduino-nano-33-ble" else []
    if status is not None:
        # The RP2350's tells that its bits depend on each other; others are never ready.
        told = 2 if board == "rp2350" else 0
        broken.append({status: lambda value: told, **same})
    if board == "stm32f746":
        # A seed error beside a number that is there.
        broken.append({0x50060804: lambda value: 1 << 6 | 1})
    for change in broken:
        worse = replace(chip, computed={**chip.computed, **change})
        monkeypatch.setitem(FAMILIES, family, worse)
        assert replayed(firmware), change


@pytest.mark.parametrize(
    ("board", "registers"),
    [
        # AHB2ENR's RNGEN; the generator is off when it is not asked.
        ("stm32f746", {0x40023834: 1 << 6, 0x50060800: 0}),
        # HSI48 and its ready bit, too.
        ("nucleo-l4r5zi", {0x40021098: 3, 0x4002104C: 1 << 18, 0x50060800: 0}),
        ("rp2350", {0x400F0130: 1000, 0x400F012C: 0}),
    ],
)
def test_the_steps_of_a_generator(
    built: Built, keys: tuple[Path, Path], board: str, registers: dict[int, int]
) -> None:
    firmware = Firmware.load(built(board), keys[0])
    line = Recorded(firmware)
    with Session(line, access=firmware.access) as session:
        session.infer([INPUT])
    for address, bits in registers.items():
        word = int.from_bytes(line.device._emulator.mem_read(address, 4), "little")
        assert word & bits == bits and (bits or word == 0), hex(address)


def test_it_goes_on_over_a_line_that_harms(
    built: Built, keys: tuple[Path, Path], expected: tuple[bytes, ...], tmp_path: Path
) -> None:
    firmware = Firmware.load(built(), keys[0])
    board = FakeBoard(built(), tmp_path / "port", noise=Noise(seed=3, share=0.1))
    try:
        with open_session(f"serial:{board.path}", firmware, timeout_s=20) as session:
            session._pause_s = 0.05  # type: ignore[attr-defined]
            for step in range(30):
                if step == 15:
                    board.reset()
                assert session.infer([INPUT]).outputs == expected
    finally:
        board.close()


def test_a_board_whose_key_is_not_here_is_greeted(built: Built, tmp_path: Path) -> None:
    """As `qmcu flash` does to see what runs; the bit rate stays what it is."""
    board = FakeBoard(built(), tmp_path / "port", uart_hz=108_000_000)
    try:
        with open_session(f"serial:{board.path}", Firmware.load(built())) as session:
            assert session.hello.access and session.link.baud == 115_200  # type: ignore[attr-defined]
    finally:
        board.close()


def test_workers_and_journals_have_the_key(right: Firmware, tmp_path: Path) -> None:
    vectors = [[bytes([i]) * 12] for i in range(12)]
    results = infer_all("unicorn", right, vectors, workers=2)
    journal, stop = tmp_path / "journal", 6

    def interrupt(done: int, total: int) -> None:
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        infer_all("unicorn", right, vectors, workers=1, journal=journal, progress=interrupt)
    assert right.access is not None and right.access.secret.hex() not in journal.read_text()
    resumed = Resumed()
    again = infer_all("unicorn", right, vectors, workers=1, journal=journal, resumed=resumed)
    assert [r.outputs for r in again] == [r.outputs for r in results] and resumed.kept == stop


def test_the_folder_says_that_it_holds_the_key(built: Built, keys: tuple[Path, Path]) -> None:
    directory = built()
    secret = load_access_key(keys[0]).secret
    assert (directory.stat().st_mode & 0o077, (directory / NOTICE).is_file()) == (0, True)
    assert secret in (directory / "firmware.bin").read_bytes()
    for name in ("report.json", "plan.json", "board.json", NOTICE, "src/board.h", "Makefile"):
        assert secret.hex() not in (directory / name).read_text().lower()
    with pytest.raises(UsageError, match="was built without --access"):
        other = directory.parent / "plain"
        build_firmware(directory.parent / "chain.tflite", load_board("stm32f746"), other)
        Firmware.load(other, keys[0])


def test_the_environment_names_the_key(
    built: Built, keys: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QMCU_ACCESS", str(keys[0]))
    assert Firmware.load(built()).access == load_access_key(keys[0])


def test_firmware_without_infer_says_so(built: Built, keys: tuple[Path, Path]) -> None:
    directory = built(infer=False)
    with open_session("unicorn", Firmware.load(directory, keys[0])) as session:
        assert not session.hello.infers and not session.hello.debug
        with pytest.raises(DeviceError, match="was built with --no-infer"):
            session.infer([INPUT])
        with pytest.raises(Refused, match="unknown request"):
            session._exchange(Request.INFER, INPUT)


def test_options_that_exclude_it_are_refused(
    built: Built, keys: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(built().parent / "chain.tflite")
    line = ["build", model, "--board", "stm32f746", "-o", str(built().parent / "no")]
    assert run([*line, "--access", str(keys[0]), "--protocol", "mlperf-tiny"]) == 2
    assert "know no keys" in capsys.readouterr().err
    assert run([*line, "--no-infer", "--debug-protocol"]) == 2
    assert "PROFILE and TRACE infer, too" in capsys.readouterr().err


def test_several_models_share_a_session(keys: tuple[Path, Path], tmp_path: Path) -> None:
    models = [write_chain(tmp_path), write_residual(tmp_path)]
    directory = tmp_path / "both"
    how = ["--board", "stm32f746", "--kernels", "portable", "--access", str(keys[0])]
    assert run(["build", *map(str, models), *how, "-o", str(directory)]) == 0
    first, second = Firmware.load_all(directory, access=keys[0])
    with open_session("unicorn", first) as session:
        for firmware in (first, second, first):
            session.turn_to(**about_model(firmware))
            size = sum(session.hello.inputs)
            assert session.infer([bytes(size)]).outputs
            link = session.link
            assert isinstance(link, UnicornLink)
            link._boot()  # and each opens one by itself
            assert session.infer([bytes(size)]).outputs
