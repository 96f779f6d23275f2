from tests.firmware_project import chain

from qmcu.compile import compile_graph
from qmcu.report.arena import draw_arena


def test_every_buffer_is_drawn_and_listed() -> None:
    plan = compile_graph(chain())
    drawing = draw_arena(plan)
    assert f"arena {plan.arena_size} bytes" in drawing
    for placement in plan.placements:
        assert placement.name in drawing
