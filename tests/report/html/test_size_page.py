from pathlib import Path

import numpy as np
from tests.support.model_files import make, safetensors_bytes
from tests.support.pages import check_page
from tests.support.weights import rounded, weights

from qmcu.report.html import render_page
from qmcu.report.html.size_page import size_page
from qmcu.size import judge, weigh
from qmcu.size.measures import Measure


def test_one_file_is_a_page_with_its_verdict(tmp_path: Path) -> None:
    w = rounded(weights(64, 128), 4, "float16", symmetric=False).astype(np.float16)
    path = tmp_path / "fake.safetensors"
    path.write_bytes(safetensors_bytes({"<b>.weight": w, "n.bias": np.ones(8, np.float32)}))
    report = weigh(path)
    text = render_page(size_page([report], [judge(report)]))
    page = check_page(text)
    assert "stored as float16, but on a 4-bit grid per channel" in page.text
    assert f"{report.size:,} bytes" in page.text
    assert "<b>.weight" in page.text
    assert page.text.count("fake-quantized") >= 2
    # The bar's pieces are to scale: the weights have their share of its 800 units.
    widths = [float(a["width"] or 0) for a in page.all("rect")]
    share = report.roles["weights"] / report.size  # type: ignore[index]
    assert abs(widths[0] / 800 - share) < 0.01
    assert abs(sum(widths) - 800) < 0.5


def test_two_files_stand_side_by_side(tmp_path: Path) -> None:
    files = make(tmp_path)
    reports = [weigh(files["npz"]), weigh(files["tflite"])]
    measures = [
        [Measure("disk", "file", r.size, "counted"), Measure("RAM", "x", None, "built", "no fit")]
        for r in reports
    ]
    page = check_page(render_page(size_page(reports, [judge(r) for r in reports], measures)))
    for needed in ("Side by side", "The four sizes", "None: no fit", "m.npz: tensors"):
        assert needed in page.text
    # Bars of both files are to one scale.
    widths = [float(a["width"] or 0) for a in page.all("rect")]
    largest = max(r.size for r in reports)
    first = len(reports[0].roles)
    assert abs(sum(widths[:first]) - 800 * reports[0].size / largest) < 0.5
