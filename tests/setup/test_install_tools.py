import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "toolchain/setup/install-tools"


def run(path: str | None, *arguments: str) -> "subprocess.CompletedProcess[str]":
    shell = shutil.which("sh")
    assert shell is not None
    environment = None if path is None else {"PATH": path}
    return subprocess.run(
        [shell, str(SCRIPT), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_to_do_where_all_is_installed() -> None:
    result = run(None, "--dry-run")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_without_apt_it_says_in_one_sentence_what_to_install(tmp_path: Path) -> None:
    program = shutil.which("id")
    assert program is not None
    (tmp_path / "id").symlink_to(program)
    result = run(str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    for package in ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"):
        assert package in result.stderr
