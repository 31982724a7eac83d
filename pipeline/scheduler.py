"""Celery's scheduler as a thread of the events worker, which imports this module by `--include`.

`worker -B` forks a process for it: 47 MB more, and one that outlives a worker killed with SIGKILL.
"""

from typing import Any

from celery import bootsteps, current_app
from celery.beat import EmbeddedService

END_WITHIN_S = 1.5  # it looks up once a second


class Scheduler(bootsteps.StartStopStep):
    """Runs as long as its worker."""

    def create(self, worker: Any) -> Any:
        return EmbeddedService(worker.app, thread=True)

    def stop(self, parent: Any) -> None:
        """Without a broker the thread waits for one for ever, and Celery's own stop for the thread."""
        self.obj.service.stop()
        self.obj.join(END_WITHIN_S)

    terminate = stop


current_app.steps["worker"].add(Scheduler)
