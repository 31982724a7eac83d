"""What can be wrong with the hardware; both are a DoorbellError.

CameraError       a source is no camera, does not open, or stopped giving frames
GpioUnavailable   there are no GPIO pins here, or this one cannot be used
"""

from pipeline.errors import DoorbellError


class CameraError(DoorbellError):
    code = "camera"


class GpioUnavailable(DoorbellError):  # noqa: N818 - reads as what it says: the pins are not available
    code = "gpio"
