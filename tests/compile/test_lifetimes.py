"""Which tensors share bytes, and when each must live."""

from dataclasses import replace

from qmcu.compile.lifetimes import (
    alias_roots,
    buffer_choices,
    live_buffers,
    live_bytes,
    lower_bound,
)
from qmcu.compile.plan import KernelCall, ScratchArgument, TensorArgument
from qmcu.model.graph import Graph, Tensor


def graph_of(sizes: list[int], inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Graph:
    tensors = tuple(Tensor(i, f"t{i}", (size,), "int8") for i, size in enumerate(sizes))
    return Graph("g", tensors, (), inputs, outputs)


def call(
    step: int,
    reads: tuple[int, ...],
    writes: tuple[int, ...],
    overlay: tuple[tuple[int, int], ...] = (),
    scratch: int = 0,
) -> KernelCall:
    arguments = tuple(TensorArgument(t) for t in reads + writes)
    return KernelCall(
        kernel="k",
        layer=f"l{step}",
        operator=step,
        kind="K",
        arguments=(*arguments, ScratchArgument(scratch)) if scratch else arguments,
        reads=reads,
        writes=writes,
        may_overlay=overlay,
    )


def test_a_chain_lives_from_producer_to_last_reader() -> None:
    graph = graph_of([10, 20, 30], (0,), (2,))
    calls = [call(0, (0,), (1,)), call(1, (1,), (2,))]
    roots = alias_roots(graph, [])
    buffers = {b.name: b for b in live_buffers(graph, calls, roots, overlay=False)}
    assert (buffers["t0"].first, buffers["t0"].last) == (-1, 0)
    assert (buffers["t1"].first, buffers["t1"].last) == (0, 1)
    assert (buffers["t2"].first, buffers["t2"].last) == (1, 2)
    assert lower_bound(tuple(buffers.values())) == 50


def test_an_alias_keeps_its_source_alive() -> None:
    graph = graph_of([10, 10, 30], (0,), (2,))
    calls = [call(0, (1,), (2,))]
    buffers = live_buffers(graph, calls, alias_roots(graph, [(0, 1)]), overlay=False)
    assert [b.tensors for b in buffers] == [(0, 1), (2,)]


def test_an_output_is_laid_over_an_input_that_dies() -> None:
    graph = graph_of([10, 10, 10], (0,), (2,))
    calls = [call(0, (0,), (1,), ((0, 1),)), call(1, (1,), (2,), ((1, 2),))]
    buffers = live_buffers(graph, calls, alias_roots(graph, []), overlay=True)
    assert [(b.tensors, b.first, b.last) for b in buffers] == [((0, 1, 2), -1, 2)]


def test_no_overlay_while_somebody_still_reads_the_input() -> None:
    graph = graph_of([10, 10, 10], (0,), (2,))
    calls = [call(0, (0,), (1,), ((0, 1),)), call(1, (0, 1), (2,), ((0, 2), (1, 2)))]
    buffers = live_buffers(graph, calls, alias_roots(graph, []), overlay=True)
    assert [b.tensors for b in buffers] == [(0, 2), (1,)]


def test_no_overlay_over_a_model_output_or_another_size() -> None:
    graph = graph_of([10, 10, 12], (0,), (1, 2))
    calls = [call(0, (0,), (1,)), call(1, (1,), (2,), ((1, 2),))]
    buffers = live_buffers(graph, calls, alias_roots(graph, []), overlay=True)
    assert [b.tensors for b in buffers] == [(0,), (1,), (2,)]


def overlaid(sizes: list[int], one: KernelCall, *, grows: bool = False) -> list[tuple[int, ...]]:
    """The tensors of each buffer of one call that reads the model's inputs, 0 and 1."""
    graph = graph_of(sizes, (0, 1), (3,))
    calls = [replace(one, overlay_grows=grows)]
    buffers = live_buffers(graph, calls, alias_roots(graph, []), overlay=True)
    return sorted(b.tensors for b in buffers)


def test_an_input_that_is_read_twice_is_not_overwritten() -> None:
    twice = call(0, (0, 1, 1), (3,), ((1, 3),))
    assert overlaid([10, 10, 10, 10], twice) == [(0,), (1,), (3,)]
    assert overlaid([10, 10, 10, 10], call(0, (0, 1), (3,), ((1, 3),))) == [(0,), (1, 3)]


def test_the_next_input_is_taken_where_the_first_cannot_be() -> None:
    # Tensor 2 is a constant and has no buffer; input 0 is too small.
    for first in (2, 0):
        one = call(0, (first, 1), (3,), ((first, 3), (1, 3)))
        assert (1, 3) in overlaid([4, 10, 10, 10], one)


def test_a_larger_output_is_laid_over_only_where_the_kernel_may_grow() -> None:
    one = call(0, (0, 1), (3,), ((1, 3),))
    assert overlaid([10, 10, 10, 12], one) == [(0,), (1,), (3,)]
    assert overlaid([10, 10, 10, 12], one, grows=True) == [(0,), (1, 3)]


def test_of_two_inputs_only_the_first_is_overwritten() -> None:
    one = call(0, (0, 1), (3,), ((0, 3), (1, 3)))
    assert overlaid([10, 10, 10, 10], one) == [(0, 3), (1,)]


def test_scratch_lives_for_its_step_only() -> None:
    graph = graph_of([10, 10], (0,), (1,))
    buffers = live_buffers(
        graph, [call(0, (0,), (1,), scratch=64)], alias_roots(graph, []), overlay=True
    )
    scratch = next(b for b in buffers if not b.tensors)
    assert (scratch.size, scratch.first, scratch.last) == (64, 0, 0)
    assert lower_bound(buffers) == 86  # 64 + 12 + 10: only the last needs no padding


def test_a_sum_lies_over_its_input_where_what_grows_out_of_it_need_not() -> None:
    """With both, the input would be as large as the last image while the other one lives too."""
    graph = graph_of([8, 100, 100, 100, 200], (0,), (4,))
    calls = [
        call(0, (0,), (1,)),
        call(1, (1,), (2,), scratch=60),
        call(2, (1, 2), (3,), overlay=((2, 3),)),
        replace(call(3, (3,), (4,), overlay=((3, 4),)), overlay_grows=True),
    ]
    roots = alias_roots(graph, [])
    peaks = [max(live_bytes(buffers)) for buffers in buffer_choices(graph, calls, roots)]
    assert peaks == [360, 300, 300]  # the last one holds the sum where its input was
    steps = [live_bytes(buffers)[3] for buffers in buffer_choices(graph, calls, roots)]
    assert steps == [300, 300, 200]
