import pytest

from qmcu import doctor
from qmcu.doctor import NEEDS, Need, examine, missing, packages


def test_all_that_build_and_test_need_is_here() -> None:
    findings = examine()
    assert missing(findings) == ()
    compiler = next(f for f in findings if f.need.name == "arm-none-eabi-gcc")
    assert compiler.found
    assert compiler.version


def test_what_is_missing_is_told_apart() -> None:
    absent = Need("qmcu-no-such-tool", "build", True, "apt-get install it")
    optional = Need("qmcu-no-such-package", "flash", False, "pip install it", package=True)
    findings = examine((absent, optional))
    assert [f.found for f in findings] == [True, False, False]
    assert missing(findings) == (absent,)


def test_every_need_says_how_to_get_it() -> None:
    assert all(need.get for need in NEEDS)


def test_packages_for_work_on_qmcu_are_listed_in_a_clone_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {"mypy", "scipy"} <= {need.name for need in packages()}
    monkeypatch.setattr(doctor, "is_checkout", lambda: False)
    installed = {need.name for need in packages()}
    assert "mypy" not in installed
    assert {"numpy", "scipy"} <= installed
