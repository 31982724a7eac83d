import queue
import threading

import pytest
from gpiozero.pins.mock import MockFactory

from pipeline.hardware.button import watch_button
from pipeline.hardware.errors import GpioUnavailable

PATIENCE_S = 30.0


def press(pins: MockFactory, pin: int = 18) -> None:
    pins.pin(pin).drive_low()
    pins.pin(pin).drive_high()


def test_each_press_is_passed_on_once(pins: MockFactory) -> None:
    pressed = threading.Semaphore(0)
    with watch_button(18, pressed.release, pin_factory=pins):
        press(pins)
        press(pins)

        assert pressed.acquire(timeout=PATIENCE_S)
        assert pressed.acquire(timeout=PATIENCE_S)
    assert not pressed.acquire(blocking=False)


def test_press_is_the_falling_edge_of_a_pulled_up_pin(pins: MockFactory) -> None:
    pressed = threading.Event()
    with watch_button(23, pressed.set, pin_factory=pins):
        assert pins.pin(23).pull == "up"
        pins.pin(23).drive_low()
        assert pressed.wait(PATIENCE_S)
        pins.pin(23).drive_high()


def test_slow_receiver_holds_up_neither_the_driver_nor_a_later_press(pins: MockFactory) -> None:
    threads: queue.Queue[str] = queue.Queue()
    may_go_on = threading.Event()

    def receive() -> None:
        threads.put(threading.current_thread().name)
        may_go_on.wait(PATIENCE_S)

    with watch_button(18, receive, pin_factory=pins):
        press(pins)
        assert threads.get(timeout=PATIENCE_S) == "button"
        press(pins)  # returns while the first is still being received
        may_go_on.set()

        assert threads.get(timeout=PATIENCE_S) == "button"


def test_failing_receiver_is_logged_and_asked_again(pins: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    pressed = threading.Semaphore(0)

    def fail() -> None:
        pressed.release()
        raise ConnectionError("no broker")

    with watch_button(18, fail, pin_factory=pins):
        press(pins)
        press(pins)
        assert pressed.acquire(timeout=PATIENCE_S)
        assert pressed.acquire(timeout=PATIENCE_S)

    assert caplog.messages == ["a press of the button was not passed on"] * 2
    assert all(record.exc_info for record in caplog.records)


def test_closing_frees_the_pin_and_may_be_repeated(pins: MockFactory) -> None:
    watch = watch_button(18, lambda: None, pin_factory=pins)
    watch.close()
    watch.close()

    watch_button(18, lambda: None, pin_factory=pins).close()


def test_pin_in_use_is_said(pins: MockFactory) -> None:
    with (
        watch_button(18, lambda: None, pin_factory=pins),
        pytest.raises(GpioUnavailable, match=r"the button on pin 18 cannot be used: .*already in use.*; pins are BCM"),
    ):
        watch_button(18, lambda: None, pin_factory=pins)


def test_pin_that_is_none_is_said(pins: MockFactory) -> None:
    with pytest.raises(GpioUnavailable, match=r"the button on pin 99 cannot be used: .*0 to 27"):
        watch_button(99, lambda: None, pin_factory=pins)


def test_machine_without_pins_says_where_else_to_ring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr("gpiozero.Device._default_pin_factory", no_driver)

    with pytest.raises(GpioUnavailable) as refused:
        watch_button(18, lambda: None)

    assert str(refused.value) == (
        "the button on pin 18 cannot be used: this machine has no GPIO pins that a driver was found for; "
        "on a Raspberry Pi install lgpio, elsewhere ring from the web page, the API or `manage.py ring`"
    )


def no_driver() -> None:
    import warnings

    from gpiozero.exc import BadPinFactory, PinFactoryFallback

    warnings.warn("Falling back from lgpio", PinFactoryFallback, stacklevel=1)
    raise BadPinFactory("Unable to load any default pin factory!")
