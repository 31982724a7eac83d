"""Functions of the program that holds a manager, called when something happens. No Django."""

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

logger = logging.getLogger(__name__)

SYSTEM_ERROR = "system_error"
PERFORMANCE_WARNING = "performance_warning"
HEALTH_UPDATE = "health_update"
DOORBELL_PRESSED = "doorbell_pressed"
VISITOR_DECIDED = "visitor_decided"
NAMES = (SYSTEM_ERROR, PERFORMANCE_WARNING, HEALTH_UPDATE, DOORBELL_PRESSED, VISITOR_DECIDED)

Callback: TypeAlias = Callable[[dict[str, Any]], object]


class Callbacks:
    """By name, in the order in which they were registered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._registered: dict[str, list[Callback]] = {}

    def register(self, name: str, callback: Callback) -> None:
        if name not in NAMES:
            logger.warning(
                "a callback was registered for %r, which nothing calls; there are %s", name, ", ".join(NAMES)
            )
        with self._lock:
            self._registered.setdefault(name, []).append(callback)

    def call(self, name: str, facts: dict[str, Any]) -> None:
        """Give each a copy of its own; what one raises is logged, and the next is called all the same."""
        with self._lock:
            callbacks = list(self._registered.get(name, ()))
        for callback in callbacks:
            try:
                callback(dict(facts))
            except Exception:
                logger.exception("a callback for %s failed", name)

    def as_dict(self) -> dict[str, list[Callback]]:
        with self._lock:
            return {name: list(callbacks) for name, callbacks in self._registered.items()}
