"""The notebooks of examples/notebooks run from the first cell to the last."""

from pathlib import Path

import nbclient
import nbformat
import pytest

# What a notebook shows is not how long an audit can search: `make demo` has the same audit whole.
SHORT_AUDIT = """
from qmcu.backdoor.detectors.method import DETECTORS, load_detectors
load_detectors()
del DETECTORS.data["clipping-inversion"], DETECTORS.data["gap-inversion"]
"""
NOTEBOOKS = sorted((Path(__file__).parents[1] / "examples" / "notebooks").glob("*.ipynb"))


def test_there_is_one_for_each_reader() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["firmware", "research"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells), "keep it without outputs"
    if path.stem == "research":
        notebook.cells.insert(2, nbformat.v4.new_code_cell(SHORT_AUDIT))  # type: ignore[no-untyped-call]
    client = nbclient.NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
