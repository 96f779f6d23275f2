"""What lies outside the chip: what may be asked for, and who can give it."""

import pytest
from tests.support.firmware_project import chain

from qmcu.board import load_board
from qmcu.codegen.places import INTERNAL, Places, board_of_build, check_places, parse_places
from qmcu.compile import compile_graph
from qmcu.errors import BoardError, UsageError

BOARD = load_board("stm32f746")
WEIGHTS = Places(weights=True)


def test_places_in_words_and_back() -> None:
    assert parse_places(()) == parse_places(("weights=internal",)) == INTERNAL
    both = parse_places(("weights=external", "state=external"))
    assert (both, both.kinds) == (Places(weights=True, state=True), ("flash", "ram"))
    assert str(both) == "--place weights=external --place state=external"
    assert parse_places(("arena=external", "arena=internal")) == INTERNAL


@pytest.mark.parametrize("text", ["weights", "weights=", "code=external", "weights=qspi", ""])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(UsageError, match="WHAT is weights, arena, state, WHERE internal or ext"):
        parse_places((text,))


def test_what_the_board_or_the_model_has_not() -> None:
    small, wide = compile_graph(chain()), compile_graph(chain(pixels=104, hidden=40))
    check_places(wide, BOARD, Places(weights=True, arena=True))
    check_places(small, load_board("stm32f407"), INTERNAL)
    with pytest.raises(BoardError, match=r"stm32f407 has no external flash, which --place weights"):
        check_places(wide, load_board("stm32f407"), WEIGHTS)
    with pytest.raises(BoardError, match="has no external RAM"):
        check_places(wide, load_board("stm32f407"), Places(arena=True))
    with pytest.raises(UsageError, match="has no weights of 1,024 bytes or more"):
        check_places(small, BOARD, WEIGHTS)
    with pytest.raises(UsageError, match="keeps no state; leave out --place state=external"):
        check_places(small, BOARD, Places(state=True))


def test_a_builds_board_has_what_it_uses() -> None:
    assert board_of_build(BOARD, INTERNAL).external == ()
    assert board_of_build(BOARD, INTERNAL).emulators == BOARD.emulators
    built = board_of_build(BOARD, WEIGHTS)
    assert [memory.kind for memory in built.external] == ["flash"]
    assert built.emulators == ("unicorn",)
