"""A table of what this machine has."""

from collections.abc import Iterable

from qmcu.doctor import Presence
from qmcu.report.plain import PlainTable, line


def doctor_table(findings: Iterable[Presence]) -> PlainTable:
    """One row a program or package; what is missing says how to get it."""
    table = PlainTable("name", "for", "version", "where, or how to get it")
    for finding in findings:
        need = finding.need
        if finding.found:
            table.add_row(need.name, need.purpose, finding.version or "found", finding.path)
        else:
            colour = "red" if need.required else "yellow"
            table.add_row(need.name, need.purpose, line(("missing", colour)), need.get)
    return table
