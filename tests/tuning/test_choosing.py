"""Which form wins: fewest instructions, flash and code at their price, the arena kept."""

import math

from qmcu.builder.tuned import TriedForm
from qmcu.tuning.choosing import Candidates, Changes, choose


def form(name: str, count: int | None, constants: int = 0) -> TriedForm:
    return TriedForm(name, f"{name}_kernel", count, constants, 0)


def layer(operator: int, *forms: TriedForm) -> Candidates:
    return Candidates(operator, forms[0].form, forms)


def chosen(
    *layers: Candidates, rate: float = 10.0, code: dict[str, int] | None = None, most: int = 100
) -> dict[int, str]:
    sizes = {"large": 60}

    def arena(changes: Changes) -> int:
        return 50 + sum(sizes.get(name, 0) for name in changes.values())

    return choose(layers, rate, code or {}, arena, most)


def test_the_fewest_instructions_win_where_flash_is_the_same() -> None:
    assert chosen(layer(0, form("a", 100), form("b", 90), form("c", 80))) == {0: "c"}
    assert chosen(layer(0, form("a", 80), form("b", 90))) == {}
    assert chosen(layer(0, form("a", 80), form("b", 80))) == {}, "of equals the rule's"


def test_flash_has_its_price() -> None:
    one = layer(0, form("a", 1000), form("b", 900, 9))
    assert chosen(one) == {0: "b"}
    assert chosen(one, rate=12.0) == {}
    assert chosen(one, rate=math.inf) == {}
    assert chosen(layer(0, form("a", 1000, 9), form("b", 999)), rate=math.inf) == {0: "b"}
    dear = layer(0, form("a", 1000), form("b", 999, 500))
    assert chosen(dear, rate=0.0) == {0: "b"}
    assert chosen(dear) == {}


def test_a_new_kernel_pays_for_its_code_by_all_its_layers() -> None:
    layers = [layer(n, form("a", 1000), form("b", 600)) for n in range(3)]
    assert chosen(*layers, code={"b_kernel": 100}) == {0: "b", 1: "b", 2: "b"}
    assert chosen(*layers[:2], code={"b_kernel": 100}) == {}
    assert chosen(*layers[:2], code={"b_kernel": 100}, rate=0.0) == {0: "b", 1: "b"}
    other = layer(3, form("b", 10), form("a", 20))
    assert chosen(*layers[:2], other, code={"b_kernel": 100}) == {0: "b", 1: "b"}


def test_without_the_dear_kernel_the_next_best_is_taken() -> None:
    one = layer(0, form("a", 1000), form("b", 600), form("c", 700))
    assert chosen(one, code={"b_kernel": 100, "c_kernel": 1}) == {0: "c"}


def test_the_arena_does_not_grow() -> None:
    first = layer(0, form("a", 1000), form("large", 500))
    second = layer(1, form("a", 1000), form("b", 900))
    assert chosen(first, second, most=110) == {0: "large", 1: "b"}
    assert chosen(first, second, most=109) == {1: "b"}


def test_what_was_not_counted_is_not_taken() -> None:
    assert chosen(layer(0, form("a", 1000), form("b", None))) == {}
    assert chosen(layer(0, form("a", None), form("b", 1))) == {}
