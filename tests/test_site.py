"""The documentation site builds, strictly, and has a page for every document and command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from qmcu.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_the_site_builds(tmp_path: Path) -> None:
    config = str(ROOT / "site" / "mkdocs.yml")
    command = ["build", "--quiet", "--config-file", config, "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "QMCU_SITE_EXECUTE": "false"}
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", *command],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    pages = {page.stem for page in tmp_path.rglob("*.html")}
    documents = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert documents | {"index", "api", "commands", "firmware", "research"} <= pages
    commands = (tmp_path / "commands.html").read_text()
    assert [name for name in COMMANDS if f">{name}</" not in commands] == []
    assert "Compile a .tflite into firmware" in (tmp_path / "api.html").read_text()
    assert (tmp_path / "search" / "search_index.json").stat().st_size > 100_000
    outside = [p.name for p in tmp_path.glob("*.html") if 'src="http' in p.read_text()]
    assert outside == [], "these pages would load from the network"
