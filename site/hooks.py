"""What the site has beside docs/: the README as its start, the commands, the functions, notebooks.

mkdocs calls these: https://www.mkdocs.org/user-guide/plugins/#events
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(\]\()(?!https?:|#)([^)#\s]+)")
COMMANDS = """# Commands

::: mkdocs-click
    :module: qmcu.cli.main
    :command: cli
    :prog_name: qmcu
    :style: plain
    :list_subcommands: true
"""
FUNCTIONS = """# Functions

::: qmcu.api
    options:
      show_root_heading: false
      show_root_toc_entry: false

## What they take and give

::: qmcu.builder.firmware.BuildOptions
::: qmcu.comparison.run.RunOptions
::: qmcu.firmware.Firmware
::: qmcu.comparison.result.TestResult
::: qmcu.model.inspect.Inspection
::: qmcu.backdoor.detectors.result.AuditResult
::: qmcu.backdoor.verification.verdict.Verification

## Errors

::: qmcu.errors
    options:
      show_root_heading: false
      show_root_toc_entry: false
"""


def on_config(config: Any) -> Any:
    """Leave pages out of the nav that this checkout has not, and add those that it forgets."""
    config.nav = [entry for entry in map(_there, config.nav) if entry]
    known = set(_pages(config.nav))
    forgotten = [p.name for p in sorted((ROOT / "docs").glob("*.md")) if p.name not in known]
    if forgotten:
        config.nav.append({"Reference": forgotten})
    return config


@event_priority(100)  # before the plugin that looks for notebooks
def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are written elsewhere or made from the code."""
    pages = {
        "index.md": _from_root("README.md"),
        "CHANGELOG.md": _from_root("CHANGELOG.md"),
        "CONTRIBUTING.md": _from_root("CONTRIBUTING.md"),
        "commands.md": COMMANDS,
        "api.md": FUNCTIONS,
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    for path in sorted((ROOT / "examples" / "notebooks").glob("*.ipynb")):
        name = f"notebooks/{path.name}"
        files.append(File(name, str(ROOT / "examples"), config.site_dir, use_directory_urls=False))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Let links to files beside docs/ lead to a copy of them."""
    if page.file.src_uri.endswith(".ipynb"):
        return markdown
    return LINK.sub(lambda m: m[1] + _target(m[2], config, files), markdown)


def _target(link: str, config: Any, files: Files) -> str:
    path = (ROOT / "docs" / link).resolve()
    if path.is_relative_to(ROOT / "docs") or not path.is_relative_to(ROOT):
        return link
    if path.is_dir():
        listing = sorted(p for p in path.iterdir() if p.is_file())
        path = next((p for p in listing if p.suffix in (".md", ".sh")), listing[0])
    if not path.is_file():
        return link
    copy = f"source/{path.relative_to(ROOT)}.txt"
    if files.get_file_from_path(copy) is None:
        files.append(File.generated(config, copy, content=path.read_text()))
    return copy


def _from_root(name: str) -> str:
    """A file of the root as a page of docs/: its links are seen from there."""
    text = (ROOT / name).read_text()
    pages = {"CONTRIBUTING.md", "CHANGELOG.md"}

    def seen(match: re.Match[str]) -> str:
        link = match[2]
        if link in pages:
            return match[0]
        return match[1] + (link.removeprefix("docs/") if link.startswith("docs/") else f"../{link}")

    return LINK.sub(seen, text)


def _pages(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    values = nav.values() if isinstance(nav, dict) else nav
    return [page for value in values for page in _pages(value)]


def _there(entry: Any) -> Any:
    """The part of a nav entry whose pages exist; None when there is none."""
    if isinstance(entry, str):
        made = entry in ("index.md", "commands.md", "api.md")
        places = (ROOT / "docs" / entry, ROOT / entry, ROOT / "examples" / entry)
        return entry if made or any(p.is_file() for p in places) else None
    if isinstance(entry, dict):
        kept = {title: _there(value) for title, value in entry.items()}
        return {title: value for title, value in kept.items() if value} or None
    return [kept for kept in map(_there, entry) if kept]
