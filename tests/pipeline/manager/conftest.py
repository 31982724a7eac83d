"""Facts and configuration as the tests of health have them."""

from tests.health.conftest import config, well

__all__ = ["config", "well"]
