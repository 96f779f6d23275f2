"""What several pages' tests share: an attack that ran, firmware, a folder of reports, a browser."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.firmware_project import build_chain

from qmcu.backdoor.attacks.run import AttackRun
from qmcu.cli import run


@pytest.fixture(scope="package")
def attacked() -> AttackRun:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    from qmcu.backdoor import load_dataset, make_trigger
    from qmcu.backdoor.attacks.run import run_attack
    from qmcu.backdoor.networks.architectures import build_architecture, train

    data = load_dataset("digits", seed=1)
    model = build_architecture("cnn-s", data.input_shape, data.classes, seed=1)
    train(model, data, epochs=2, seed=1)
    trigger = make_trigger("patch", data.input_shape, target=4)
    return run_attack("rounding", model, data, trigger, steps=2, limit=60)


@pytest.fixture(scope="package")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_chain(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="package")
def pages(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of a build and of a test, and their index."""
    folder = tmp_path_factory.mktemp("pages")
    html, document = folder / "build.html", folder / "memory.json"
    assert run(["report", str(built), "--html", str(html), "--json", str(document)]) == 0
    (folder / "below").mkdir()
    html, document = folder / "below" / "test run.html", folder / "test.json"
    arguments = ["test", str(built), "--on", "unicorn", "--random", "2", "--jobs", "1"]
    assert run([*arguments, "--html", str(html), "--json", str(document)]) == 0
    assert run(["html", "--index", str(folder)]) == 0
    return folder


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """Chromium without a window, driven by selenium; it writes down requests and complaints."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    with tempfile.TemporaryDirectory() as profile:
        for flag in (
            "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
            "disable-background-networking", "disable-component-update", "disable-sync",
            "disable-dev-shm-usage", "hide-scrollbars", f"user-data-dir={profile}",
        ):  # fmt: skip
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        found = webdriver.Chrome(options, webdriver.ChromeService(driver))
        try:
            yield found
        finally:
            found.quit()
