"""Renode as a device: its scripts are right by the recorded names, and whatever goes wrong with
the program is told as what it was. A stand-in for the program (fake_renode.py) is always there;
the real one is used where it is installed."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.device.fake_renode import NAMES, MonitorError, Platform
from tests.support.fixtures import ChainDirectory
from tests.support.processes import is_alive, read_line, wait_until_gone

from qmcu.board import Board, list_boards, load_board
from qmcu.cli import run
from qmcu.device import infer_all, open_session
from qmcu.device.image import read_image
from qmcu.device.renode import RenodeLink
from qmcu.device.renode_program import find_renode, renode_version
from qmcu.device.renode_script import board_script, platform_file
from qmcu.device.session import Session
from qmcu.errors import DeviceError, GuestFault, ToolError
from qmcu.firmware import Firmware
from qmcu.model.vectors import random_vectors, save_vectors
from qmcu.resources import renode_directory

HERE = Path(__file__).parent
BOARDS = [board for board in list_boards() if board.renode]
VECTORS = [[bytes((7 * i + j) % 256 for j in range(12))] for i in range(20)]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in as QMCU_RENODE."""
    program = tmp_path / "bin" / "renode"
    program.parent.mkdir()
    # What runs is found again by this test's own folder: others run stand-ins at the same time.
    python = f'"{sys.executable}" -X "of={tmp_path}"'
    program.write_text(f'#!/bin/sh\n{python} "{HERE / "fake_renode.py"}" "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("QMCU_RENODE", str(program))
    monkeypatch.setenv("TAKEN", str(tmp_path / "taken"))
    renode_version.cache_clear()
    return program


@pytest.fixture
def renode(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real program, or a skip."""
    try:
        renode_version(find_renode())
    except ToolError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_platforms_use_only_names_that_renode_has(board: Board) -> None:
    platform = Platform(platform_file(board))
    # Cortex-M0+ has no DWT.
    counters = {"dwt"} if board.counter == "dwt" else set()
    assert {"cpu", board.uart.name.lower(), *counters} <= set(platform.peripherals)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_memories_and_uart_of_our_own_platforms_are_the_boards(board: Board) -> None:
    text = platform_file(board).read_text()
    if "using " in text:
        pytest.skip("the memories are those of Renode's own platform")
    found = re.findall(r"Memory\.MappedMemory @ sysbus (0x\w+)\n    size: (0x\w+)", text)
    memories = {(int(start, 16), int(size, 16)) for start, size in found}
    assert {(m.start, m.size) for m in (board.flash, board.ram)} <= memories
    uart = re.search(rf"^{board.uart.name.lower()}: \S+ @ sysbus <?(0x\w+)", text, re.MULTILINE)
    assert uart and int(uart[1], 16) == board.uart.base
    kind = {"cortex-m0plus": "cortex-m0+"}.get(board.core.cpu, board.core.cpu)
    assert f'cpuType: "{kind}"' in text


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_scripts_use_only_names_that_renode_has(board: Board) -> None:
    script = board_script(board, Path("/a b/x.repl"), Path("/a b/x.elf"), 4711)
    assert "{{" not in script
    assert r"@/a\ b/x.repl" in script and r"@/a\ b/x.elf" in script
    for line in (line for line in script.splitlines() if line and not line.startswith("#")):
        command, *rest = line.split()
        assert NAMES["commands"][command] == [""] or rest[0] in NAMES["commands"][command], line
    assert f"connector Connect sysbus.{board.uart.name.lower()} qmcu" in script
    assert f"cpu VectorTableOffset 0x{board.vectors:08X}" in script
    # The monitor ends a command at a semicolon, but not in a string.
    assert '"/a;b/x.elf"' in board_script(board, Path("/x.repl"), Path("/a;b/x.elf"), 4711)


def test_every_platform_file_is_of_a_board() -> None:
    files = {path.name for path in renode_directory().glob("*.repl")}
    assert files == {board.renode for board in BOARDS}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_the_boards_counter_ticks_once_an_instruction(board: Board) -> None:
    text = platform_file(board).read_text()
    line = {
        "dwt": r"Miscellaneous\.DWT .*\n    frequency: (\d+)",
        "systick": r"systickFrequency: (\d+)",
    }
    frequency = re.search(line[board.counter], text)
    mips = re.search(r"PerformanceInMips (\d+)", board_script(board, Path("x"), Path("y"), 1))
    assert frequency and mips and int(frequency[1]) == int(mips[1]) * 1_000_000


def test_the_recorded_names_have_their_source() -> None:
    for source in ("renode", "infrastructure"):
        assert re.fullmatch(r"[0-9a-f]{40}", NAMES["source"][source]["commit"])
    assert NAMES["source"]["renode"]["tag"] == "v1.16.1"


@pytest.mark.parametrize(
    "wrong",
    [
        "usart9: UART.Nonsense @ sysbus 0x40011000",
        'using "x"',
        "usart2: UART.STM32_UART @ sysbus 0x40004400",
        "dwt: Miscellaneous.DWT @ sysbus 0xE0001000\n    size: 4",
    ],
)
def test_a_wrong_name_is_noticed(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "x.repl").write_text(wrong + "\n")
    with pytest.raises(MonitorError):
        Platform(tmp_path / "x.repl")


@pytest.mark.parametrize("name", ["stm32f746", "stm32f407"])
def test_a_session_gives_the_bytes_and_counts_of_the_instructions(
    fake: Path, chain_directory: ChainDirectory, name: str
) -> None:
    directory = chain_directory(name)
    with open_session("unicorn", Firmware.load(directory)) as session:
        expected = [session.infer(vector).outputs for vector in VECTORS[:5]]
        counted = session.profile(VECTORS[0])
    with open_session("renode", Firmware.load(directory)) as session:
        link = session.link
        assert isinstance(link, RenodeLink) and link.name == "renode 1.16.1"
        assert [session.infer(vector).outputs for vector in VECTORS[:5]] == expected
        profile = session.profile(VECTORS[0])
        assert profile.layers == counted.layers
        assert profile.unit == "instructions" and "DWT CYCCNT of renode 1.16.1" in profile.how
        # The CPU's own count spans the whole exchange.
        assert profile.total < link.instructions < profile.total + 100_000
        pid = link._monitor.process.pid
    assert not is_alive(pid)


def test_workers_have_a_renode_each(fake: Path, chain_directory: ChainDirectory) -> None:
    directory = chain_directory("stm32f746")
    expected = infer_all("unicorn", Firmware.load(directory), VECTORS, workers=1)
    found = infer_all("renode", Firmware.load(directory), VECTORS, workers=2)
    assert [r.outputs for r in found] == [r.outputs for r in expected]


def test_the_command_line_runs_on_renode(
    fake: Path, chain_directory: ChainDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["test", str(chain_directory("stm32f746")), "--on", "renode", "--random", "5",
                "--jobs", "1"]) == 0  # fmt: skip
    assert "5 of 5 outputs equal" in capsys.readouterr().out


def test_a_script_error_is_told_though_the_exit_code_is_0(
    fake: Path,
    chain_directory: ChainDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = shutil.copytree(chain_directory("stm32f746"), tmp_path / "copy")
    board = json.loads((copy / "board.json").read_text())
    board["uart"]["name"] = "USART9"
    (copy / "board.json").write_text(json.dumps(board))
    with pytest.raises(
        DeviceError,
        match=r"renode 1.16.1: There was an error executing command 'connector Connect "
        r"sysbus.usart9 qmcu': Parameters did not match the signature\.",
    ):
        open_session("renode", Firmware.load(copy))
    board["renode"] = "nothing.repl"
    (copy / "board.json").write_text(json.dumps(board))
    with pytest.raises(DeviceError, match=r"no .*nothing\.repl; correct emulators\.renode"):
        open_session("renode", Firmware.load(copy))


def test_a_port_that_was_taken_meanwhile_is_replaced(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_RENODE", "taken")
    with open_session("renode", Firmware.load(chain_directory("stm32f746"))) as session:
        assert session.infer(VECTORS[0])
    assert Path(os.environ["TAKEN"]).exists()


def test_a_time_out_is_in_virtual_time(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = chain_directory("stm32f746")
    with open_session("renode", Firmware.load(directory)) as session:
        link = session.link
        assert isinstance(link, RenodeLink)
        link._spent_s, link._usual_s = 0.0, 0.001
        commands: list[str] = []
        real = link._monitor.command

        def record(text: str, *limit: float) -> str:
            commands.append(text)
            return real(text, *limit)

        monkeypatch.setattr(link._monitor, "command", record)
        assert link.read(0.5) == b""
        monkeypatch.setattr(link._monitor, "command", real)
    steps = [float(re.fullmatch(r'emulation RunFor "([\d.]+)"', c)[1]) for c in commands]  # type: ignore[index]
    assert sum(steps) == pytest.approx(0.5, abs=1e-5)
    # Of what ran before, an eighth at most runs on after the answer.
    assert all(
        step <= max(sum(steps[:at]) / 8, 0.001) + 1e-6 for at, step in enumerate(steps) if at
    )


def test_an_exchange_is_first_given_what_the_last_one_took(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_session("renode", Firmware.load(chain_directory("stm32f746"))) as session:
        link = session.link
        assert isinstance(link, RenodeLink)
        link._spent_s = 0.4
        link.write(b"")
        assert link._slice_s() == pytest.approx(0.4, rel=0.1)
        link._spent_s = 0.4
        assert link._slice_s() == pytest.approx(0.05, rel=0.1)


@pytest.fixture
def wild(chain_directory: ChainDirectory, tmp_path: Path) -> Path:
    """An image that jumps outside all memories, in a folder with a semicolon in its name."""
    source = chain_directory("stm32f746") / "firmware.elf"
    data, first = bytearray(source.read_bytes()), read_image(source).segments[0]
    at = data.index(first.data[:64])
    reset = int.from_bytes(first.data[4:8], "little") & ~1
    # nop where the literal would not be aligned; ldr r0, [pc]; bx r0; 0x60000001
    code = bytes.fromhex("00bf" * (reset % 4 // 2) + "0048004701000060")
    place = at + reset - first.address
    data[place : place + len(code)] = code
    path = tmp_path / "a;b" / "wild.elf"
    path.parent.mkdir()
    path.write_bytes(data)
    return path


def check_that_a_stopped_processor_is_told(image: Path) -> None:
    started = time.monotonic()
    with pytest.raises(GuestFault, match=r"crashed at 0x60000000.*CPU abort \[PC=0x60000000\]"):
        Session(RenodeLink(read_image(image), load_board("stm32f746")))
    assert time.monotonic() - started < 30


def test_a_processor_that_stops_is_told_at_once(fake: Path, wild: Path) -> None:
    check_that_a_stopped_processor_is_told(wild)
    assert_gone(fake)


def test_the_real_renode_tells_that_the_processor_stopped(renode: None, wild: Path) -> None:
    check_that_a_stopped_processor_is_told(wild)


def test_nothing_is_left_in_the_temporary_directory(
    fake: Path,
    chain_directory: ChainDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    infer_all("renode", Firmware.load(chain_directory("stm32f746")), VECTORS, workers=2)
    assert not list(folder.iterdir())
    assert_gone(fake)


def test_profile_and_vectors_share_one_renode(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    real = RenodeLink._start

    def start(link: RenodeLink, *given: object) -> None:
        started.append(link)
        real(link, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(RenodeLink, "_start", start)
    assert run(["test", str(chain_directory("stm32f746")), "--on", "renode", "--random", "5"]) == 0
    assert len(started) == 1


def test_a_silent_firmware_is_given_up(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_RENODE", "mute")
    board = load_board("stm32f746")
    link = RenodeLink(read_image(chain_directory("stm32f746") / "firmware.elf"), board)
    with pytest.raises(
        DeviceError, match=r"renode 1\.16\.1 did not answer HELLO within.*at 0x[0-9a-f]{8} in \w+\)"
    ):
        Session(link, open_timeout_s=0.5)


def test_a_renode_that_dies_is_told(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_RENODE", "dies")
    with pytest.raises(DeviceError, match=r"renode 1.16.1 ended with status 134"):
        open_session("renode", Firmware.load(chain_directory("stm32f746")))


def test_a_renode_that_hangs_is_told_and_killed(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qmcu.device import renode as module

    monkeypatch.setattr(module, "_PACE", 0.5)
    monkeypatch.setenv("FAKE_RENODE", "hangs")
    for name in ("COMMAND_S", "_QUIT_S"):
        monkeypatch.setattr(module, name, 0.5)
    with pytest.raises(DeviceError, match=r"did not finish 'emulation RunFor .* in time"):
        open_session("renode", Firmware.load(chain_directory("stm32f746")))
    assert_gone(fake)


def processes_of(fake: Path) -> list[int]:
    """What runs of this test's stand-in, the script around it included."""
    word, found = str(fake.parent.parent), []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if word.encode() in words and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


def assert_gone(fake: Path) -> None:
    # Whoever is killed without being our child is gone a moment later.
    deadline = time.monotonic() + 5
    while processes_of(fake) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not processes_of(fake)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_renode_does_not_outlive_its_parent(
    fake: Path, chain_directory: ChainDirectory, number: int
) -> None:
    script = f"""
        import time
        from pathlib import Path
        from qmcu.device import open_session
        from qmcu.firmware import Firmware
        firmware = Firmware.load(Path({str(chain_directory("stm32f746"))!r}))
        with open_session("renode", firmware) as session:
            print(session.link._monitor.process.pid, flush=True)
            while True:
                session.infer([bytes(12)])
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    pid = int(read_line(parent))
    assert is_alive(pid)
    time.sleep(0.3)
    parent.send_signal(number)
    parent.wait(20)
    assert wait_until_gone(pid)
    # The emulator behind the program, which is a shell script here, ends with its input.
    assert_gone(fake)


def test_an_old_renode_is_refused(
    fake: Path, chain_directory: ChainDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_RENODE", "old")
    with pytest.raises(ToolError, match=r"is Renode 1\.14\.0; 1\.15 or newer .*1\.16\.1 was seen"):
        open_session("renode", Firmware.load(chain_directory("stm32f746")))


def test_where_renode_is_looked_for(
    fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_renode() == str(fake)
    monkeypatch.setenv("QMCU_RENODE", str(fake.parent))
    assert find_renode() == str(fake)
    monkeypatch.setenv("QMCU_RENODE", str(tmp_path / "nothing"))
    with pytest.raises(ToolError, match=r"QMCU_RENODE is .*nothing, where no renode"):
        find_renode()
    monkeypatch.delenv("QMCU_RENODE")
    monkeypatch.setenv("PATH", str(fake.parent))
    assert find_renode() == str(fake)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("HOME", str(tmp_path))
    for version in ("1.9.0", "1.16.1"):
        shutil.copytree(fake.parent, tmp_path / f"renode_{version}_portable")
    assert find_renode() == str(tmp_path / "renode_1.16.1_portable" / "renode")
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(ToolError, match=r"not found on PATH; .*portable archive.*QMCU_RENODE"):
        find_renode()


@pytest.mark.parametrize("name", [board.name for board in BOARDS])
def test_the_real_renode_gives_the_emulators_bytes(
    renode: None, chain_directory: ChainDirectory, name: str
) -> None:
    directory = chain_directory(name)
    other = next(emulator for emulator in load_board(name).emulators if emulator != "renode")
    expected = infer_all(other, Firmware.load(directory), VECTORS, workers=1)
    found = infer_all("renode", Firmware.load(directory), VECTORS, workers=1)
    assert [r.outputs for r in found] == [r.outputs for r in expected]


def test_the_board_without_renode_is_refused(chain_directory: ChainDirectory) -> None:
    assert load_board("mps3-an547").renode is None
    with pytest.raises(DeviceError, match="mps3-an547 does not run on renode; take qemu"):
        open_session("renode", Firmware.load(chain_directory("mps3-an547")))


@pytest.fixture
def robot(chain_directory: ChainDirectory, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """`robot(**variables)` runs renode/qmcu.robot with Robot Framework; exit code and log."""
    pytest.importorskip("robot", reason="robotframework is not installed")

    def execute(**variables: object) -> tuple[int, str]:
        suite = tmp_path / "qmcu.robot"
        text = (renode_directory() / "qmcu.robot").read_text()
        library = "Library           tests.device.robot_stand_in.RobotStandIn\n"
        suite.write_text(text.replace("Test Teardown ", library + "Test Teardown ", 1))
        chosen = {"DIRECTORY": chain_directory("stm32f746"), **variables}
        options = [word for n, v in chosen.items() for word in ("--variable", f"{n}:{v}")]
        done = subprocess.run(
            [sys.executable, "-m", "robot", *options, "--outputdir", str(tmp_path), str(suite)],
            capture_output=True, text=True, cwd=HERE.parents[1], timeout=120,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[1]), *sys.path])},
        )  # fmt: skip
        return done.returncode, done.stdout

    return execute


def test_the_robot_suite_passes(
    robot: Callable[..., tuple[int, str]], chain_directory: ChainDirectory, tmp_path: Path
) -> None:
    code, log = robot()
    assert (code, "4 tests, 3 passed, 0 failed, 1 skipped" in log) == (0, True), log
    clean = make_vectors(chain_directory, tmp_path / "clean.npz", None)
    triggered = make_vectors(chain_directory, tmp_path / "triggered.npz", True)
    code, log = robot(VECTORS=clean, TRIGGERED=triggered)
    assert (code, "4 tests, 4 passed, 0 failed" in log) == (0, True), log


def test_the_robot_suite_fails_for_one_wrong_byte(
    robot: Callable[..., tuple[int, str]], chain_directory: ChainDirectory, tmp_path: Path
) -> None:
    wrong = make_vectors(chain_directory, tmp_path / "wrong.npz", None, harm=True)
    clean = make_vectors(chain_directory, tmp_path / "clean.npz", False)
    code, log = robot(VECTORS=wrong, TRIGGERED=clean)
    assert code == 2, log
    assert "vector 3: the outputs differ." in log
    assert "clean.npz has inputs without a trigger" in log


def make_vectors(
    chain_directory: ChainDirectory, path: Path, tag: bool | None, harm: bool = False
) -> Path:
    graph, content = Firmware.load(chain_directory("stm32f746")).model
    vectors = random_vectors(graph, content, 5, seed=1)
    if tag is not None:
        vectors = dataclasses.replace(vectors, triggered=np.full(5, tag))
    if harm:
        vectors.expected[0][3, 0, 0] ^= 1
    save_vectors(vectors, path)
    return path
