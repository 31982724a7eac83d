"""Mistakes in the settings of MQTT and of the chime, told before anything starts."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from pipeline.hardware.chime import check_sound, find_player
from pipeline.hardware.errors import ChimeUnavailable
from pipeline.mqtt.address import InvalidMqttSetting
from pipeline.mqtt.plan import configured_plan, is_configured
from pipeline.system_checks import DEPLOYMENT


@register(DEPLOYMENT)
def check_mqtt(**_kwargs: Any) -> list[CheckMessage]:
    if not is_configured():
        return []
    try:
        plan = configured_plan()
    except InvalidMqttSetting as error:
        hint = "Correct it, or leave MQTT_URL empty to run without MQTT; docs/home-assistant.md shows a set-up."
        return [Error(str(error), hint=hint, id="doorbell.E101")]
    try:
        if plan.broker.is_tls:
            plan.broker.tls_context()
    except InvalidMqttSetting as error:
        # The file may come with a disk that is not there yet; the doorbell rings without it.
        return [Warning(str(error), hint="MQTT does not work until the file is there.", id="doorbell.W101")]
    return []


@register(DEPLOYMENT)
def check_chime(**_kwargs: Any) -> list[CheckMessage]:
    try:
        if settings.CHIME_SOUND:
            find_player(check_sound(settings.CHIME_SOUND))
    except ChimeUnavailable as error:
        return [Warning(str(error), hint="The doorbell rings without this sound.", id="doorbell.W102")]
    return []
