"""What can be wrong with the networks."""

from pipeline.errors import DoorbellError


class ModelError(DoorbellError):
    """A model file is missing, damaged, of an unknown format, or cannot run on the hardware asked for."""

    code = "model"
