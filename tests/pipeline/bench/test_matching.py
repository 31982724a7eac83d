from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.bench.errors import BenchError
from pipeline.bench.matching import measure_1m
from pipeline.bench.material import Material


def test_a_search_for_which_there_is_too_little_memory_is_not_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2**30))
    with pytest.raises(BenchError, match="comparing 1,000,000 encodings takes face_distance 5722 MiB; 1024 are free"):
        measure_1m(Material(None, tmp_path))
