from pathlib import Path

import pytest

from qmcu.builder.toolchain import find_tool, find_toolchain
from qmcu.errors import ToolError


def test_finds_the_compiler_and_its_version() -> None:
    toolchain = find_toolchain()
    assert toolchain.compiler.path.is_absolute()
    assert toolchain.compiler.version.count(".") >= 1
    # Debian's package version in parentheses must not be taken for gcc's own.
    assert "-" not in toolchain.compiler.version


def test_a_missing_compiler_names_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"arm-none-eabi-gcc.*gcc-arm-none-eabi libnewlib"):
        find_toolchain()


def _script(folder: Path, text: str) -> None:
    path = folder / "probe"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("output", "version"),
    [
        ("echo 'probe (15:12.2.rel1-1) 12.2.1 20221205'", "12.2.1"),
        ("echo 'Open On-Chip Debugger 0.12.0' >&2; exit 1", "0.12.0"),
        ("echo no number", ""),
        ("true", ""),
        ("cat; echo 1.5", "1.5"),
    ],
)
def test_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, version: str
) -> None:
    _script(tmp_path, output)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    tool = find_tool("probe")
    assert tool is not None
    assert tool.version == version


def test_no_such_tool() -> None:
    assert find_tool("qmcu-no-such-tool") is None
