from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu import documents
from qmcu.builder import Category
from qmcu.builder.elf_layout import ElfLayout, Section, Symbol
from qmcu.builder.linker_map import InputSection, LinkerMap, Region
from qmcu.builder.memory import MemoryReport, memory_report
from qmcu.codegen import Models
from qmcu.compile.plan import ConstantArgument, Plan
from qmcu.firmware import Firmware

FLASH = Region("flash", 0x1000, 0x1000, "xr")
RAM = Region("ram", 0x8000, 0x1000, "rw")
EMPTY_PLAN = Plan("m", "00", "portable", "balanced", (), (), (), (), 0, 0, ())


def synthetic(sections: tuple[Section, ...], *inputs: InputSection) -> MemoryReport:
    layout = ElfLayout(sections, ())
    linked = LinkerMap((FLASH, RAM), inputs)
    return memory_report(linked, layout, Models.of(EMPTY_PLAN), "board", {})


@pytest.mark.parametrize("board", ["stm32f746", "netduinoplus2", "mps3-an547", "mps2-an385"])
def test_every_byte_of_the_image_is_counted_once(tmp_path: Path, board: str) -> None:
    directory = build_chain(tmp_path, board)
    report = Firmware.load(directory).memory
    image = (directory / "firmware.bin").stat().st_size
    flash = [e.size for e in report.entries if e.region == "flash"]
    assert sum(flash) == report.used("flash") == image
    assert all(size > 0 for size in flash)
    assert report.code + report.total(Category.CONSTANTS) == image
    # Whatever is not recognized would end up among the libraries.
    libraries = {e.item for e in report.entries if e.category == Category.LIBRARY}
    assert all(item.startswith("lib") for item in libraries), libraries


def test_constants_by_layer_and_role_are_those_of_the_plan(tmp_path: Path) -> None:
    firmware = Firmware.load(build_chain(tmp_path))
    plan, report = firmware.plan, firmware.memory
    expected: dict[tuple[str, str], int] = {}
    seen = set()
    for call in plan.calls:
        for argument in call.arguments:
            if isinstance(argument, ConstantArgument) and argument.constant is not None:
                constant = argument.constant
                if (constant.ctype, constant.data) not in seen:
                    seen.add((constant.ctype, constant.data))
                    key = (call.layer, constant.role)
                    expected[key] = expected.get(key, 0) + constant.size
    counted = {
        (e.item, e.role): e.size
        for e in report.entries
        if e.category == Category.CONSTANTS and e.role not in ("parameters", "calls", "identity")
    }
    assert counted == expected
    assert counted[("l00_fully_connected", "weights")] == 12 * 8


def test_ram_holds_arena_and_reserved_stack(tmp_path: Path) -> None:
    firmware = Firmware.load(build_chain(tmp_path))
    plan, board, report = firmware.plan, firmware.board, firmware.memory
    assert report.total(Category.ARENA) == plan.arena_size
    assert report.total(Category.STACK) == board.stack_size
    ram = next(r for r in report.regions if r.kind == "RAM")
    assert ram.used == sum(e.size for e in report.entries if e.region == ram.name)
    assert (ram.size, ram.headroom) == (board.ram.size, board.ram.size - ram.used)


def test_json_round_trip(tmp_path: Path) -> None:
    report = Firmware.load(build_chain(tmp_path)).memory
    assert documents.parse(documents.indented(report), MemoryReport) == report


def test_a_merged_string_is_not_counted_twice() -> None:
    text = Section(".text", 0x1000, 0x1000, 0x20, 4)
    report = synthetic(
        (text,),
        InputSection(".text", ".rodata.str1.1", 0x1000, 0x10, "runtime/a.o"),
        # Merged into the first: the map keeps its old size at the address where it would be.
        InputSection(".text", ".rodata.str1.1", 0x1010, 0x18, "runtime/b.o"),
        InputSection(".text", ".text", 0x1010, 0xC, "runtime/c.o"),
    )
    sizes = {(e.category, e.item): e.size for e in report.entries}
    assert sizes == {
        (Category.RUNTIME, "a"): 0x10,
        (Category.RUNTIME, "c"): 0xC,
        (Category.PADDING, ""): 4,
    }


def test_initial_values_count_in_flash_and_in_ram() -> None:
    text = Section(".text", 0x1000, 0x1000, 0x10, 4)
    data = Section(".data", 0x8000, 0x1014, 8, 4)
    report = synthetic(
        (text, data),
        InputSection(".text", ".text.f", 0x1000, 0x10, "kernels/add.o"),
        InputSection(".data", ".data.x", 0x8000, 6, "port/port.o"),
    )
    sizes = {(e.region, e.category, e.item): e.size for e in report.entries}
    assert sizes == {
        ("flash", Category.KERNEL, "add"): 0x10,
        ("flash", Category.INITIAL, "port"): 6,
        ("flash", Category.PADDING, ""): 4 + 2,
        ("ram", Category.STATIC, "port"): 6,
        ("ram", Category.PADDING, ""): 2,
    }
    assert [region.used for region in report.regions] == [0x1C, 8]


def test_tables_that_kernels_bring_count_as_constants_on_both_sides() -> None:
    text = Section(".text", 0x1000, 0x1000, 0x40, 4)
    table, other = ".rodata.sigmoid_table", ".rodata.multiplier"
    report = synthetic(
        (text,),
        InputSection(".text", table, 0x1000, 0x10, "obj/cmsis_nn/arm_nntables.o"),
        InputSection(".text", table, 0x1010, 0x8, "obj/kernels/lstm.o"),
        InputSection(".text", other, 0x1018, 0x8, "obj/kernels/conv.o"),
        InputSection(".text", ".rodata.table", 0x1020, 0x20, "obj/runtime/crc.o"),
    )
    sizes = {(e.category, e.item, e.role): e.size for e in report.entries}
    assert sizes == {
        (Category.CONSTANTS, "arm_nntables", "table"): 0x10,
        (Category.CONSTANTS, "lstm", "table"): 0x8,
        (Category.KERNEL, "conv", ""): 0x8,
        (Category.RUNTIME, "crc", ""): 0x20,
    }


def test_symbols_split_the_model_data() -> None:
    section = Section(".rodata", 0x1000, 0x1000, 0x20, 4)
    piece = InputSection(".rodata", ".rodata", 0x1000, 0x20, "build/obj/model_data.o")
    layout = ElfLayout((section,), (Symbol("first", 0x1000, 9), Symbol("second", 0x1010, 0x10)))
    linked = LinkerMap((FLASH, RAM), (piece,))
    report = memory_report(linked, layout, Models.of(EMPTY_PLAN), "board", {})
    assert sorted((e.category, e.size) for e in report.entries) == [
        (Category.CONSTANTS, 9 + 16),
        (Category.PADDING, 7),
    ]
