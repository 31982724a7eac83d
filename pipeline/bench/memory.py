"""Row `memory`: what a recognition worker keeps in memory."""

from __future__ import annotations

import subprocess
import sys

import psutil

from pipeline.bench.errors import BenchError
from pipeline.bench.material import Material, surest_face
from pipeline.bench.results import Figures
from pipeline.bench.running import running
from pipeline.bench.throughput import prepare, rate_of_workers
from pipeline.orchestrator import SystemPlan

CAPTURES = 8
# Prints its resident bytes after one face was encoded whose place it was told, and after it has looked for itself.
PEER = """
import sys, warnings
warnings.simplefilter("ignore")
import face_recognition, psutil
picture = face_recognition.load_image_file(sys.argv[1])
face_recognition.face_encodings(picture, [tuple(map(int, sys.argv[2:6]))])
told = psutil.Process().memory_info().rss
face_recognition.face_encodings(picture)
print(told, psutil.Process().memory_info().rss)
"""


def measure(material: Material) -> Figures:
    """Resident set sizes: of the true worker after it has encoded several pictures, and of a process of the peer.

    The peer finds the face that it encodes, as its users have it do; `told_where_mib` is what it takes without that.
    """
    told_mib, located_mib = _peer_mib(material)
    jpegs = prepare(material)[:CAPTURES]
    with running(SystemPlan(1, 1)) as orchestrator:
        rate_of_workers(jpegs)
        pids = {child.name: child.pid for child in orchestrator.workers}
        resident = {name: psutil.Process(pid).memory_info().rss / 2**20 for name, pid in pids.items() if pid}
    further = {f"{name.replace(' ', '_')}_mib": round(size, 1) for name, size in resident.items()}
    further["told_where_mib"] = round(told_mib, 1)
    return Figures(resident["recognition worker 1"], located_mib, "MiB", further)


def _peer_mib(material: Material) -> tuple[float, float]:
    path = material.household.visits[0].path
    box = surest_face(material.engine(), path)[1].box
    place = [str(edge) for edge in (box.top, box.right, box.bottom, box.left)]
    command = [sys.executable, "-c", PEER, str(path), *place]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout:
        raise BenchError(f"face_recognition could not be run: {done.stderr[-500:]}")
    told, located = (int(size) / 2**20 for size in done.stdout.split())
    return told, located
