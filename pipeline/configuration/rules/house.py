"""The house around it: who is told, what is wired to the door, who listens by MQTT."""

from __future__ import annotations

from pipeline.configuration.setting import Rule

NOTIFICATIONS = {
    "enabled": Rule("Tell people about visits.", ("NOTIFICATIONS_ENABLED",), django="NOTIFICATIONS_ENABLED"),
    "wait_seconds": Rule(
        "How long a message of a press waits for the name.",
        ("NOTIFY_WAIT_S",),
        least=0,
        most=60,
        django="NOTIFY_WAIT_S",
    ),
    "notify_on_known_visitors": Rule(
        "Also tell about known people.", ("NOTIFY_ON_KNOWN_VISITORS",), django="NOTIFY_ON_KNOWN_VISITORS"
    ),
    "include_photo_for_known": Rule(
        "With a picture of them.", ("INCLUDE_PHOTO_FOR_KNOWN",), django="INCLUDE_PHOTO_FOR_KNOWN"
    ),
}

HARDWARE = {
    "doorbell_pin": Rule(
        "The button, to ground; none: no button.", ("DOORBELL_PIN",), least=0, most=27, django="DOORBELL_PIN"
    ),
    "red_led_pin": Rule("The red status LED.", ("RED_LED_PIN",), least=0, most=27, django="RED_LED_PIN"),
    "yellow_led_pin": Rule("The yellow status LED.", ("YELLOW_LED_PIN",), least=0, most=27, django="YELLOW_LED_PIN"),
    "green_led_pin": Rule("The green status LED.", ("GREEN_LED_PIN",), least=0, most=27, django="GREEN_LED_PIN"),
    "chime_pin": Rule(
        "A relay or buzzer that sounds at each press; none: nothing is wired.",
        ("CHIME_PIN",),
        least=0,
        most=27,
        django="CHIME_PIN",
    ),
    "chime_active_low": Rule(
        "The relay closes when its pin is low, as on most relay boards.",
        ("CHIME_ACTIVE_LOW",),
        django="CHIME_ACTIVE_LOW",
    ),
    "chime_seconds": Rule("How long it stays closed.", ("CHIME_SECONDS",), above=0, most=30, django="CHIME_SECONDS"),
    "chime_sound": Rule("A sound file that is played at each press.", ("CHIME_SOUND",), django="CHIME_SOUND"),
}

MQTT = {
    "url": Rule(
        "The broker, mqtt://user:password@host:1883 or mqtts://…:8883; none: no MQTT.",
        ("MQTT_URL",),
        is_secret=True,
        django="MQTT_URL",
    ),
    "ca_file": Rule(
        "Certificates (PEM) that the broker's must be signed by; none: those of the system.",
        ("MQTT_CA_FILE",),
        django="MQTT_CA_FILE",
    ),
    "insecure": Rule(
        "Take any certificate: encrypted, but perhaps by somebody in between.",
        ("MQTT_INSECURE",),
        django="MQTT_INSECURE",
    ),
    "topic": Rule(
        "What all topics begin with; another one for each doorbell on a broker.", ("MQTT_TOPIC",), django="MQTT_TOPIC"
    ),
    "discovery_prefix": Rule(
        "Where Home Assistant looks for new devices; none: nothing is announced.",
        ("MQTT_DISCOVERY_PREFIX",),
        django="MQTT_DISCOVERY_PREFIX",
    ),
    "names": Rule("Say who was there, with a sensor for each person.", ("MQTT_NAMES",), django="MQTT_NAMES"),
    "pictures": Rule("Leave the last picture with the broker.", ("MQTT_PICTURES",), django="MQTT_PICTURES"),
    "ring_topic": Rule(
        "Another doorbell's topic, whose messages ring this one.", ("MQTT_RING_TOPIC",), django="MQTT_RING_TOPIC"
    ),
    "ring_payload": Rule(
        "Which of them do: a text such as ON, or a field such as action=single; none: all.",
        ("MQTT_RING_PAYLOAD",),
        django="MQTT_RING_PAYLOAD",
    ),
    "ring_camera": Rule(
        "The camera by which they ring; none: the first one.", ("MQTT_RING_CAMERA",), django="MQTT_RING_CAMERA"
    ),
}
