"""Processor, memory, temperature, and the files that the engine needs."""

from collections.abc import Iterable

from django.conf import settings

from health.facts import Facts
from health.findings import Finding, Level
from pipeline.config import OrchestratorConfig
from pipeline.detector_advice import detector_advice

# A Raspberry Pi slows down at 80 °C and much at 85.
WARM_C = 80.0
HOT_C = 90.0


def processor(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    if (load := facts.cpu_percent) is None:
        return
    remedy = "Fewer workers or frames (CAMERA_FPS), a larger MIN_FACE_PX, or another detector."
    yield _share("processor", "processor time", load, config.cpu_threshold, remedy, config.alert_on_high_cpu)


def memory(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    if (used := facts.memory_percent) is None:
        return
    remedy = "Fewer workers, or end what else runs on this machine."
    yield _share("memory", "memory", used, config.memory_threshold, remedy, config.alert_on_high_memory)


def _share(check: str, what: str, used: float, limit: float, remedy: str, may_warn: bool) -> Finding:
    text = f"{used:.0f} % of the {what} is in use."
    if used > limit and may_warn:
        return Finding(check, Level.WARNING, f"{text} {limit:g} % is the limit set.", remedy)
    return Finding(check, Level.OK, text)


def temperature(facts: Facts, _config: OrchestratorConfig) -> Iterable[Finding]:
    if (degrees := facts.temperature_c) is None:
        return
    level = Level.ERROR if degrees >= HOT_C else Level.WARNING if degrees >= WARM_C else Level.OK
    remedy = "" if level == Level.OK else "The processor slows itself down: cool it, or give it less to do."
    yield Finding("temperature", level, f"The processor is at {degrees:.0f} °C.", remedy)


def models(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    if (found := facts.models) is None:
        return
    for sentence in found.missing:
        yield Finding("model files", Level.ERROR, f"{sentence[:1].upper()}{sentence[1:]}.")
    if not found.missing:
        advice = detector_advice(settings.MODELS_DIR, config.pipeline_config.face_detection.model)
        yield Finding("model files", Level.OK, "All model files are there.", advice)


def samples(facts: Facts, config: OrchestratorConfig) -> Iterable[Finding]:
    if (found := facts.models) is None:
        return
    if not found.foreign_samples:
        yield Finding("samples", Level.OK, f"{found.samples} photographs of people are in use.")
        return
    model = config.pipeline_config.face_recognition.encoding_model
    text = f"{found.foreign_samples} of {found.samples} photographs were not encoded with {model} and recognise nobody."
    yield Finding("samples", Level.ERROR, text, "Choose all people in the admin, and the action “re-encode”.")
