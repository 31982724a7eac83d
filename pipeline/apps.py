from django.apps import AppConfig


class PipelineConfig(AppConfig):
    name = "pipeline"

    def ready(self) -> None:
        """Events know no pipeline, so the channel that needs ours is added from here."""
        from events.notifications.channels import KINDS
        from pipeline import checks, system_checks  # noqa: F401 - registers them
        from pipeline.mqtt.channel import KIND

        KINDS.setdefault(KIND.name, KIND)
