"""Run the doorbell without the web pages, until Ctrl-C: `python -m pipeline.main`, or main() from a program."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack

from pipeline.errors import DoorbellError
from pipeline.orchestrator_manager import OrchestratorManager, SystemState
from pipeline.stop_signals import stop_signals

logger = logging.getLogger(__name__)


def main(config: Mapping[str, object] | None = None) -> int:
    """Return 0 after a clean stop, 1 when it could not start, or met an error that it could not recover from.

    config: as OrchestratorManager takes it.
    """
    with ExitStack() as stack:
        signals = None
        if threading.current_thread() is threading.main_thread():
            signals = stack.enter_context(stop_signals())
        try:
            manager = OrchestratorManager(config)
            if signals is not None:
                signals.hurry = manager.kill
            stack.callback(manager.stop)
            manager.start()
            manager.wait()
        except KeyboardInterrupt:
            return 0
        except DoorbellError as error:
            return _failed(str(error))
        return _failed(manager.last_error) if manager.state is SystemState.ERROR else 0


def _failed(reason: str | None) -> int:
    logger.error("%s", reason)
    print(reason, file=sys.stderr)  # noqa: T201 - whoever started this by hand reads no log
    return 1


if __name__ == "__main__":
    sys.exit(main())
