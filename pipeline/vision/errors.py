"""What can go wrong in the vision part.

VisionError
 └─ ModelError    a network or a shape predictor cannot be used as it is
"""


class VisionError(Exception):
    """The root of every error that this package raises on purpose."""


class ModelError(VisionError):
    """A model file is missing, damaged, of an unknown format, or cannot run on the hardware asked for."""
