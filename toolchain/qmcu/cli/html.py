"""`qmcu html`: saved results of the backdoor lab as one page."""

from pathlib import Path

import rich_click as click

from qmcu.cli.options import PATH, declare


@declare("html")
@click.option(
    "--attack", "attack_directory", type=PATH,
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
@click.option("--firmware", type=PATH, help="Firmware directory, for the memory map.")
@click.option("--title", help="The page's heading.")
@click.option("-o", "--output", type=PATH, help="The page to write.")
@click.option(
    "--index", type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Instead: index.html for the reports in this folder, and links between them.",
)  # fmt: skip
def command(
    attack_directory: Path | None,
    verifications: tuple[str, ...],
    audits: tuple[str, ...],
    firmware: Path | None,
    title: str | None,
    output: Path | None,
    index: Path | None,
) -> None:
    """Tell an attack and what became of it on one self-contained HTML page, or link pages.

    Needs --attack and -o, or --index.
    """
    from qmcu.backdoor.attacks import load_attack
    from qmcu.backdoor.detectors import load_audit
    from qmcu.backdoor.verification import load_verification
    from qmcu.errors import UsageError
    from qmcu.firmware import Firmware
    from qmcu.report.console import show
    from qmcu.report.html import write_page
    from qmcu.report.html.index_page import write_index
    from qmcu.report.html.story_page import Story, named_files, story_page

    if index is not None:
        if attack_directory is not None or output is not None:
            raise UsageError("--index links finished pages; give it without --attack and -o.")
        show(f"wrote {write_index(index)}")
        return
    if attack_directory is None or output is None:
        raise UsageError("give --attack DIR and -o PAGE.html, or --index DIR.")
    checked = tuple((name, load_verification(path)) for name, path in named_files(verifications))
    audited = tuple((name, load_audit(path)) for name, path in named_files(audits))
    memory = Firmware.load(firmware).memory if firmware is not None else None
    attack = load_attack(attack_directory)
    heading = title or f"{attack.record.method}: made, measured, judged"
    write_page(story_page(Story(heading, attack, checked, audited, memory)), output)
    show(f"wrote {output}")
