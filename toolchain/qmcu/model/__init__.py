"""Model files in, a checked Graph out.

Also here: writing a Graph as .tflite, the tflite-micro oracle, vectors bound to a model, the
summary of a model, and conversion of Keras models to full int8.
"""

from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.reader import parse_model, read_model
from qmcu.model.writer import write_model

__all__ = [
    "Graph",
    "Operator",
    "Quantization",
    "Tensor",
    "parse_model",
    "read_model",
    "write_model",
]
