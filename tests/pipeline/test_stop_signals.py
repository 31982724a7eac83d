import signal
import threading

import pytest

from pipeline.stop_signals import STOPPING, stop_signals


@pytest.mark.parametrize("number", STOPPING)
def test_first_signal_interrupts(number: signal.Signals) -> None:
    with stop_signals() as signals, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signals.received is number


def test_second_signal_hurries_and_does_not_interrupt() -> None:
    hurried = threading.Event()
    with stop_signals() as signals:
        signals.hurry = hurried.set
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert not hurried.is_set()
        signal.raise_signal(signal.SIGTERM)
        assert hurried.wait(20)


def test_handlers_are_given_back() -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    with stop_signals():
        assert [signal.getsignal(number) for number in STOPPING] != before
    assert [signal.getsignal(number) for number in STOPPING] == before


def test_closed_terminal_means_nothing_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals() as signals:
            signal.raise_signal(signal.SIGHUP)
        assert signals.received is None
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_counts_even_for_a_process_that_a_shell_put_into_the_background() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_signals(), pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
