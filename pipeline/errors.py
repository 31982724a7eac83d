"""The root of every error that the doorbell raises on purpose.

DoorbellError
├── CameraError       a camera address is wrong, or the camera cannot be opened or read
├── ModelError        a network's file is missing, damaged, or cannot run here
├── ImageError        bytes from outside are not a picture that we take (also a ValueError)
├── EnrollmentError   a picture cannot become a FaceSample
├── InvalidName       a person's or camera's name cannot be taken
├── BrokerError       no Redis to be had
└── UnknownCamera     no camera of that name
"""


class DoorbellError(Exception):
    """`code` is for programs; the text says what happened, the offending value, and what to do."""

    code = "error"
