"""What the documents say of the command line is there: every command, every option of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from qmcu import pytest_plugin
from qmcu.cli.main import cli

ROOT = Path(__file__).parents[1]
# The change log tells of options that were.
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
# Options that stand alone in code and are of other programs, which the sentence names.
FOREIGN = {
    "--golden", "--memory-limit", "--no-wait", "--only", "--python", "--seed", "--strict",
    "--tests",
}  # fmt: skip
_CODE = re.compile(r"`([^`\n]+)`|^    (.+)$", re.M)
# A command, what it is of in a group, and what follows up to the next command or a comment.
_CALL = re.compile(r"(?:^|(?<=[\s'(|]))qmcu ([a-z]+)( [a-z|-]*[a-z])?(.*?)(?=\bqmcu |[`#;&]|$)")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")


def commands() -> dict[str, click.Command]:
    """Every command and every one of a group, by its name."""
    found: dict[str, click.Command] = {}
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {n}": c for n, c in command.commands.items()}
    return found


def options(command: click.Command) -> set[str]:
    named = (o for p in command.params for o in (*p.opts, *p.secondary_opts))
    return {*named, "--help"}


COMMANDS = commands()
PLUGIN = {f"--qmcu-{name}" for name in pytest_plugin.OPTIONS}
ANY = PLUGIN.union(*map(options, COMMANDS.values())) | {"--version"}


def code_lines(text: str) -> Iterator[str]:
    """Code in a text: between backticks, and lines that are indented; joined where they go on."""
    for inline, block in _CODE.findall(re.sub(r" \\\n +", " ", text)):
        yield inline or block


def problems(text: str) -> Iterator[str]:
    """What a text says of qmcu's command line that is not there."""
    for line in code_lines(text):
        for name, of_group, rest in _CALL.findall(line):
            if name not in COMMANDS:
                # A sentence that is indented speaks of qmcu, not to it.
                if line.startswith("qmcu "):
                    yield f"there is no command: {line}"
                continue
            names = [name]
            if isinstance(COMMANDS[name], click.Group):
                names = [f"{name} {part}" for part in of_group.split("|")] if of_group else names
                names = [" ".join(part.split()) for part in names]
            missing = [part for part in names if part not in COMMANDS]
            if missing:
                yield f"there is no command {missing[0]}: {line}"
                continue
            have = set().union(*(options(COMMANDS[part]) for part in names))
            yield from (f"{o} is no option: {line}" for o in _OPTION.findall(rest) if o not in have)
        if line.startswith("--"):
            words = _OPTION.findall(line)
            yield from (f"{o} is no option: {line}" for o in words if o not in ANY | FOREIGN)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_and_options_exist(document: Path) -> None:
    assert list(problems(document.read_text())) == []


@pytest.mark.parametrize(
    "text",
    [
        "`qmcu biuld model.tflite`",
        "`qmcu trust sign DIR`",
        "    qmcu test DIR --on unicorn --randon 3",
        "    qmcu build a.tflite \\\n        --bord B",
        "`--optimise size`",
    ],
)
def test_what_is_not_there_is_found(text: str) -> None:
    assert len(list(problems(text))) == 1
