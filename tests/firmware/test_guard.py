"""A release: checked at boot and while it works, protected memory, faults that end in a reset."""

import itertools
import shutil
from pathlib import Path
from typing import Protocol

import pytest
from tests.support.firmware_project import write_chain
from tests.support.fixtures import Builder

from qmcu import documents
from qmcu.board import Board, list_boards, load_board
from qmcu.builder import BuildOptions, build_firmware
from qmcu.builder.classify import constant_owners
from qmcu.builder.compiling import build_project
from qmcu.builder.firmware import FORMAT, compile_model, measure
from qmcu.builder.seal import seal_image
from qmcu.codegen import generate_project
from qmcu.codegen.protection import protection_of
from qmcu.codegen.protocols import ProtocolOptions
from qmcu.device.session import Refused, Session
from qmcu.device.targets import open_session, unicorn_machine
from qmcu.device.unicorn import UnicornLink
from qmcu.errors import DeviceError, GuestFault
from qmcu.files import BUILD_MARKER
from qmcu.firmware import Firmware

INPUT = bytes(range(1, 13))
qemu = pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="QEMU is not installed")
# What breaks: C put before the first layer's call, which happens when the first input is 7.
SMASH = """volatile int count = 16; volatile char text[8];
    for (int i = 0; i < count; ++i) { text[i] = 1; } (void)text[0];"""
TRIALS = {
    "write to code": ("*(volatile int *)(uintptr_t)&qmcu_model_invoke = 1", "forbidden address"),
    "write to constants": (
        "*(volatile int *)(uintptr_t)qmcu_model_sha256 = 1", "forbidden address",
    ),
    "code in the arena": (
        "((void (*)(void))(uintptr_t)(qmcu_model_arena + 1))()", "a place that is not executable",
    ),
    "below the stack": ("*(volatile uint32_t *)0x20000010u = 1", "forbidden address"),
    "watchdog": (
        "*(volatile uint32_t *)0x40008000u = 100000; for (;;) {}", "non-maskable interrupt",
    ),
}  # fmt: skip


class Releases(Protocol):
    """`release(board, crash)` is a firmware directory."""

    def __call__(self, board: str, crash: str = "", every: int = 16) -> Path: ...


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    def build(board: str, crash: str = "", every: int = 16) -> Path:
        folder = tmp_path_factory.mktemp("release")
        directory = folder / board
        options = BuildOptions("portable", release=True, check_every=every)
        model, described = write_chain(folder), load_board(board)
        if not crash:
            build_firmware(model, described, directory, options)
            return directory
        directory.mkdir()
        compiled = compile_model(model, described, options)
        protocol = ProtocolOptions(False, True, every)
        generate_project(compiled.plan, described, compiled.content, directory, protocol=protocol)
        source = directory / "src/model.c"
        text = source.read_text()
        start = text.index("qmcu_fully_connected(\n")
        broken = f"if (qmcu_model_inputs[0].data[0] == 7) {{\n{crash};\n}}\n"
        declared = "void qmcu_model_invoke(void);\n" if "invoke" in crash else ""
        head = '#include "model.h"\n'
        text = text[:start] + broken + text[start:]
        source.write_text(text.replace(head, head + declared, 1))
        result = build_project(directory)
        seal_image(result, False)
        report = measure(result, compiled.models, board)
        (directory / BUILD_MARKER).write_text(documents.indented(report, format=FORMAT))
        return directory

    return build


def link_of(session: Session) -> UnicornLink:
    assert isinstance(session.link, UnicornLink)
    return session.link


def flip(session: Session, address: int, bit: int = 0) -> None:
    emulator = link_of(session)._emulator
    byte = emulator.mem_read(address, 1)[0]
    emulator.mem_write(address, bytes([byte ^ 1 << bit]))


def a_weight(firmware: Firmware) -> int:
    symbols = firmware.image.symbols
    return min(symbols[name] for name in constant_owners(firmware.plan) if name in symbols)


@qemu
@pytest.mark.parametrize("trial", TRIALS)
def test_memory_is_protected_and_a_fault_ends_in_a_reset(release: Releases, trial: str) -> None:
    crash, words = TRIALS[trial]
    with open_session("qemu", Firmware.load(release("mps2-an386", crash)), timeout_s=20) as session:
        guard = session.hello.guard
        assert guard is not None and guard.regions == 4 and guard.watchdog_ms == 8000
        assert guard.sealed and not guard.damaged and guard.resets == 0 and guard.fault is None
        expected = session.infer([INPUT]).outputs
        for times in (1, 2):
            with pytest.raises(GuestFault, match=words):
                session.infer([bytes([7]) + INPUT[1:]])
            session.greet()
            guard = session.hello.guard
            assert guard is not None and guard.fault is not None and guard.resets == times
        assert session.infer([INPUT]).outputs == expected


@qemu
def test_armv8_has_its_own_regions(release: Releases) -> None:
    crash, words = TRIALS["code in the arena"]
    with open_session("qemu", Firmware.load(release("mps3-an547", crash)), timeout_s=20) as session:
        assert session.hello.guard is not None and session.hello.guard.regions == 3
        assert session.hello.guard.watchdog_ms == 0
        session.infer([INPUT])
        with pytest.raises(GuestFault, match=words):
            session.infer([bytes([7]) + INPUT[1:]])
        session.greet()
        assert session.hello.guard.resets == 1


def test_an_overwritten_canary_is_told(release: Releases) -> None:
    firmware = Firmware.load(release("stm32f746", SMASH))
    with (
        open_session("unicorn", firmware) as session,
        pytest.raises(GuestFault, match=r"a function wrote over its stack at .* l00"),
    ):
        session.infer([bytes([7]) + INPUT[1:]])


def test_flash_that_changes_is_noticed_in_so_many_inferences(release: Releases) -> None:
    firmware = Firmware.load(release("stm32f746", every=4))
    for before in (10, 11):
        with open_session("unicorn", firmware) as session:
            expected = session.infer([INPUT]).outputs
            for _ in range(before):
                assert session.infer([INPUT]).outputs == expected
            flip(session, a_weight(firmware))
            with pytest.raises(GuestFault, match="the image in flash changed while it ran"):
                for _ in range(2 * 4):
                    session.infer([INPUT])
            # After the reset the boot check finds it as well, and no inference is answered.
            with pytest.raises(DeviceError, match="was changed after the build, or is damaged"):
                session.greet()
            guard = session.hello.guard
            assert guard is not None and guard.damaged and guard.resets == 1
            with pytest.raises(Refused, match="damaged image"):
                session.infer([INPUT])


def test_with_one_no_answer_leaves_after_a_change(release: Releases) -> None:
    firmware = Firmware.load(release("stm32f746", every=1))
    with open_session("unicorn", firmware) as session:
        session.infer([INPUT])
        flip(session, a_weight(firmware), 5)
        with pytest.raises(GuestFault, match="the image in flash changed"):
            session.infer([INPUT])


def test_a_flipped_bit_is_found_at_boot(release: Releases) -> None:
    firmware = Firmware.load(release("stm32f746"))
    link = UnicornLink(firmware.image, unicorn_machine(firmware.board))
    address = firmware.image.symbols["qmcu_seal"]
    link._emulator.mem_write(address, bytes([link._emulator.mem_read(address, 1)[0] ^ 4]))
    with Session(link) as session:
        assert session.hello.guard is not None and session.hello.guard.damaged
        with pytest.raises(Refused, match="damaged image"):
            session.infer([INPUT])


def test_what_is_linked_by_hand_has_no_seal_and_says_so(release: Releases, tmp_path: Path) -> None:
    directory = tmp_path / "again"
    shutil.copytree(release("stm32f746"), directory)
    (directory / "firmware.elf").unlink()
    build_project(directory)
    with open_session("unicorn", Firmware.load(directory)) as session:
        assert session.hello.guard is not None and not session.hello.guard.sealed
        session.infer([INPUT])


def test_a_build_that_is_no_release_has_nothing_of_it(firmware: Builder) -> None:
    built = Firmware.load(firmware("stm32f746"))
    assert not {"qmcu_kept", "qmcu_seal"} & set(built.image.symbols)
    with open_session("unicorn", built) as session:
        assert session.hello.guard is None


@pytest.mark.parametrize("board", list_boards(), ids=lambda board: str(board.name))
def test_the_regions_of_every_board_are_as_its_core_wants_them(board: Board) -> None:
    protection = protection_of(board)
    assert protection is not None
    armv8 = board.core.cpu in ("cortex-m33", "cortex-m55", "cortex-m85")
    places = {}
    for region in protection.regions:
        if armv8:
            start, end = region.base & ~31, (region.attributes | 31) + 1
        else:
            start, end = region.base, region.base + (2 << (region.attributes >> 1 & 31))
            size = end - start
            assert start % size == 0 and size & (size - 1) == 0
        assert region.attributes & 1
        places[region.what] = (start, end)
    start, end = places["image"]
    assert start <= board.flash.start and board.flash.end <= end
    start, end = places["RAM"]
    assert start <= board.ram.start and board.ram.end <= end
    if armv8:
        ordered = sorted(places.values())
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(ordered))
    else:
        assert protection.first + len(protection.regions) <= 8
        assert places["guard"][0] == board.ram.start
