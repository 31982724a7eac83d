"""The root of every error that the doorbell raises on purpose.

DoorbellError
├── CameraError       a camera address is wrong, or the camera cannot be opened or read
├── GpioUnavailable   no GPIO pins here, or not this pin
├── ChimeUnavailable  no such sound, or nothing that plays it
├── ModelError        a network's file is missing, damaged, or cannot run here
├── ImageError        bytes from outside are not a picture that we take (also a ValueError)
├── EnrollmentError   a picture cannot become a FaceSample
├── InvalidName, NameTaken, UnknownCamera
├── NotARecording     a live camera where a recording is wanted
├── GiveUp            a capture that no worker can do anything with
├── BrokerError       no Redis to be had
├── PartFailed        a process of the doorbell does not start
├── AlreadyRunning, AddressUnusable
├── InvalidMqttSetting, NotPublished, RefusedCommand, BridgeDied
├── DeliveryError, InvalidConfig and others of events.notifications
├── SourceError       an old installation cannot be read
└── BackupError       an archive cannot be written, is not sound, or cannot be restored
"""


class DoorbellError(Exception):
    """`code` is for programs; the text says what happened, the offending value, and what to do."""

    code = "error"
