"""What an attack is given, and how it is found."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from qmcu.backdoor.attacks.method import find_attack, load_attacks
from qmcu.cli import run
from qmcu.errors import UsageError


def test_the_methods_of_the_papers_are_there() -> None:
    names = {"pq", "joint", "artifact", "lattice", "rounding",
             "adaptive-uniform", "adaptive-sparse", "adaptive-margin"}  # fmt: skip
    assert names <= set(load_attacks())
    assert all(a.source and a.summary for a in load_attacks().values())


def test_an_unknown_method_names_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"there is no attack nope; there are .*adaptive-margin"):
        find_attack("nope")


def test_an_unknown_setting_is_refused_before_anything_is_trained(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["attack", "adaptive-margin", "-o", "x", "--set", "cpa=0.1"]
    assert run(arguments) == 2
    assert capsys.readouterr().err == (
        "qmcu: attack adaptive-margin has no setting cpa, did you mean cap; it has attack_weight, "
        "bias_rate, cap, offset_rate, position_rate.\n"
    )
