"""One message at a time by each channel. Threads of a worker share the work: a channel that hangs keeps one
of them, and its other messages wait in line, in no thread.

A line is kept in memory. When the process dies the rows are still there, and the sweeper sends them on.
"""

import heapq
import threading
import time
from itertools import count

from django.conf import settings

from events.notifications.delivery import deliver_notification
from events.notifications.models import Notification
from events.notifications.queueing import rank_of, send_rows

TURN_SHARE = 0.25  # of a lease: after that the queue decides anew who is next


class Turns:
    """At which channels a thread of this process is, and who waits for them: the urgent first, then as they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals = count()
        self._lines: dict[int, list[tuple[int, int, int]]] = {}

    def take(self, channel: int, notification: int, rank: int) -> bool:
        """False when another thread is at the channel: it finds the notification in its line. rank: 0 goes first."""
        with self._lock:
            if channel not in self._lines:
                self._lines[channel] = []
                return True
            line = self._lines[channel]
            if all(waiting != notification for _, _, waiting in line):
                heapq.heappush(line, (rank, next(self._arrivals), notification))
            return False

    def next_in_line(self, channel: int) -> int | None:
        """For whoever has the turn, and keeps it."""
        with self._lock:
            line = self._lines[channel]
            return heapq.heappop(line)[2] if line else None

    def end(self, channel: int) -> list[int]:
        """The turn is over; returns who still waits, in order."""
        with self._lock:
            return [notification for _, _, notification in sorted(self._lines.pop(channel))]


_turns = Turns()


def deliver_in_turn(notification_id: int) -> None:
    """Deliver it, and then what waits for the same channel; leave it to the line when another thread is there."""
    row = Notification.objects.filter(pk=notification_id).only("channel_id", "priority").first()
    if row is None or not _turns.take(row.channel_id, row.pk, rank_of(row)):
        return
    until_s = time.monotonic() + TURN_SHARE * settings.NOTIFY_LEASE_S
    try:
        deliver_notification(row.pk)
        while time.monotonic() < until_s and (following := _turns.next_in_line(row.channel_id)) is not None:
            deliver_notification(following)
    finally:
        _send_again(_turns.end(row.channel_id))


def _send_again(ids: list[int]) -> None:
    if ids:
        found = Notification.objects.in_bulk(ids)
        send_rows([found[pk] for pk in ids if pk in found])
