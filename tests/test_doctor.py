from qmcu.doctor import NEEDS, Need, examine, missing


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
