"""The configuration of this process."""

from django.conf import settings

from pipeline.config import OrchestratorConfig, all_keys


def current_config() -> OrchestratorConfig:
    config: OrchestratorConfig = settings.DOORBELL
    return config


def use_config(config: OrchestratorConfig) -> None:
    """Have this process, whose settings were made before, go by `config` as well.

    For a program that holds an OrchestratorManager: its own ring() debounces as its children do. What was made from
    the settings earlier (the engine, the log) stays as it is.
    """
    settings.DOORBELL = config
    for key in all_keys():
        if key.rule.django:
            setattr(settings, key.rule.django, config[key])
