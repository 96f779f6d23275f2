"""Functions that TFLite lacks while a Keras model is traced: written with those that it has.

erf by tanh (Hendrycks and Gimpel 2016, section 2), angles by ATAN2, hyperbolic functions by EXP and
LOG, of sizes so that nothing cancels.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

ERF_NOTE = "erf is computed by tanh, within 0.0004 of the real numbers: TFLite has no erf"
_ERFS = ("erf", "erfc")


@contextmanager
def function_forms(tensorflow: Any) -> Iterator[set[str]]:
    """Within it TensorFlow's functions are such forms; gives the names of those that were asked."""
    math, asked = tensorflow.math, set[str]()
    forms = _forms(tensorflow)
    old = {name: getattr(math, name) for name in forms}

    def noted(name: str) -> Callable[..., Any]:
        def function(x: Any, name: str | None = None, _of: str = name) -> Any:
            asked.add(_of)
            return forms[_of](tensorflow.convert_to_tensor(x))

        return function

    try:
        for name in forms:
            setattr(math, name, noted(name))
        yield asked
    finally:
        for name, function in old.items():
            setattr(math, name, function)


def notes_of(asked: set[str]) -> tuple[str, ...]:
    """What is to be said of the forms that were asked for."""
    return (ERF_NOTE,) if asked.intersection(_ERFS) else ()


def _forms(tf: Any) -> dict[str, Callable[[Any], Any]]:
    def erf(x: Any) -> Any:
        return tf.tanh(x * (0.100911 * x * x + 1.128379))

    def cosine(x: Any) -> Any:
        """The root of 1 - x^2; 0 for what rounding has put beyond 1."""
        return tf.sqrt(tf.maximum(1.0 - x * x, 0.0))

    def asinh(x: Any) -> Any:
        size = tf.abs(x)
        return tf.sign(x) * tf.math.log(size + tf.sqrt(x * x + 1.0))

    return {
        "acos": lambda x: tf.atan2(cosine(x), x),
        "acosh": lambda x: tf.math.log(x + tf.sqrt(tf.maximum(x * x - 1.0, 0.0))),
        "asin": lambda x: tf.atan2(x, cosine(x)),
        "asinh": asinh,
        "atan": lambda x: tf.atan2(x, tf.ones_like(x)),
        "atanh": lambda x: 0.5 * tf.math.log((1.0 + x) / (1.0 - x)),
        "cosh": lambda x: 0.5 * (tf.exp(x) + tf.exp(-x)),
        "erf": erf,
        "erfc": lambda x: 1.0 - erf(x),
        "sinh": lambda x: 0.5 * (tf.exp(x) - tf.exp(-x)),
        "tan": lambda x: tf.sin(x) / tf.cos(x),
    }
