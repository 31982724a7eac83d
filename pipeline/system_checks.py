"""What the configuration warns of, told by every command before it starts."""

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from pipeline.configured import current_config

DEPLOYMENT = "deployment"  # the tag of checks that judge this installation, not the code
HINT = "`manage.py show_config` prints every setting; docs/configuration.md says what each means."


@register(DEPLOYMENT)
def check_configuration(**_kwargs: Any) -> list[CheckMessage]:
    return [Warning(f"{warning}.", hint=HINT, id="doorbell.W001") for warning in current_config().warnings]
