"""`qmcu html`: saved results of the backdoor lab as one page."""

from pathlib import Path

import rich_click as click


@click.command("html")
@click.option(
    "--attack", "attack_directory", required=True, type=click.Path(path_type=Path),
    help="Output directory of `qmcu attack`.",
)  # fmt: skip
@click.option(
    "--verify", "verifications", multiple=True, metavar="[NAME=]FILE",
    help="A `qmcu verify --json` result; more than once, in the order of the story.",
)  # fmt: skip
@click.option(
    "--audit", "audits", multiple=True, metavar="[NAME=]FILE",
    help="A `qmcu audit --json` result; more than once, in the order of the story.",
)  # fmt: skip
@click.option(
    "--firmware", type=click.Path(path_type=Path), help="Firmware directory, for the memory map."
)
@click.option("--title", help="The page's heading.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path))
def command(
    attack_directory: Path,
    verifications: tuple[str, ...],
    audits: tuple[str, ...],
    firmware: Path | None,
    title: str | None,
    output: Path,
) -> None:
    """Tell an attack and what became of it on one self-contained HTML page."""
    from qmcu.backdoor.audit import load_audit
    from qmcu.backdoor.verify import load_verification
    from qmcu.build import load_report
    from qmcu.report.html import write_page
    from qmcu.report.html.story_page import Story, load_attack, named_files, story_page

    found = tuple((name, load_verification(path)) for name, path in named_files(verifications))
    audited = tuple((name, load_audit(path)) for name, path in named_files(audits))
    memory = load_report(firmware) if firmware is not None else None
    attack = load_attack(attack_directory)
    heading = title or f"{attack.record['method']}: made, measured, judged"
    write_page(story_page(Story(heading, attack, found, audited, memory)), output)
    click.echo(f"wrote {output}")
