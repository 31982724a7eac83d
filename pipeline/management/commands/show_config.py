"""manage.py show_config"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pipeline.config import PRESETS, ConfigError, OrchestratorConfig, all_keys, process_environment, read_config_file
from pipeline.configuration.files import load_config
from pipeline.configuration.installation import MASK, effective_installation
from pipeline.configuration.resolving import Effective
from pipeline.detector_advice import detector_advice


class Command(BaseCommand):
    help = "Print every setting, its value and where the value comes from; secrets are masked."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--preset", choices=list(PRESETS), help="as if this preset were chosen")
        parser.add_argument("--config", type=Path, metavar="FILE.json", help="as if this file were given")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            config = chosen_config(options["config"], options["preset"])
        except ConfigError as error:
            raise CommandError(str(error)) from error
        report = describe(config)
        self.stdout.write(json.dumps(report, indent=2) if options["json"] else as_text(report))


def chosen_config(file: Path | None, preset: str | None) -> OrchestratorConfig:
    """Raises ConfigError."""
    if file is not None:
        return OrchestratorConfig.from_dict(read_config_file(file), preset=preset, origin=f"file {file}")
    return load_config(settings.VAR_DIR, preset) if preset else settings.DOORBELL


def describe(config: OrchestratorConfig) -> dict[str, Any]:
    secrets = {key.path for key in all_keys() if key.rule.is_secret}
    shown = {path: _masked(each) if path in secrets else each for path, each in config.effective().items()}
    advice = detector_advice(settings.MODELS_DIR, config.pipeline_config.face_detection.model)
    return {
        "preset": config.preset,
        "settings": _as_json(shown),
        "installation": _as_json(effective_installation(process_environment())),
        "warnings": list(config.warnings),
        "advice": [advice] if advice else [],
    }


def as_text(report: dict[str, Any]) -> str:
    lines = [f"preset: {report['preset'] or 'none'}", "", *_table(report["settings"])]
    lines += ["", "From the environment alone:", "", *_table(report["installation"])]
    lines += ["", *(f"Warning: {warning}." for warning in report["warnings"])] if report["warnings"] else []
    lines += ["", *report["advice"]] if report["advice"] else []
    return "\n".join(lines)


def _masked(secret: Effective) -> Effective:
    return Effective(MASK, secret.source) if secret.value else secret


def _as_json(values: dict[str, Effective]) -> dict[str, dict[str, Any]]:
    return {path: {"value": each.value, "source": each.source} for path, each in values.items()}


def _table(values: dict[str, dict[str, Any]]) -> list[str]:
    shown = {path: _in_words(each["value"]) for path, each in values.items()}
    name_width, value_width = max(map(len, shown)), min(40, max(map(len, shown.values())))
    return [f"{path:{name_width}}  {shown[path]:{value_width}}  {each['source']}" for path, each in values.items()]


def _in_words(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return value if isinstance(value, str) else json.dumps(value)
