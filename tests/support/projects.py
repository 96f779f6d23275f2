"""Generated projects that a test changed before they were built."""

from pathlib import Path

from tests.support.firmware_project import describe_anew

from qmcu import documents
from qmcu.builder.compiling import build_project
from qmcu.builder.firmware import FORMAT, measure
from qmcu.codegen import Models
from qmcu.compile.plan import Plan
from qmcu.files import BUILD_MARKER


def finish_build(directory: Path, plan: Plan, board: str) -> Path:
    """Build the project of `plan` in `directory`; with its report, it is a firmware directory."""
    report = measure(build_project(directory), Models.of(plan), board)
    (directory / BUILD_MARKER).write_text(documents.indented(report, format=FORMAT))
    return directory


def build_again(directory: Path) -> None:
    """Make a changed project again; its report describes the new image, as `qmcu build` would."""
    describe_anew(directory, build_project(directory).elf)
