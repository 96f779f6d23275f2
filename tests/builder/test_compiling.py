import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.firmware_project import build_chain

from qmcu.builder import build_project
from qmcu.builder.compiling import explain_failure
from qmcu.errors import DoesNotFitError, ToolError


def test_two_builds_in_two_folders_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "another longer folder").mkdir()
    first = build_chain(tmp_path / "a")
    second = build_chain(tmp_path / "another longer folder")
    for kind in ("bin", "hex"):
        name = f"firmware.{kind}"
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_the_users_flags_do_not_change_the_firmware(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = build_chain(tmp_path)
    before = (directory / "firmware.bin").read_bytes()
    monkeypatch.setitem(os.environ, "CFLAGS", "-DNONSENSE -O0")
    monkeypatch.setitem(os.environ, "MAKEFLAGS", "n")
    (directory / "firmware.elf").unlink()
    for path in directory.glob("build/obj/**/*.o"):
        path.unlink()
    assert build_project(directory).bin.read_bytes() == before


@pytest.mark.skipif(shutil.which("ccache") is None, reason="ccache is not installed")
def test_objects_are_cached_by_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = build_chain(tmp_path / "a")
    assert _cache_hits() == 0
    second = build_chain(tmp_path / "b")
    assert _cache_hits() == len(list((second / "build").rglob("*.o"))) > 5
    assert (first / "firmware.bin").read_bytes() == (second / "firmware.bin").read_bytes()


def _cache_hits() -> int:
    lines = subprocess.run(["ccache", "--print-stats"], capture_output=True, text=True, check=True)
    counts = dict(line.split("\t") for line in lines.stdout.splitlines())
    return int(counts["direct_cache_hit"]) + int(counts["preprocessed_cache_hit"])


def test_a_cache_that_fails_does_not_fail_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin/ccache"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'ccache: error: No space left' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert (build_chain(tmp_path) / "firmware.elf").is_file()


def test_a_compile_error_is_quoted(tmp_path: Path) -> None:
    directory = build_chain(tmp_path)
    path = directory / "src/model.c"
    path.write_text(path.read_text() + "\nint broken(void) { return nothing; }\n")
    with pytest.raises(ToolError, match=r"src/model\.c:\d+:\d+: error: .*nothing"):
        build_project(directory)


def test_a_link_error_is_quoted(tmp_path: Path) -> None:
    directory = build_chain(tmp_path)
    path = directory / "src/model.c"
    path.write_text(path.read_text().replace("qmcu_fully_connected(", "qmcu_nowhere(", 1))
    (directory / "src/model.c").write_text(
        path.read_text().replace('#include "model.h"', '#include "model.h"\nvoid qmcu_nowhere();')
    )
    with pytest.raises(ToolError, match="qmcu_nowhere"):
        build_project(directory)


def test_too_little_memory_says_how_far_off(tmp_path: Path) -> None:
    directory = build_chain(tmp_path)
    used = (directory / "firmware.bin").stat().st_size
    script = directory / "board.ld"
    text = script.read_text()
    script.write_text(text.replace("LENGTH = 0x100000", "LENGTH = 0x400"))
    with pytest.raises(DoesNotFitError, match=r"flash needs .* the board has 1,024") as caught:
        build_project(directory)
    assert f"flash needs {used:,} bytes" in str(caught.value)
    assert f"{used - 1024:,} too few" in str(caught.value)


def test_a_full_disk(tmp_path: Path) -> None:
    output = "model.s: Fatal error: can't write 12 bytes: No space left on device"
    assert "disk is full" in str(explain_failure(output, tmp_path))


def test_a_failure_without_words(tmp_path: Path) -> None:
    assert "no output" in str(explain_failure("", tmp_path))


def test_no_makefile(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="No targets"):
        build_project(tmp_path)
