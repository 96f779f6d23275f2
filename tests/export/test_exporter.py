"""Exports: built for real where this machine can, and each file where its system looks for it."""

import json
import re
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.cmsis_nn import copy_of
from tests.support.firmware_project import write_chain, write_residual, write_wide
from tests.support.stateful_models import shift_register

from qmcu.board import list_boards, load_board
from qmcu.builder import BuildOptions
from qmcu.builder.cmsis_nn import VARIABLE
from qmcu.builder.firmware import read_file
from qmcu.cli import run
from qmcu.codegen.places import Places
from qmcu.errors import UsageError
from qmcu.export import KINDS, export_model
from qmcu.export.systems import zephyr_board
from qmcu.model.reader import parse_model
from qmcu.model.vectors import random_vectors
from qmcu.model.writer import write_model

F746 = load_board("stm32f746")
PORTABLE = BuildOptions("portable")
Capture = pytest.CaptureFixture[str]
Exporter = Callable[..., Path]
# C for a computer that is as strict as a team's own warnings are likely to be.
STRICT = "-Wall -Wextra -Werror"


@pytest.fixture
def exported(tmp_path: Path) -> Exporter:
    """`exported(kind, board, kernels)` is a folder of the small ResNet."""

    def export(kind: str, board: str = "stm32f746", kernels: str = "portable") -> Path:
        folder = tmp_path / f"{kind} folder"
        export_model(
            write_residual(tmp_path), load_board(board), [(kind, folder)], BuildOptions(kernels)
        )
        return folder

    return export


def need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


def call(*command: str | Path, cwd: Path) -> str:
    result = subprocess.run(
        list(map(str, command)), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    return result.stdout


def printed(text: str) -> bytes:
    values = re.findall(r"^output \d+:((?: -?\d+)+)$", text, re.MULTILINE)
    return np.array([int(v) for line in values for v in line.split()], np.int8).tobytes()


def expected(model: Path) -> bytes:
    content = read_file(model)
    vectors = random_vectors(parse_model(content, "m"), content, 1, seed=0)
    return b"".join(array.tobytes() for array in vectors.expected)


def test_a_cmake_library_runs_on_this_computer_as_the_oracle_does(
    exported: Exporter, tmp_path: Path
) -> None:
    need("cmake", "cc")
    folder = exported("cmake")
    call("cmake", "-B", "build", f"-DCMAKE_C_FLAGS={STRICT}", cwd=folder)
    call("cmake", "--build", "build", cwd=folder)
    shown = call(folder / "build/example", cwd=folder)
    assert printed(shown) == expected(tmp_path / "residual.tflite")
    assert shown.endswith("as expected\n")
    assert "100% tests passed" in call("ctest", "--test-dir", "build", cwd=folder)


def test_the_example_notices_a_wrong_byte(exported: Exporter) -> None:
    need("cmake", "cc")
    folder = exported("cmake")
    data = folder / "src/model_data.c"
    text = data.read_text()
    # The first number of the first array, another one.
    at = re.search(r"= \{\n\s*(-?\d+)", text)
    assert at is not None
    value = 3 if at.group(1) != "3" else 4
    data.write_text(f"{text[: at.start(1)]}{value}{text[at.end(1) :]}")
    call("cmake", "-B", "build", cwd=folder)
    call("cmake", "--build", "build", cwd=folder)
    result = subprocess.run([folder / "build/example"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout.splitlines()[-1]) == (1, "NOT as expected")


@pytest.mark.parametrize(
    ("board", "kernels"),
    [("stm32f746", "native"), ("mps3-an547", "native"), ("mps2-an385", "portable")],
)
def test_a_cmake_library_for_the_board(exported: Exporter, board: str, kernels: str) -> None:
    need("cmake", "arm-none-eabi-gcc")
    folder = exported("cmake", board, kernels)
    toolchain = ("--toolchain", "arm-none-eabi.cmake", f"-DCMAKE_C_FLAGS={STRICT}")
    call("cmake", "-B", "build", *toolchain, cwd=folder)
    call("cmake", "--build", "build", cwd=folder)
    members = call("arm-none-eabi-nm", "build/libqmcu_model.a", cwd=folder)
    for name in ("qmcu_model_init", "qmcu_model_invoke", "qmcu_model_io"):
        assert f" T {name}\n" in members


# Reset and vectors of somebody's firmware; the rest is newlib's, which prints by semihosting.
STARTUP = """
extern void _start(void);
static void reset(void)
{
    *(volatile unsigned *)0xE000ED88 |= 0xFu << 20;
    __asm volatile("dsb\\n\\tisb");
    _start();
}
__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    (void *)0x300000, (void *)reset,
};
"""


@pytest.mark.parametrize("board", ["mps2-an386", "mps2-an500"])
def test_the_native_library_runs_in_an_emulated_firmware(
    exported: Exporter, tmp_path: Path, board: str
) -> None:
    need("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
    folder = exported("cmake", board, "native")
    call("cmake", "-B", "build", "--toolchain", "arm-none-eabi.cmake", cwd=folder)
    call("cmake", "--build", "build", cwd=folder)
    assert list((folder / "src/kernels").glob("*_dsp.c"))
    (tmp_path / "startup.c").write_text(STARTUP)
    call(
        *("arm-none-eabi-gcc", *load_board(board).core.flags, "-O1", "--specs=rdimon.specs"),
        *("-Wl,--section-start=.vectors=0", "-I", folder / "include", tmp_path / "startup.c"),
        *(folder / "example/main.c", folder / "build/libqmcu_model.a", "-o", "firmware.elf"),
        cwd=tmp_path,
    )
    shown = call(
        *("qemu-system-arm", "-machine", board, "-kernel", "firmware.elf", "-nographic"),
        *("-monitor", "none", "-semihosting-config", "enable=on,target=native"),
        cwd=tmp_path,
    )
    assert printed(shown) == expected(tmp_path / "residual.tflite")


def test_a_library_inside_somebodys_cmake_project(exported: Exporter, tmp_path: Path) -> None:
    need("cmake", "cc", "c++")
    folder = exported("cmake")
    (tmp_path / "main.cpp").write_text(
        '#include "qmcu_model.h"\nint main() { qmcu_model_init(); qmcu_model_invoke();\n'
        "return qmcu_model_io()->input[0] == nullptr; }\n"
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.20)\nproject(firmware C CXX)\n"
        f'add_subdirectory("{folder}" model)\nadd_executable(firmware main.cpp)\n'
        "target_link_libraries(firmware PRIVATE qmcu::model)\n"
        "target_compile_options(firmware PRIVATE -Wall -Wextra -Wpedantic -Werror -std=c++11)\n"
    )
    call("cmake", "-B", "build", cwd=tmp_path)
    call("cmake", "--build", "build", cwd=tmp_path)
    call(tmp_path / "build/firmware", cwd=tmp_path)


def test_kernels_of_another_core_say_so(exported: Exporter) -> None:
    need("cc")
    folder = exported("cmake", kernels="native")
    command = ["cc", "-c", "-Iinclude", "-Isrc", "src/qmcu_model.c"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "exported for a core with DSP" in result.stderr


ZEPHYR_STAND_IN = """cmake_minimum_required(VERSION 3.20)
project(stand_in C)
set(CONFIG_QMCU_MODEL y)
function(zephyr_library_named name)
  add_library(${name} STATIC)
  set(ZEPHYR_CURRENT_LIBRARY ${name} PARENT_SCOPE)
endfunction()
function(zephyr_library_sources)
  target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
function(zephyr_library_include_directories)
  target_include_directories(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
function(zephyr_include_directories)
  include_directories(${ARGN})
endfunction()
function(zephyr_library_compile_options)
  target_compile_options(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${ARGN})
endfunction()
include("@MODULE@/zephyr/CMakeLists.txt")
add_executable(app "@MODULE@/samples/qmcu_model/src/main.c")
target_link_libraries(app PRIVATE qmcu_model)
"""


def test_a_zephyr_module_is_whole(exported: Exporter, tmp_path: Path) -> None:
    """Zephyr's functions stood in for by a line each: what the module hands them is built."""
    need("cmake", "cc")
    yaml = pytest.importorskip("yaml", reason="no PyYAML")
    folder = exported("zephyr")
    module = yaml.safe_load((folder / "zephyr/module.yml").read_text())
    assert (folder / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    kconfig = (folder / module["build"]["kconfig"]).read_text()
    assert "config QMCU_MODEL\n\tbool" in kconfig
    assert "depends on" not in kconfig
    sample = folder / module["samples"][0] / "qmcu_model"
    assert "CONFIG_QMCU_MODEL=y" in (sample / "prj.conf").read_text()
    tests = yaml.safe_load((sample / "sample.yaml").read_text())["tests"]
    assert tests["sample.qmcu_model"]["platform_allow"] == ["stm32f746g_disco"]
    text = (sample / "CMakeLists.txt").read_text()
    named = re.search(r"CMAKE_CURRENT_SOURCE_DIR}/(\S+)\)", text)
    assert named is not None
    assert (sample / named.group(1)).resolve() == folder.resolve()
    stand_in = tmp_path / "stand-in"
    stand_in.mkdir()
    (stand_in / "CMakeLists.txt").write_text(ZEPHYR_STAND_IN.replace("@MODULE@", str(folder)))
    call("cmake", "-B", "build", cwd=stand_in)
    call("cmake", "--build", "build", cwd=stand_in)
    assert printed(call(stand_in / "build/app", cwd=stand_in)) == expected(
        tmp_path / "residual.tflite"
    )


def test_zephyr_knows_what_the_kernels_need(exported: Exporter) -> None:
    folder = exported("zephyr", "mps3-an547", "native")
    kconfig = (folder / "zephyr/Kconfig").read_text()
    assert "depends on ARMV8_1_M_MVEI\n" in kconfig
    # arm_mve.h is for an ABI with an FPU.
    assert "depends on FPU\n" in kconfig
    assert "CONFIG_FPU=y\n" in (folder / "samples/qmcu_model/prj.conf").read_text()


@pytest.mark.parametrize(
    ("board", "now", "before"),
    [
        ("mps2-an385", "mps2/an385", "mps2_an385"),
        ("mps2-an500", "mps2/an500", "mps2_an500"),
        ("mps3-an547", "mps3/corstone300/an547", "mps3_an547"),
        ("nrf52840-dk", "nrf52840dk/nrf52840", "nrf52840dk_nrf52840"),
        ("stm32f746", "stm32f746g_disco", "stm32f746g_disco"),
    ],
)
def test_zephyrs_names_of_boards_now_and_before_3_7(board: str, now: str, before: str) -> None:
    assert zephyr_board(load_board(board)) == (now, before)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "platformio"])
def test_a_readme_names_files_that_are_there(exported: Exporter, kind: str) -> None:
    folder = exported(kind)
    text = (folder / "README.md").read_text()
    named = set(re.findall(r"`([\w/.]+\.(?:h|c|ino))`", text))
    assert len(named) == 2
    assert all((folder / name).is_file() for name in named), named


@pytest.mark.parametrize(
    ("board", "device", "pack"),
    [
        ("stm32f746", "STM32F746NGHx", "Keil::STM32F7xx_DFP@^3.0.0"),
        ("mps3-an547", "ARMCM55", "ARM::Cortex_DFP@^1.1.0"),
    ],
)
def test_a_csolution_names_only_files_that_are_there(
    exported: Exporter, board: str, device: str, pack: str
) -> None:
    yaml = pytest.importorskip("yaml", reason="no PyYAML")
    folder = exported("cmsis-toolbox", board, "native")

    def load(path: Path) -> dict[str, Any]:
        loaded = yaml.safe_load(path.read_text())
        assert isinstance(loaded, dict)
        return loaded

    solution = load(folder / "qmcu.csolution.yml")["solution"]
    assert [t["device"] for t in solution["target-types"]] == [device]
    assert {"pack": pack} in solution["packs"]
    project_file = folder / solution["projects"][0]["project"]
    project = load(project_file)["project"]
    layer_file = project_file.parent / project["layers"][0]["layer"]
    layer = load(layer_file)["layer"]
    assert layer["type"] == project["layers"][0]["type"]
    for file, part in ((project_file, project), (layer_file, layer)):
        for group in part["groups"]:
            for path in [f["file"] for f in group["files"]] + group.get("add-path", []):
                assert (file.parent / path).exists(), path
    there = {p.relative_to(folder).as_posix() for p in folder.glob("src/**/*.c")}
    assert there <= {f["file"] for f in layer["groups"][0]["files"]}


# What the schemas of Open-CMSIS-Pack/devtools (tools/projmgr/schemas, by which the files were also
# checked) allow in the places that we write: keys, and patterns of their values.
CSOLUTION_KEYS = {
    "solution": {"created-for", "description", "compiler", "packs", "target-types", "build-types",
                 "projects"},
    "project": {"groups", "layers", "linker", "misc", "output"},
    "layer": {"type", "description", "add-path", "groups"},
    "groups": {"group", "optimize", "language-C", "misc", "add-path", "files"},
    "linker": {"script", "for-compiler"},
    "misc": {"for-compiler", "C", "Link"},
    "output": {"type"},
}  # fmt: skip
PACK = r"[\w .-]+::[\w .-]+(@[\^~]?\d+\.\d+\.\d+)?"


@pytest.mark.parametrize("board", [b.name for b in list_boards()])
def test_a_csolution_is_by_the_schemas(tmp_path: Path, board: str) -> None:
    yaml = pytest.importorskip("yaml", reason="no PyYAML")
    folder = tmp_path / "solution"
    export_model(write_chain(tmp_path), load_board(board), [("cmsis-toolbox", folder)], PORTABLE)
    solution = yaml.safe_load((folder / "qmcu.csolution.yml").read_text())["solution"]
    project = yaml.safe_load((folder / "example/example.cproject.yml").read_text())["project"]
    layer = yaml.safe_load((folder / "qmcu_model.clayer.yml").read_text())["layer"]
    for name, part in (("solution", solution), ("project", project), ("layer", layer)):
        assert set(part) <= CSOLUTION_KEYS[name]
    for name in ("groups", "linker", "misc"):
        for part in project[name]:
            assert set(part) <= CSOLUTION_KEYS[name]
    assert set(project["output"]) == CSOLUTION_KEYS["output"]
    # `map` is an output since 2.7, and needs a tool that knows it.
    version = re.fullmatch(r"CMSIS-Toolbox@(\d+)\.(\d+)\.\d+", solution["created-for"])
    assert version and (int(version[1]), int(version[2])) >= (2, 7)
    assert set(project["output"]["type"]) <= {"elf", "hex", "bin", "lib", "map"}
    assert all(re.fullmatch(PACK, entry["pack"]) for entry in solution["packs"])
    assert all(re.fullmatch(r"[\w-]{1,32}", t["type"]) for t in solution["target-types"])
    # Components differ from pack to pack: startup and linker script are ours.
    assert "components" not in project and "components" not in layer
    for entry in project["linker"]:
        assert (folder / "example" / entry["script"]).is_file()


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_a_csolutions_example_starts_by_itself(
    exported: Exporter, tmp_path: Path, board: str
) -> None:
    """Built as the project file says, with its startup and linker script, and run by QEMU."""
    need("arm-none-eabi-gcc", "qemu-system-arm")
    yaml = pytest.importorskip("yaml", reason="no PyYAML")
    folder = exported("cmsis-toolbox", board, "native")
    project = yaml.safe_load((folder / "example/example.cproject.yml").read_text())["project"]
    layer = yaml.safe_load((folder / "qmcu_model.clayer.yml").read_text())["layer"]
    sources = [f"example/{f['file']}" for f in project["groups"][0]["files"]]
    sources += [f["file"] for f in layer["groups"][0]["files"] if f["file"].endswith(".c")]
    folders = layer["add-path"] + layer["groups"][0]["add-path"]
    link = project["misc"][0]["Link"]
    call(
        *("arm-none-eabi-gcc", *load_board(board).core.flags, "-O2", "-std=c11", *STRICT.split()),
        *(f"-I{name}" for name in folders),
        *(*link, "-T", f"example/{project['linker'][0]['script']}", *sources, "-o", "out.elf"),
        cwd=folder,
    )
    assert printed(emulated(board, folder / "out.elf")) == expected(tmp_path / "residual.tflite")


def emulated(board: str, elf: Path) -> str:
    return call(
        *("qemu-system-arm", "-machine", board, "-kernel", elf, "-nographic"),
        *("-monitor", "none", "-semihosting-config", "enable=on,target=native"),
        cwd=elf.parent,
    )


TWO = """
#include "first.h"
#include "second.h"
#include "../first/example/sample.h"
#include "../second/example/sample.h"
#include <stdio.h>
#include <string.h>
int main(void)
{
    first_init();
    second_init();
    memcpy(first_io()->input[0], first_sample_input_0, FIRST_INPUT_0_SIZE);
    first_invoke();
    memcpy(second_io()->input[0], second_sample_input_0, SECOND_INPUT_0_SIZE);
    second_invoke();
    printf("%d %d\\n",
           memcmp(first_io()->output[0], first_sample_output_0, FIRST_OUTPUT_0_SIZE),
           memcmp(second_io()->output[0], second_sample_output_0, SECOND_OUTPUT_0_SIZE));
    return 0;
}
"""


def test_two_exports_in_one_program(tmp_path: Path) -> None:
    need("cmake", "arm-none-eabi-gcc", "qemu-system-arm")
    board = load_board("mps2-an386")
    models = {"first": write_residual(tmp_path), "second": write_chain(tmp_path)}
    objects: list[str] = []
    for name, model in models.items():
        export_model(model, board, [("cmake", tmp_path / name)], BuildOptions("native"), name)
        call("cmake", "-B", "b", "--toolchain", "arm-none-eabi.cmake", cwd=tmp_path / name)
        call("cmake", "--build", "b", cwd=tmp_path / name)
        # Whole, so that every symbol that both had would be told.
        objects += ["-Wl,--whole-archive", f"{name}/b/lib{name}.a", "-Wl,--no-whole-archive"]
    (tmp_path / "main.c").write_text(TWO.replace("../", f"{tmp_path}/"))
    (tmp_path / "startup.c").write_text(STARTUP)
    call(
        *("arm-none-eabi-gcc", *board.core.flags, "-O1", "--specs=rdimon.specs", "main.c"),
        *("-Ifirst/include", "-Isecond/include", "-Wl,--section-start=.vectors=0", "startup.c"),
        *(*objects, "-o", "both.elf"),
        cwd=tmp_path,
    )
    assert emulated("mps2-an386", tmp_path / "both.elf").split() == ["0", "0"]


@pytest.mark.parametrize("name", ["", "Kws", "1st", "float", "a-b", "x" * 40])
def test_a_name_that_cannot_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a library's name"):
        export_model(write_chain(tmp_path), F746, [("cmake", tmp_path / "x")], PORTABLE, name)
    with pytest.raises(UsageError, match=r"whole firmware \(platformio\) has no --name"):
        export_model(write_chain(tmp_path), F746, [("platformio", tmp_path / "x")], PORTABLE, "kws")


def state_keeping(folder: Path) -> Path:
    path = folder / "register.tflite"
    path.write_bytes(write_model(shift_register(np.ones((3, 4), np.int8))))
    return path


@pytest.mark.parametrize("kind", ["cmake", "arduino"])
def test_a_model_that_keeps_a_state_is_a_library_too(tmp_path: Path, kind: str) -> None:
    need("cmake", "cc", "c++")
    model, folder = state_keeping(tmp_path), tmp_path / "register"
    export_model(model, F746, [(kind, folder)], PORTABLE)
    if kind == "cmake":
        call("cmake", "-B", "b", f"-DCMAKE_C_FLAGS={STRICT}", cwd=folder)
        call("cmake", "--build", "b", cwd=folder)
        shown = call(folder / "b/example", cwd=folder)
        assert shown.endswith("as expected\n")
        # The first step of a sequence: `init` has set the state.
        assert printed(shown) and expected(model).startswith(printed(shown))
        assert "void qmcu_model_reset(void);" in (folder / "include/qmcu_model.h").read_text()
        return
    sources = [p.relative_to(folder) for p in sorted(folder.glob("src/**/*.c"))]
    call("cc", "-c", "-std=gnu11", "-Wall", "-Werror", "-I", "src", *sources, cwd=folder)


def test_a_state_keeping_model_in_two_systems_compiles_for_its_board(tmp_path: Path) -> None:
    need("arm-none-eabi-gcc")
    targets = [(kind, tmp_path / kind) for kind in ("zephyr", "cmsis-toolbox")]
    export_model(state_keeping(tmp_path), F746, targets, BuildOptions("native"))
    for _, folder in targets:
        sources = [p.relative_to(folder) for p in sorted(folder.glob("src/**/*.c"))]
        include = ["-I", "src", "-I", "include"]
        flags = (*F746.core.flags, "-std=c11", "-Wall", "-Werror", "-c")
        call("arm-none-eabi-gcc", *flags, *include, *sources, cwd=folder)


def sections(program: Path) -> set[str]:
    shown = call("arm-none-eabi-objdump", "-h", program, cwd=program.parent)
    return set(re.findall(r"^ *\d+ (\S+)", shown, re.MULTILINE))


def test_what_lies_outside_has_sections_of_its_own(tmp_path: Path) -> None:
    need("cmake", "arm-none-eabi-gcc")
    places = Places(weights=True, arena=True)
    folder, options = tmp_path / "wide", BuildOptions("native", places=places)
    export_model(write_wide(tmp_path), F746, [("cmake", folder)], options)
    call("cmake", "-B", "b", "--toolchain", "arm-none-eabi.cmake", cwd=folder)
    call("cmake", "--build", "b", cwd=folder)
    found = sections(folder / "b/libqmcu_model.a")
    assert ".bss.qmcu_arena" in found
    assert any(name.startswith(".qmcu_external_flash.") for name in found)
    told = (folder / "README.md").read_text()
    assert "`.qmcu_external_flash.*`" in told and "`.bss.qmcu_arena`" in told
    export_model(write_wide(tmp_path), F746, [("cmake", folder)], BuildOptions("native"))
    assert "external" not in (folder / "README.md").read_text()


def test_platformio_takes_an_arena_outside_and_no_weights(tmp_path: Path) -> None:
    outside = BuildOptions("native", places=Places(arena=True))
    export_model(write_wide(tmp_path), F746, [("platformio", tmp_path / "fw")], outside)
    scripts = [p.read_text() for p in (tmp_path / "fw").rglob("*.ld")]
    assert any("external_ram" in text for text in scripts)
    with pytest.raises(UsageError, match="no image of external flash"):
        export_model(
            write_wide(tmp_path), F746, [("platformio", tmp_path / "x")],
            BuildOptions("native", places=Places(weights=True)),
        )  # fmt: skip


ARDUINO_STAND_IN = """
#include <stdint.h>
#include <stdio.h>
struct Port {
    void begin(long) {}
    void print(const char *text) { printf("%s", text); }
    void print(unsigned long value) { printf("%lu", value); }
    void println(const char *text) { printf("%s\\n", text); }
};
static Port Serial;
static unsigned long micros() { return 0; }
static void delay(unsigned long) {}
#include "Sample.ino"
int main() { setup(); loop(); }
"""


def test_an_arduino_library_compiles_and_its_sketch_runs(
    exported: Exporter, tmp_path: Path
) -> None:
    """As Arduino does: every C file below src, with src alone on the path; a sketch is C++."""
    need("cc", "c++")
    folder = exported("arduino")
    sources = [p.relative_to(folder) for p in sorted(folder.glob("src/**/*.c"))]
    call("cc", "-c", "-std=gnu11", "-Os", "-Wall", "-Werror", "-I", "src", *sources, cwd=folder)
    sketch = folder / "examples/Sample"
    (tmp_path / "main.cpp").write_text(ARDUINO_STAND_IN)
    objects = sorted(folder.glob("*.o"))
    call(
        *("c++", "-std=gnu++11", "-I", str(folder / "src"), "-I", str(sketch), "main.cpp"),
        *map(str, objects),
        *("-o", "sketch"),
        cwd=tmp_path,
    )
    assert call(tmp_path / "sketch", cwd=tmp_path).startswith("as expected,")
    fields = dict(
        line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines()
    )
    assert set(fields) >= {"name", "version", "author", "maintainer", "sentence", "paragraph",
                           "category", "url", "architectures"}  # fmt: skip
    # What arduino-lint calls an error: an empty field, a URL that is none, a name of other letters.
    assert all(fields.values()) and re.fullmatch(r"https://[^/ ]+/\S*", fields["url"])
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{2,62}", fields["name"])
    assert (folder / "src" / fields["includes"]).is_file()
    manifest = json.loads((folder / "library.json").read_text())
    assert manifest["name"] == fields["name"] and manifest["version"] == fields["version"]
    assert (folder / manifest["build"]["srcDir"]).is_dir()
    for example in manifest["examples"]:
        assert all((folder / example["base"] / name).is_file() for name in example["files"])


def test_an_int_of_16_bits_is_refused(exported: Exporter, tmp_path: Path) -> None:
    """As AVR's is: sums of the kernels would wrap without a word."""
    source = exported("arduino") / "src/qmcu_model.c"
    small = tmp_path / "limits.h"
    small.write_text("#define INT_MAX 32767\n")
    include = ["-I", str(tmp_path), "-I", str(source.parent)]
    done = subprocess.run(
        ["cc", "-fsyntax-only", *include, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode and "compute in an int of 32 bits" in done.stderr


def test_platformio_packs_the_library(
    exported: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("pio")
    monkeypatch.setenv("PLATFORMIO_CORE_DIR", str(tmp_path / "core"))
    folder = exported("arduino")
    call("pio", "pkg", "pack", folder, "-o", "packed.tar.gz", cwd=tmp_path)
    with tarfile.open(tmp_path / "packed.tar.gz") as packed:
        assert {"library.json", "src/qmcu_model.h"} <= set(packed.getnames())


def test_cmsis_nn_comes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: Exporter
) -> None:
    monkeypatch.setenv(VARIABLE, str(copy_of(tmp_path / "CMSIS-NN")))
    folder = exported("cmake", kernels="cmsis-nn")
    text = (folder / "CMakeLists.txt").read_text()
    assert "src/cmsis_nn/arm_convolve_wrapper_s8.c" in text
    assert "PRIVATE src src/cmsis_nn/Include)" in text
    assert (folder / "src/cmsis_nn/LICENSE").read_text() == "the licence"


def contents(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def test_two_exports_are_the_same_and_replace_each_other(tmp_path: Path) -> None:
    model = write_chain(tmp_path)
    first = [(kind, tmp_path / "a" / kind) for kind in KINDS]
    export_model(model, F746, first, PORTABLE)
    export_model(model, F746, [(kind, tmp_path / "b" / kind) for kind in KINDS], PORTABLE)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    own = tmp_path / "a/cmake/notes"
    own.write_text("x")
    export_model(model, F746, first, PORTABLE)
    assert own.read_text() == "x"
    own.unlink()
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    for data in contents(tmp_path / "a").values():
        assert str(tmp_path).encode() not in data


def test_the_marker_says_what_a_folder_is(exported: Exporter) -> None:
    document = json.loads((exported("cmake") / "qmcu-export.json").read_text())
    assert (document["kind"], document["board"], document["kernels"]) == (
        "cmake", "stm32f746", "portable",
    )  # fmt: skip
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    assert document["qmcu"] == tomllib.loads(pyproject.read_text())["project"]["version"]


def test_refusals(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = str(write_chain(tmp_path))

    def said(*arguments: str) -> str:
        assert run(["export", *arguments]) == 2
        return capsys.readouterr().err

    assert "at least one of --platformio, --cmake, --zephyr, --cmsis-toolbox, --arduino" in said(
        model, "--board", "stm32f746"
    )
    assert "no board given" in said(model, "--cmake", "c")
    assert "no MODEL given" in said("--board", "stm32f746", "--cmake", "c")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").write_text("x")
    assert "choose another output directory" in said(
        model, "--board", "stm32f746", "--cmake", "mine"
    )
    with pytest.raises(UsageError, match="no export 'make'"):
        export_model(Path(model), F746, [("make", tmp_path / "x")], PORTABLE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["chain.tflite", "mine"]
