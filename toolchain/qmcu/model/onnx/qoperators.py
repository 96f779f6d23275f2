"""QOperator form (QLinearConv and its kind) written as what it stands for: DQ, operator, Q.

The two forms of a quantized ONNX file then are one, and everything behind knows only QDQ.
"""

from collections.abc import Callable, Sequence

import numpy as np

from qmcu.model.onnx.net import Net, Node, Value

_DYNAMIC = {
    "ConvInteger", "MatMulInteger", "DynamicQuantizeLinear", "DynamicQuantizeMatMul",
    "DynamicQuantizeLSTM", "MatMulIntegerToFloat",
}  # fmt: skip
_BLOCKWISE = {"MatMulNBits", "MatMulBnb4", "GatherBlockQuantized"}


def expand_qoperators(net: Net) -> None:
    """Replace each quantized operator by DequantizeLinear, the operator and QuantizeLinear.

    Raises ModelError for those whose scales are known only at run time.
    """
    nodes: list[Node] = []
    for node in net.nodes:
        if node.kind in _DYNAMIC:
            raise net.fail(
                node,
                "finds its scales at run time (dynamic quantization)",
                "quantize the float model statically (onnxruntime's quantize_static), or convert "
                "the float .onnx here with --calibration",
            )
        if node.kind in _BLOCKWISE:
            raise net.fail(
                node,
                "holds weights in blocks for large language models",
                "export the float model and convert that",
            )
        write = _FORMS.get(node.kind)
        nodes.extend([node] if write is None else write(_Writer(net, node)))
    net.nodes = nodes


class _Writer:
    """Nodes that stand for one quantized operator."""

    def __init__(self, net: Net, node: Node) -> None:
        self.net, self.node = net, node
        self.nodes: list[Node] = []

    def value(self, role: str) -> str:
        name = self.net.free_name(f"{self.node.outputs[0]}/{role}")
        self.net.values[name] = Value(name, (-1,), "float32")
        return name

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        self.nodes.append(Node(kind, self.node.label, list(inputs), [output], dict(attributes)))
        return output

    def real(self, position: int, role: str, axis: int = 1) -> str:
        """Input `position`, dequantized by the scale and zero point behind it."""
        parameters = [i for i in self.node.inputs[position : position + 3] if i]
        return self.add("DequantizeLinear", parameters, self.value(role), axis=axis)

    def bias(self, position: int) -> list[str]:
        """The int32 bias, whose scale is the product of the input's and the weights'."""
        operand = self.net.operand(self.node, position)
        if operand is None:
            return []
        scales = [self.net.constant(self.node.inputs[i]) for i in (1, 4)]
        if any(s is None for s in scales):
            return [operand.name]
        product = np.asarray(scales[0], np.float32) * np.asarray(scales[1], np.float32)
        scale = self.net.add_constant(f"{operand.name}/scale", product.astype(np.float32))
        return [self.add("DequantizeLinear", [operand.name, scale], self.value("bias"), axis=0)]

    def quantize(self, position: int, value: str) -> list[Node]:
        """The result: quantized by the scale and zero point at `position`."""
        inputs = [value, *filter(None, self.node.inputs[position : position + 2])]
        self.add("QuantizeLinear", inputs, self.node.outputs[0])
        return self.nodes


def _conv(w: _Writer) -> list[Node]:
    operands = [w.real(0, "input"), w.real(3, "weights", axis=0), *w.bias(8)]
    return w.quantize(6, w.add("Conv", operands, w.value("real"), **w.node.attributes))


def _matmul(w: _Writer) -> list[Node]:
    operands = [w.real(0, "input"), w.real(3, "weights", axis=1)]
    return w.quantize(6, w.add("MatMul", operands, w.value("real")))


def _gemm(w: _Writer) -> list[Node]:
    axis = 0 if w.node.integer("transB") else 1
    operands = [w.real(0, "input"), w.real(3, "weights", axis=axis), *w.bias(6)]
    return w.quantize(7, w.add("Gemm", operands, w.value("real"), **w.node.attributes))


def _binary(kind: str) -> Callable[[_Writer], list[Node]]:
    def write(w: _Writer) -> list[Node]:
        operands = [w.real(0, "left"), w.real(3, "right")]
        return w.quantize(6, w.add(kind, operands, w.value("real")))

    return write


def _unary(kind: str) -> Callable[[_Writer], list[Node]]:
    def write(w: _Writer) -> list[Node]:
        kept = {k: v for k, v in w.node.attributes.items() if k not in ("channels_last", "opset")}
        if w.node.integer("channels_last"):
            raise w.net.fail(
                w.node, "is in channels-last form", "quantize the model before such optimizations"
            )
        return w.quantize(3, w.add(kind, [w.real(0, "input")], w.value("real"), **kept))

    return write


def _concat(w: _Writer) -> list[Node]:
    operands = [w.real(i, f"part{i}") for i in range(2, len(w.node.inputs), 3)]
    return w.quantize(0, w.add("Concat", operands, w.value("real"), **w.node.attributes))


_FORMS: dict[str, Callable[[_Writer], list[Node]]] = {
    "QLinearConv": _conv,
    "QLinearMatMul": _matmul,
    "QGemm": _gemm,
    "QLinearAdd": _binary("Add"),
    "QLinearMul": _binary("Mul"),
    "QLinearLeakyRelu": _unary("LeakyRelu"),
    "QLinearSigmoid": _unary("Sigmoid"),
    "QLinearSoftmax": _unary("Softmax"),
    "QLinearAveragePool": _unary("AveragePool"),
    "QLinearGlobalAveragePool": _unary("GlobalAveragePool"),
    "QLinearConcat": _concat,
}
