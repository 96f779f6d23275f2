"""Every page of help: whole, with an example that the parser takes; lists are the registries'."""

import shlex
from collections.abc import Iterator

import pytest
import rich_click as click

from qmcu.cli import run
from qmcu.cli.main import COMMANDS, cli
from qmcu.cli.options import EXAMPLES, attack_names, defence_names, trigger_kinds


def pages() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", found) for sub, found in command.commands.items())


PAGES = dict(pages())


def words(text: str) -> str:
    """A text without borders, line breaks and hyphenation by width."""
    return "".join(character for character in text if character.isalnum() or character in "[]<>=")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole(name: str, capsys: pytest.CaptureFixture[str],
                         monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(click.rich_click, "MAX_WIDTH", 1000)
    monkeypatch.setattr(click.rich_click, "WIDTH", 1000)
    assert run([*name.split(), "--help"]) == 0
    shown = words(capsys.readouterr().out)
    command = PAGES[name]
    assert command.help is not None
    for paragraph in command.help.split("\n\n"):
        assert words(paragraph) in shown
    for parameter in command.params:
        help_text = getattr(parameter, "help", None)
        assert isinstance(parameter, click.Argument) or help_text, parameter.name
        assert words(help_text or "") in shown, parameter.name
    assert "{methods}" not in shown
    if not isinstance(command, click.Group):
        assert words(f"Example: {EXAMPLES[name]}") in shown


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_taken_by_the_parser(name: str) -> None:
    program, *arguments = shlex.split(EXAMPLES[name])
    assert program == "qmcu"
    context = cli.make_context("qmcu", arguments, resilient_parsing=False)
    assert context is not None
    command = PAGES[name]
    command.make_context(name, arguments[len(name.split()) :])


def test_lists_are_those_of_the_registries(capsys: pytest.CaptureFixture[str]) -> None:
    for command, names in (("attack", attack_names), ("defend", defence_names),
                           ("trigger make", trigger_kinds)):  # fmt: skip
        run([*command.split(), "--help"])
        shown = words(capsys.readouterr().out)
        assert words(", ".join(names())) in shown


def test_an_unknown_command_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["biuld"]) == 2
    assert capsys.readouterr().err == (
        "qmcu: there is no command 'biuld', did you mean build; `qmcu --help` lists them.\n"
    )


def test_groups_and_qmcu_itself_end_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    groups = [name for name, page in PAGES.items() if isinstance(page, click.Group)]
    assert len(groups) >= 6
    for name in ["", *groups]:
        assert run([*name.split(), "--help"]) == 0
        assert f"Example: qmcu {name}".strip() in capsys.readouterr().out


def test_an_unknown_command_of_a_group_is_told_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["trust", "kye"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("qmcu: there is no command trust 'kye', did you mean key;")


@pytest.mark.parametrize("name", ["attack", "defend"])
def test_a_page_does_without_the_packages_of_the_methods(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking() -> list[str]:
        raise ModuleNotFoundError("No module named 'scipy'", name="scipy")

    command = PAGES[name]
    monkeypatch.setattr(command, "methods", lacking)
    monkeypatch.setattr(command, "help", "Methods: {methods}.")
    assert run([name, "--help"]) == 0
    assert "the packages of the extra backdoor" in " ".join(capsys.readouterr().out.split())
