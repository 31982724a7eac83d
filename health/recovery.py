"""The journal of recoveries: what was tried to bring a process back, kept until the database takes it."""

import threading

from django.utils import timezone

from health.models import RecoveryAttempt, RecoveryResult

INTERRUPTED = "the doorbell itself ended meanwhile"


class RecoveryJournal:
    """Noting costs nothing and may happen in any thread; `write` is for a thread that may wait for the database."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, RecoveryAttempt] = {}
        self._unwritten: list[RecoveryAttempt] = []

    @property
    def open_processes(self) -> list[str]:
        """Those that are being brought back."""
        with self._lock:
            return list(self._open)

    def began(self, process: str, cause: str, number: int) -> None:
        """An attempt that is still open has failed by that."""
        self.ended(process, RecoveryResult.FAILED, "it ended again")
        attempt = RecoveryAttempt(process=process[:80], cause=cause[:300], number=number, started_at=timezone.now())
        with self._lock:
            self._open[process] = attempt
            self._unwritten.append(attempt)

    def ended(self, process: str, result: RecoveryResult, detail: str = "") -> RecoveryAttempt | None:
        """detail: without one, how long it took. None when none was open."""
        with self._lock:
            attempt = self._open.pop(process, None)
            if attempt is None:
                return None
            attempt.result, attempt.ended_at = result, timezone.now()
            took_s = (attempt.ended_at - attempt.started_at).total_seconds()
            attempt.detail = detail[:300] or f"it took {took_s:.1f} s"
            if attempt not in self._unwritten:
                self._unwritten.append(attempt)
            return attempt

    def write(self) -> None:
        """Save what is new. Raises DatabaseError; what could not be saved is kept for the next time."""
        with self._lock:
            unwritten, self._unwritten = self._unwritten, []
        try:
            while unwritten:
                unwritten[0].save()
                unwritten.pop(0)
        finally:
            with self._lock:
                self._unwritten = unwritten + self._unwritten


def close_interrupted() -> None:
    """Attempts of a manager that was killed. Raises DatabaseError."""
    left = RecoveryAttempt.objects.filter(result=RecoveryResult.RUNNING)
    left.update(result=RecoveryResult.FAILED, detail=INTERRUPTED, ended_at=timezone.now())
