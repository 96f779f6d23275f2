"""Models of PyTorch and ONNX through the front door: converted, built, equal in every byte.

Networks are made here with random weights; `held_out` ones were tried once the converter was done.
"""
