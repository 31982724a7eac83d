"""What keeps a benchmark from running."""

from pipeline.errors import DoorbellError


class BenchError(DoorbellError):
    """A picture, a model or a part of the system that the benchmark needs is not there."""

    code = "bench"
