"""The computer itself: processor, memory, temperature, disk, clock."""

import ctypes
import sys
import threading
from pathlib import Path

import psutil

from health.facts import DiskFact

# <sys/timex.h>: adjtimex(2) answers TIME_ERROR while nothing keeps the clock right.
TIMEX_BYTES = 208
TIME_ERROR = 5
SENSORS = ("cpu_thermal", "coretemp", "k10temp", "soc_thermal")


class ProcessorMeter:
    """The load between two readings, percent of all cores; None at the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._before: tuple[float, float] | None = None

    def read(self) -> float | None:
        times = psutil.cpu_times()
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)  # they are in user
        idle = times.idle + getattr(times, "iowait", 0.0)
        with self._lock:
            before, self._before = self._before, (total, idle)
        if before is None or total <= before[0]:
            return None
        busy = 1 - (idle - before[1]) / (total - before[0])
        return round(100 * min(max(busy, 0.0), 1.0), 1)


processor = ProcessorMeter()
processor.read()


def memory_percent() -> float:
    """In use, without what the system only borrows for caches."""
    return float(psutil.virtual_memory().percent)


def temperature_c() -> float | None:
    """Of the processor; None where nothing measures it."""
    read = getattr(psutil, "sensors_temperatures", None)
    sensors = read() if read is not None else {}
    name = next((name for name in SENSORS if sensors.get(name)), next(iter(sensors), None))
    return max((float(sensor.current) for sensor in sensors[name]), default=None) if name else None


def fullest_disk(folders: list[Path]) -> DiskFact:
    """Raises OSError when a folder is not there."""
    usages = [psutil.disk_usage(str(folder)) for folder in folders]
    least = min(usages, key=lambda usage: usage.free)
    return DiskFact(free_mb=least.free // 1024**2, total_mb=least.total // 1024**2)


def is_clock_synchronised() -> bool | None:
    """What the Linux kernel knows; None on other systems, and where it may not be asked."""
    if not sys.platform.startswith("linux"):
        return None
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return None if state < 0 else state != TIME_ERROR
