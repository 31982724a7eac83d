"""What goes out and comes in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`is_retained`: the broker keeps it for whoever comes later; an empty one makes it forget."""

    topic: str
    payload: bytes
    is_retained: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """`is_retained`: it was kept for us, and says nothing about now."""

    topic: str
    payload: bytes
    is_retained: bool
