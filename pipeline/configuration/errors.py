"""What is wrong with a configuration."""

from collections.abc import Sequence

from pipeline.errors import DoorbellError


class ConfigError(DoorbellError, ValueError):
    """The configuration cannot be used; the text lists everything that is wrong with it."""

    code = "config"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = problems[0] if len(problems) == 1 else "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"the configuration cannot be used: {lines}")
