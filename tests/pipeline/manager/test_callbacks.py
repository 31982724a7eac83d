import logging
from typing import Any

import pytest

from pipeline.manager.callbacks import Callbacks


def test_a_callback_that_raises_is_logged_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    told: list[dict[str, Any]] = []
    callbacks = Callbacks()
    callbacks.register("system_error", lambda facts: facts["no such fact"])
    callbacks.register("system_error", told.append)
    callbacks.call("system_error", {"error": "no broker"})
    assert told == [{"error": "no broker"}]
    assert "a callback for system_error failed" in caplog.messages


def test_a_callback_that_changes_its_facts_changes_no_other(caplog: pytest.LogCaptureFixture) -> None:
    told: list[dict[str, Any]] = []
    callbacks = Callbacks()
    callbacks.register("health_update", lambda facts: facts.clear())
    callbacks.register("health_update", told.append)
    callbacks.call("health_update", {"state": "running"})
    assert told == [{"state": "running"}]


def test_a_name_that_nothing_calls_is_taken_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    callbacks = Callbacks()
    with caplog.at_level(logging.WARNING):
        callbacks.register("sytem_error", print)
    assert caplog.messages == [
        "a callback was registered for 'sytem_error', which nothing calls; there are system_error, "
        "performance_warning, health_update, doorbell_pressed, visitor_decided"
    ]
    assert callbacks.as_dict() == {"sytem_error": [print]}
