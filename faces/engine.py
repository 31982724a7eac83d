"""The engine of this process, as the settings want it."""

from functools import cache

from django.conf import settings

from pipeline.vision.engine import Engine, EngineConfig


@cache
def get_engine() -> Engine:
    """Nothing is loaded before it is used: a recognition worker never holds the detector."""
    return Engine(
        EngineConfig(
            models_dir=settings.MODELS_DIR,
            detector=settings.DETECTOR,
            detector_type=settings.DETECTOR_TYPE,
            encoder=settings.ENCODER,
            encoding_model=settings.ENCODING_MODEL,
        )
    )
