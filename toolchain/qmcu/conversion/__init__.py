"""From a trained model's file to an int8 .tflite, in a process of its own.

In come a Keras 3 or Keras 2 file, a SavedModel, an ONNX or PyTorch file or a float .tflite, and
calibration data in one of the forms that people have; out comes a `Conversion`. The file is opened
by a child process that can write nowhere but in its own folder and reach no network: a SavedModel's
graph runs while it loads, and a converter that dies takes nobody with it.
"""
