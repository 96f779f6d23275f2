"""Several models in one export: built and run where this machine can, else looked through."""

import re
from pathlib import Path

import pytest
import yaml
from tests.export.test_exporter import ARDUINO_STAND_IN, F746, PORTABLE, STRICT, call, need
from tests.support.firmware_project import write_chain
from tests.support.stateful_models import shift_register

from qmcu.builder.several import Several, name_models
from qmcu.cli import run
from qmcu.errors import UsageError
from qmcu.export import export_model
from qmcu.model.writer import write_model


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Several:
    folder = tmp_path_factory.mktemp("models")
    (folder / "shifter.tflite").write_bytes(write_model(shift_register()))
    chain = write_chain(folder)
    return name_models([chain, folder / "shifter.tflite", chain], "chain,shifter,again")


@pytest.fixture(scope="module")
def exported(several: Several, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of each kind."""
    folder = tmp_path_factory.mktemp("exports")
    kinds = ("platformio", "cmake", "zephyr", "cmsis-toolbox", "arduino")
    export_model(several, F746, [(kind, folder / kind) for kind in kinds], PORTABLE)
    return folder


def test_a_cmake_library_runs_each_as_the_oracle_does(exported: Path) -> None:
    need("cmake", "cc")
    folder = exported / "cmake"
    call("cmake", "-B", "build", f"-DCMAKE_C_FLAGS={STRICT}", cwd=folder)
    call("cmake", "--build", "build", cwd=folder)
    assert call(folder / "build/example", cwd=folder).count("as expected") == 6
    assert sorted(p.name for p in (folder / "include").iterdir()) == [
        "again.h", "chain.h", "shifter.h",
    ]  # fmt: skip
    # Equal constants are defined once, and kernels are there once.
    assert not re.search(r"^const", (folder / "src/models/again/model_data.c").read_text(), re.M)
    assert "shifter" in (folder / "README.md").read_text()


def test_an_arduino_sketch_runs_each(exported: Path, tmp_path: Path) -> None:
    need("cc", "c++")
    folder = exported / "arduino"
    objects = []
    for number, source in enumerate(sorted(folder.glob("src/**/*.c"))):
        objects.append(tmp_path / f"{number}.o")
        strict = ("-c", "-std=gnu11", "-Os", "-Wall", "-Werror", "-I", "src", "-o")
        call("cc", *strict, objects[-1], source.relative_to(folder), cwd=folder)
    sketch = folder / "examples/Sample"
    (tmp_path / "main.cpp").write_text(ARDUINO_STAND_IN)
    flags = ("-std=gnu++11", "-I", str(folder / "src"), "-I", str(sketch), "main.cpp")
    call("c++", *flags, *map(str, objects), "-o", "sketch", cwd=tmp_path)
    assert call(tmp_path / "sketch", cwd=tmp_path).startswith("as expected,")
    properties = (folder / "library.properties").read_text()
    assert "includes=chain.h,shifter.h,again.h\n" in properties


def test_zephyr_csolution_and_platformio_name_files_that_are_there(exported: Path) -> None:
    module = (exported / "zephyr/zephyr/CMakeLists.txt").read_text()
    named = re.findall(r"\$\{QMCU_MODEL_DIR\}/(\S+\.c)", module)
    assert "src/models/shifter/library.c" in named
    assert all((exported / "zephyr" / name).is_file() for name in named)
    sample = exported / "zephyr/samples/qmcu_model/src"
    assert {"main.c", "chain_example.h", "again_sample.h"} <= {p.name for p in sample.iterdir()}
    layer = yaml.safe_load((exported / "cmsis-toolbox/qmcu_model.clayer.yml").read_text())["layer"]
    files = [f["file"] for group in layer["groups"] for f in group["files"]]
    assert {"include/chain.h", "src/models.c"} <= set(files)
    assert all((exported / "cmsis-toolbox" / name).is_file() for name in files)
    assert (exported / "platformio/src/models/shifter/model.c").is_file()
    assert "qmcu_chosen" in (exported / "platformio/src/model.h").read_text()


def test_the_command_names_them(
    several: Several, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(path) for _, path in several.models[:2]]
    command = ["export", *files, "--board", F746.name, "--kernels", "portable"]
    assert run([*command, "--cmake", str(tmp_path / "lib"), "--name", "a,b"]) == 0
    assert (tmp_path / "lib/include/a.h").is_file()
    assert run([*command[:2], *command[3:], "--cmake", "x", "--arenas", "own"]) == 2
    assert "are for several models" in capsys.readouterr().err
    with pytest.raises(UsageError, match="leave the library's name out"):
        export_model(several, F746, [("cmake", tmp_path / "x")], PORTABLE, "kws")
