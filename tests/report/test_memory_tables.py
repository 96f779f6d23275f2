from pathlib import Path

from rich.console import Console
from tests.support.firmware_project import build_chain

from qmcu.firmware import Firmware
from qmcu.report.memory import memory_tables, summary_lines


def test_tables_show_every_figure_and_its_origin(tmp_path: Path) -> None:
    report = Firmware.load(build_chain(tmp_path)).memory
    console = Console(width=160, record=True, file=Path("/dev/null").open("w"))  # noqa: SIM115
    for part in memory_tables(report):
        console.print(part)
    text = console.export_text()
    for entry in report.entries:
        assert entry.category.value in text
        assert entry.item in text
    for region in report.regions:
        assert f"{region.used:,}" in text
        assert f"{region.headroom:,}" in text
    assert f"arm-none-eabi-gcc {report.tools['compiler'].split()[1]}" in text
    assert "counted" in text


def test_summary(tmp_path: Path) -> None:
    report = Firmware.load(build_chain(tmp_path)).memory
    text = "\n".join(summary_lines(report))
    assert f"{report.used('flash'):,} of 1,048,576 bytes" in text
    assert "4,096 for the stack" in text
