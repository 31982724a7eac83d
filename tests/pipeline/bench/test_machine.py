import json
import re

from pipeline.bench.machine import PACKAGES, describe_machine


def test_the_machine_is_told_with_what_the_numbers_hang_on() -> None:
    machine = json.loads(json.dumps(describe_machine()))
    assert machine["processor"]
    assert machine["cores"] >= 1
    assert machine["memory_gib"] > 0
    assert re.search(r"Python 3\.\d+", machine["system"])
    assert machine["load"] >= 0
    assert list(machine["packages"]) == list(PACKAGES)
