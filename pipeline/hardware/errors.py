"""What can be wrong with the hardware; each is a DoorbellError.

CameraError       a source is no camera, does not open, or stopped giving frames
GpioUnavailable   there are no GPIO pins here, or this one cannot be used
ChimeUnavailable  there is no such sound, or nothing that plays it
"""

from pipeline.errors import DoorbellError


class CameraError(DoorbellError):
    code = "camera"


class GpioUnavailable(DoorbellError):
    code = "gpio"


class ChimeUnavailable(DoorbellError):
    code = "chime"
