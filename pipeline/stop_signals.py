"""Ctrl-C, SIGTERM and a closed terminal, told as one."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """The first one raises KeyboardInterrupt in the main thread, each further one calls `hurry`."""

    def __init__(self) -> None:
        self.hurry: Callable[[], None] | None = None
        self.received: signal.Signals | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if self.received is None:
            self.received = signal.Signals(number)
            raise KeyboardInterrupt
        if self.hurry is not None:
            # The interrupted main thread may be printing or hold a lock: whatever hurries must not wait for it.
            threading.Thread(target=self.hurry, name="hurry", daemon=True).start()


@contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Listen while the block lasts; in the main thread only."""
    signals = StopSignals()
    before = {number: signal.getsignal(number) for number in STOPPING}
    for number, handler in before.items():
        # Under nohup a closed terminal means nothing. A shell that starts us with & ignores Ctrl-C too, but
        # whoever sends that signal to this very process means it.
        if not (number is signal.SIGHUP and handler is signal.SIG_IGN):
            signal.signal(number, signals)
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
