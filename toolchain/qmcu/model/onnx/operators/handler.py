"""What the families share: the type of a handler, activations, one axis made two."""

from collections.abc import Callable

from qmcu.model.graph import Quantization
from qmcu.model.onnx.emit import Emitter
from qmcu.model.onnx.layout import Order, channels_last, placed
from qmcu.model.onnx.net import Node
from qmcu.types import Shape

Handler = Callable[[Emitter, Node], None]
Grid = tuple[str, Quantization | None]


def activation(node: Node) -> str:
    """The fused activation's name."""
    return node.text("activation", "NONE")


def images(e: Emitter, node: Node, *, mixed: bool = False) -> int:
    """An input as [N, H, W, C]; one of a single spatial axis gets a height of 1.

    `mixed` leaves its channels as they lie, for weights that are mixed as they are.
    """
    name = node.inputs[0]
    rank = len(e.net.values[name].shape)
    index = e.place(name).index if mixed else e.take(name, channels_last(rank))
    if rank == 3:
        batch, width, channels = e.shape(index)
        result = e.like(index, f"{name}/image", (batch, 1, width, channels))
        e.reshape(index, result)
        return result
    if rank != 4:
        raise e.net.fail(node, f"works on {rank - 2} spatial axes", "rebuild it with one or two")
    return index


def image_result(e: Emitter, node: Node, grid: Grid | None = None) -> tuple[int, Order]:
    """The tensor for a node's result as [N, H, W, C], and the result's order; see `place_image`."""
    name = node.outputs[0]
    order = channels_last(len(e.net.values[name].shape))
    if len(order) == 4:
        return e.define(name, order, grid=grid), order
    final = e.define(name, order, grid=grid)
    batch, width, channels = e.shape(final)
    return e.like(final, f"{name}/image", (batch, 1, width, channels)), order


def place_image(e: Emitter, node: Node, computed: int) -> None:
    """After the operator: a result of one spatial axis loses its height of 1 again."""
    final = e.places[node.outputs[0]].index
    if final != computed:
        e.reshape(computed, final)


def result_like(e: Emitter, node: Node, position: int = 0) -> tuple[int, int]:
    """Operand and result of an operator that works on each number by itself."""
    name = node.inputs[position]
    found = e.place(name)
    result = e.define(node.outputs[0], found.order, found.columns)
    return found.index, result


def in_memory(shape: Shape, order: Order) -> Shape:
    """The shape in memory: `placed`, for handlers."""
    return placed(shape, order)
