"""ONNX files in, a Graph with channels last out, float32 or with the file's own quantization.

`load_net` reads the file, `qoperators` and `quantized` turn its quantization into scales of
values, `simplify` leaves one node for each TFLite operator, `layout` decides where axes lie and
`write` writes the Graph. The onnx package is an extra (`pip install qmcu[onnx]`).
"""

from qmcu.model.onnx.read import OnnxModel, open_onnx, read_onnx, read_onnx_model

__all__ = ["OnnxModel", "open_onnx", "read_onnx", "read_onnx_model"]
