"""What follows from a core's name, set against Arm's manuals."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qmcu import documents
from qmcu.board import Core, list_boards, load_board, load_built_board
from qmcu.board.checks import check_board
from qmcu.board.description import CPUS
from qmcu.errors import UsageError

# CPU: DSP extension, vector extension. The M33's and M55's boards here have the optional ones.
EXTENSIONS = {
    "cortex-m0": (False, False),
    "cortex-m0plus": (False, False),
    "cortex-m3": (False, False),
    "cortex-m4": (True, False),
    "cortex-m7": (True, False),
    "cortex-m33": (True, False),
    "cortex-m55": (True, True),
    "cortex-m85": (True, True),
}


@pytest.mark.parametrize("cpu", CPUS)
def test_every_core_has_its_extensions(cpu: str) -> None:
    assert (Core(cpu).has_dsp, Core(cpu).has_mve) == EXTENSIONS[cpu]


def test_every_board_of_the_product_may_be_saved() -> None:
    for board in list_boards():
        check_board(board)


def saved(folder: Path, document: Any) -> Path:
    (folder / "report.json").write_text("{}")
    (folder / "board.json").write_text(json.dumps(document))
    return folder


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b["uart"].update(driver="none"), "uart.driver is 'none', it can be"),
        (lambda b: b["uart"].update(tx="Z"), "'Z' is no pin"),
        (lambda b: b["core"].update(cpu="cortex-a9"), "core.cpu is 'cortex-a9'"),
        (lambda b: b.update(core=None), "core: Expected `object`, got `null`"),
        (lambda b: b["flash"].update(start=-4), "flash.start is -4"),
        (lambda b: b["ram"].update(size="1"), "ram.size: Expected `int`, got `str`"),
        (lambda b: b.update(sections={}), "sections has no vectors"),
        (lambda b: b["sections"].update(vectors=1 << 40), "sections.vectors is"),
        (lambda b: b.update(counter="clock"), "counter is 'clock'"),
        (lambda b: b.update(family="../x"), "family is '../x'"),
        (lambda b: b.update(flashing=[]), "flashing: Expected `object`, got `array`"),
    ],
)
def test_a_hostile_board_is_a_sentence(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    document = documents.plain(load_board("stm32f746"))
    change(document)
    with pytest.raises(UsageError, match="is no board of a firmware: ") as error:
        load_built_board(saved(tmp_path, document))
    assert words in str(error.value)


def test_any_other_value_is_a_board_or_a_sentence(tmp_path: Path) -> None:
    """What loads can also be used: its memories, macros and emulators are there."""
    drawn = random.Random(3)
    text = json.dumps(documents.plain(load_board("stm32f746")))
    for _ in range(300):
        document = json.loads(text)
        part = drawn.choice([document, *(v for v in document.values() if isinstance(v, dict))])
        if part:
            part[drawn.choice(list(part))] = drawn.choice(
                [None, -1, 0, 1 << 40, 1.5, "x", [], {}, [1], True, 10**30]
            )
        try:
            board = load_built_board(saved(tmp_path, document))
        except UsageError as error:
            assert "\n" not in str(error)
        else:
            _ = board.macros, board.vectors, board.fixed_sections, board.emulators, str(board)
