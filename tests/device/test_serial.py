"""A board on a serial port: right answers or a sentence, whatever happens to cable and board."""

import contextlib
import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial
import serial.rfc2217
from tests.device.line import FakeBoard, Noise
from tests.support.firmware_project import build_chain
from tests.support.fixtures import ChainDirectory, Outputs

from qmcu.device import infer_all, open_session, ports, serial_link, serial_session
from qmcu.device.ports import UsbPort
from qmcu.device.serial_link import SerialLink
from qmcu.device.serial_session import SerialSession
from qmcu.errors import DeviceError
from qmcu.firmware import Firmware

VECTORS = [[bytes((7 * i + j) % 256 for j in range(12))] for i in range(200)]
FIRST = 115_200
# The clock of the F746's USART1 as the firmware sets it up.
UART_HZ = 108_000_000
# board(**options): a board on a port, with FakeBoard's options.
Plug = Callable[..., FakeBoard]


@pytest.fixture(scope="module")
def expected(chain_directory: ChainDirectory) -> list[tuple[bytes, ...]]:
    results = infer_all("unicorn", Firmware.load(chain_directory("stm32f746")), VECTORS, workers=1)
    return [result.outputs for result in results]


@pytest.fixture(autouse=True)
def nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serial_session, "_found", {})


@pytest.fixture
def board(chain_directory: ChainDirectory, tmp_path: Path) -> Iterator[Plug]:
    boards = []

    def plug(**options: Any) -> FakeBoard:
        board = FakeBoard(chain_directory("stm32f746"), tmp_path / "port", **options)
        boards.append(board)
        return board

    yield plug
    for one in boards:
        one.close()


def session_on(
    port: Path, *, fastest: int = 0, reconnect_s: float = 5, **options: Any
) -> SerialSession:
    link = SerialLink(lambda: str(port), FIRST, reconnect_s=reconnect_s)
    return SerialSession(link, fastest=fastest, **{"pause_s": 0.05, "timeout_s": 10.0, **options})


@contextmanager
def meanwhile(action: Callable[[], object], after_s: float) -> Iterator[None]:
    timer = threading.Timer(after_s, action)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def test_a_board_gives_the_emulators_bytes(
    board: Plug,
    chain_directory: ChainDirectory,
    expected: Outputs,
) -> None:
    target = f"serial:{board().path}"
    results = infer_all(target, Firmware.load(chain_directory("stm32f746")), VECTORS, workers=4)
    assert [result.outputs for result in results] == expected


@pytest.mark.slow
def test_ten_thousand_frames_through_noise(board: Plug, expected: Outputs) -> None:
    noise = Noise(seed=5, share=0.05)
    plugged = board(noise=noise)
    with session_on(plugged.path, pause_s=0.05) as session:
        done = 0
        while noise.done["pieces"] < 10_000:
            at = done % len(VECTORS)
            assert session.infer(VECTORS[at]).outputs == expected[at]
            done += 1
    harmed = noise.done.total() - noise.done["pieces"]
    assert harmed > 400 and done > 4_000
    assert set(noise.done) >= {"flip", "drop", "lose", "repeat", "add", "cut"}


def test_most_of_everything_may_be_harmed(board: Plug, expected: Outputs) -> None:
    plugged = board(noise=Noise(seed=1, share=0.4))
    with session_on(plugged.path, pause_s=0.05) as session:
        for vector, outputs in zip(VECTORS[:40], expected, strict=False):
            assert session.infer(vector).outputs == outputs


def test_resets_in_the_middle_of_frames_cost_nothing(board: Plug, expected: Outputs) -> None:
    plugged = board()
    cut = iter(range(10**9))

    def reset_sometimes(data: bytes) -> bytes:
        if next(cut) % 7 == 3 and len(data) > 8:
            # Half of the frame reaches the board, then the button is pressed.
            plugged.link.write(data[: len(data) // 2])
            plugged.restart()
            return data[len(data) // 2 :]
        return data

    plugged.noise = reset_sometimes
    with session_on(plugged.path) as session:
        for vector, outputs in zip(VECTORS, expected, strict=True):
            assert session.infer(vector).outputs == outputs


@pytest.mark.parametrize("fastest", [0, 921_600])
def test_a_reset_between_requests_is_noticed_at_any_rate(
    board: Plug, expected: Outputs, fastest: int
) -> None:
    plugged = board(uart_hz=UART_HZ)
    started = time.monotonic()
    with session_on(plugged.path, fastest=fastest) as session:
        for vector, outputs in zip(VECTORS[:6], expected, strict=False):
            assert session.infer(vector).outputs == outputs
            plugged.reset()
        assert session.link.baud == (fastest or FIRST)
    # Far less than the time-outs of as many answers.
    assert time.monotonic() - started < 30


def test_unplugging_and_plugging_in_goes_on(board: Plug, expected: Outputs) -> None:
    plugged = board(uart_hz=UART_HZ)
    with session_on(plugged.path, fastest=460_800) as session:
        for round_ in range(3):
            plugged.unplug()
            with meanwhile(plugged.plug_in, 0.3):
                for vector, outputs in zip(VECTORS, expected, strict=True):
                    assert session.infer(vector).outputs == outputs, round_
        assert session.link.baud == 460_800


def test_a_board_that_stays_away_is_given_up(board: Plug) -> None:
    plugged = board()
    with session_on(plugged.path, reconnect_s=0.4) as session:
        session.infer(VECTORS[0])
        plugged.unplug()
        with pytest.raises(DeviceError, match=r"was lost .* did not come back within 0\.4 s"):
            session.infer(VECTORS[1])
        plugged.plug_in()


def test_another_board_in_its_place_is_refused(
    board: Plug, chain_directory: ChainDirectory
) -> None:
    plugged = board()
    directory = chain_directory("stm32f746")
    with open_session(f"serial:{plugged.path}", Firmware.load(directory)) as session:
        session.infer(VECTORS[0])
        plugged.unplug()
        plugged.flash(chain_directory("stm32f407"))
        with meanwhile(plugged.plug_in, 0.2), pytest.raises(DeviceError, match="runs build"):
            session.infer(VECTORS[1])


def test_a_wrong_firmware_says_which_model_it_carries(
    board: Plug, chain_directory: ChainDirectory, tmp_path: Path
) -> None:
    other = build_chain(tmp_path, seed=6)
    plugged = board()
    plugged.flash(other)
    with pytest.raises(DeviceError) as caught:
        open_session(f"serial:{plugged.path}", Firmware.load(chain_directory("stm32f746")))
    assert re.search(r"runs model [0-9a-f]{16} on stm32f746, this build is of", str(caught.value))
    neighbour = shutil.copytree(chain_directory("stm32f746"), other.parent / "mine")
    with pytest.raises(DeviceError, match=rf"\(that of {other}\), this build is of model"):
        open_session(f"serial:{plugged.path}", Firmware.load(neighbour))


def test_a_silent_board_is_told_with_what_to_check(board: Plug) -> None:
    plugged = board()
    plugged.silent = True
    with pytest.raises(DeviceError) as caught:
        session_on(plugged.path, open_timeout_s=0.5)
    assert "did not answer HELLO within 0.5 s at 115200 bit/s: not one byte came" in str(
        caught.value
    )
    assert "ports here: " in str(caught.value)


def test_a_firmware_of_another_kind_is_told_apart_from_silence(tmp_path: Path) -> None:
    master, slave = os.openpty()
    (tmp_path / "port").symlink_to(os.ttyname(slave))
    with (
        meanwhile(lambda: os.write(master, b"login: \n" * 3), 0.1),
        pytest.raises(DeviceError, match="24 bytes came, but no answer"),
    ):
        session_on(tmp_path / "port", open_timeout_s=0.5)


@pytest.mark.parametrize(
    ("carries", "limit", "reached"),
    [(1 << 31, 4_000_000, 4_000_000), (460_800, 4_000_000, 460_800), (200_000, 921_600, FIRST),
     (1 << 31, FIRST, FIRST), (1 << 31, 1_200_000, 1_000_000)],
)  # fmt: skip
def test_the_fastest_rate_that_holds_is_found(
    board: Plug,
    expected: Outputs,
    carries: int,
    limit: int,
    reached: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugged = board(uart_hz=UART_HZ, fastest=carries)
    with session_on(plugged.path, fastest=limit) as session:
        assert session.link.baud == reached
        for vector, outputs in zip(VECTORS[:30], expected, strict=False):
            assert session.infer(vector).outputs == outputs
    # At the end the board is back at its first rate: another session needs no search.
    tried: list[int] = []
    set_baud = SerialLink.set_baud

    def note(link: SerialLink, baud: int) -> bool:
        tried.append(baud)
        return set_baud(link, baud)

    monkeypatch.setattr(SerialLink, "set_baud", note)
    with session_on(plugged.path, fastest=limit) as session:
        assert session.link.baud == reached
    assert set(tried) == {FIRST, reached}


def test_a_host_that_died_at_a_raised_rate_leaves_a_board_that_can_be_reached(
    board: Plug,
) -> None:
    plugged = board(uart_hz=UART_HZ)
    session = session_on(plugged.path, fastest=2_000_000)
    assert session.link.baud == 2_000_000
    session.link.close()
    with session_on(plugged.path) as after:
        assert after.infer(VECTORS[0])


def test_a_rate_that_stops_holding_is_lowered(board: Plug, expected: Outputs) -> None:
    plugged = board(uart_hz=UART_HZ)
    with session_on(plugged.path, fastest=921_600) as session:
        assert session.link.baud == 921_600
        session.infer(VECTORS[0])
        plugged.fastest = 300_000
        for vector, outputs in zip(VECTORS[:20], expected, strict=False):
            assert session.infer(vector).outputs == outputs
        assert session.link.baud == 230_400


def test_negotiation_in_noise_ends_at_a_rate_both_ends_have(board: Plug, expected: Outputs) -> None:
    for seed in range(2):
        plugged = board(uart_hz=UART_HZ, fastest=921_600, noise=Noise(seed, 0.1))
        with session_on(plugged.path, fastest=2_000_000) as session:
            for vector, outputs in zip(VECTORS[:60], expected, strict=False):
                assert session.infer(vector).outputs == outputs
        plugged.close()


def test_a_port_is_opened_once(board: Plug, chain_directory: ChainDirectory) -> None:
    plugged = board()
    with session_on(plugged.path), pytest.raises(DeviceError, match="in use by another program"):
        session_on(plugged.path)


def test_a_missing_port_is_told(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"there is no port .*nothing \(ports here: "):
        session_on(tmp_path / "nothing")


def test_a_port_of_others_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    port, open_file = tmp_path / "port", os.open

    def forbidding(path: str | Path, flags: int, mode: int = 0o777) -> int:
        """What the system does for anybody but root, who may open everything."""
        if str(path) == str(port):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return open_file(path, flags, mode)

    port.touch(mode=0)
    monkeypatch.setattr(os, "open", forbidding)
    with pytest.raises(DeviceError, match="dialout"):
        session_on(tmp_path / "port")


def forward(listener: socket.socket, board: FakeBoard) -> None:
    """What ser2net does: bytes between a TCP connection and a port."""
    import select

    connection, _ = listener.accept()
    port = os.open(board.path, os.O_RDWR | os.O_NOCTTY)
    try:
        while True:
            ready: list[socket.socket | int] = [connection, port]
            for source in select.select(ready, [], [])[0]:
                data = connection.recv(4096) if source is connection else os.read(port, 4096)
                if not data:
                    return
                if source is connection:
                    os.write(port, data)
                else:
                    connection.sendall(data)
    finally:
        os.close(port)
        connection.close()


def test_a_board_behind_a_socket(
    board: Plug,
    chain_directory: ChainDirectory,
    expected: Outputs,
) -> None:
    plugged = board()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=forward, args=(listener, plugged), daemon=True).start()
        target = f"serial:socket://127.0.0.1:{listener.getsockname()[1]}"
        results = infer_all(target, Firmware.load(chain_directory("stm32f746")), VECTORS)
    assert [result.outputs for result in results] == expected


@pytest.mark.parametrize("kind", ["pty", "socket"])
def test_qemu_stands_in_for_a_board(
    chain_directory: ChainDirectory,
    tmp_path: Path,
    expected: Outputs,
    kind: str,
) -> None:
    program = shutil.which("qemu-system-arm")
    if program is None:
        pytest.skip("qemu-system-arm is not installed")
    directory = chain_directory("mps2-an386")
    machine = ["-machine", "mps2-an386", "-kernel", str(directory / "firmware.elf")]
    device = "pty" if kind == "pty" else "tcp:127.0.0.1:0,server=on,wait=off"
    qemu = subprocess.Popen(
        [program, *machine, "-display", "none", "-monitor", "stdio", "-serial", device],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        target = f"serial:{place_of_uart(qemu, kind)}"
        results = infer_all(target, Firmware.load(directory), VECTORS[:30])
    finally:
        qemu.kill()
        qemu.communicate()
    assert [result.outputs for result in results] == expected[:30]


def place_of_uart(qemu: "subprocess.Popen[str]", kind: str) -> str:
    """Where QEMU put its first UART, which it tells when asked."""
    assert qemu.stdin is not None and qemu.stdout is not None
    qemu.stdin.write("info chardev\n")
    qemu.stdin.flush()
    pattern = r"(/dev/pts/\d+)" if kind == "pty" else r"serial0: filename=\S*?tcp:([\d.]+:\d+)"
    for line in qemu.stdout:
        if match := re.search(pattern, line):
            return match[1] if kind == "pty" else f"socket://{match[1]}"
    raise AssertionError("QEMU did not tell its UART")


def test_a_counter_that_stands_still_counts_nothing(board: Plug) -> None:
    with session_on(board().path) as session:
        profile = session.profile(VECTORS[0])
    assert (profile.unit, profile.total) == ("", 0)
    assert "stands still (DWT CYCCNT of the board on " in profile.how


def serve_rfc2217(listener: socket.socket, port: serial.Serial) -> None:
    """A port server of pyserial's parts: bytes, and the rate that the client asks for."""
    connection, _ = listener.accept()
    connection.setblocking(False)
    manager = serial.rfc2217.PortManager(port, Sender(connection))
    while port.is_open:
        with contextlib.suppress(BlockingIOError):
            data = connection.recv(4096)
            if not data:
                return
            port.write(b"".join(manager.filter(data)))
        if data := port.read(port.in_waiting):
            connection.sendall(b"".join(manager.escape(data)))
        time.sleep(0.001)


class PortWithoutModem(serial.Serial):  # type: ignore[misc]
    """A pseudo-terminal has no modem lines, which the port server would read and set."""

    cts = dsr = ri = cd = property(lambda self: False)
    rts = dtr = property(lambda self: True, lambda self, value: None)


class Sender:
    """What PortManager wants of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.write = connection.sendall


@pytest.mark.filterwarnings("ignore::DeprecationWarning:serial")
def test_a_port_of_another_computer_and_its_rate(
    board: Plug,
    chain_directory: ChainDirectory,
    expected: Outputs,
) -> None:
    plugged = board(uart_hz=UART_HZ, fastest=500_000)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        PortWithoutModem(str(plugged.path), FIRST, timeout=0) as port,
    ):
        threading.Thread(target=serve_rfc2217, args=(listener, port), daemon=True).start()
        target = f"serial:rfc2217://127.0.0.1:{listener.getsockname()[1]}"
        with open_session(target, Firmware.load(chain_directory("stm32f746"))) as session:
            assert isinstance(session.link, SerialLink) and session.link.baud == 460_800
            assert [session.infer(v).outputs for v in VECTORS[:20]] == expected[:20]


def test_ones_own_echo_is_no_board(
    chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = SerialLink(lambda: "loop://", FIRST)
    with pytest.raises(DeviceError, match=r"\d+ bytes came, but no answer"):
        SerialSession(link, open_timeout_s=0.3)


def test_a_board_is_followed_to_its_new_name(
    board: Plug,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    expected: Outputs,
) -> None:
    plugged = board()
    there = [UsbPort(str(plugged.path), "0483:374b", "066BFF")]
    monkeypatch.setattr(serial_link, "serial_ports", lambda: tuple(there))
    with session_on(plugged.path) as session:
        session.infer(VECTORS[0])
        plugged.unplug()
        plugged.path = tmp_path / "port with another number"
        there[0] = UsbPort(str(plugged.path), "0483:374b", "066BFF")
        with meanwhile(plugged.plug_in, 0.2):
            assert session.infer(VECTORS[1]).outputs == expected[1]


def test_auto_takes_the_port_with_the_boards_usb_id(
    board: Plug,
    chain_directory: ChainDirectory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plugged = board()
    usb = [UsbPort("/dev/ttyUSB7", "10c4:ea60"), UsbPort(str(plugged.path), "0483:374b", "066BFF")]
    monkeypatch.setattr(ports, "serial_ports", lambda: tuple(usb))
    with open_session("serial:auto", Firmware.load(chain_directory("stm32f746"))) as session:
        assert session.link.name == str(plugged.path)


def test_ctrl_c_while_the_board_is_away(board: Plug, chain_directory: ChainDirectory) -> None:
    plugged = board()
    journal = Path(f"{plugged.path}.journal")
    script = f"""
        from qmcu.cli import run
        raise SystemExit(run(["test", {str(chain_directory("stm32f746"))!r}, "--random", "3000",
                              "--on", "serial:{plugged.path}", "--resume", "{journal}"]))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (journal.exists() and journal.stat().st_size > 2000):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    plugged.unplug()
    time.sleep(0.5)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=20)
    assert (child.returncode, errors) == (130, b"qmcu: interrupted.\n")
    plugged.plug_in()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "3000 of 3000 outputs equal" in done.stdout, done.stderr
    assert not journal.exists()
