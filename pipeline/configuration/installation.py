"""What only the environment sets: where things lie and who may reach them. Read by the settings module."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.configuration.environment import Environment
from pipeline.configuration.resolving import Effective

MASK = "********"


@dataclass(frozen=True, slots=True)
class Variable:
    """default: in words, since much of it is made on the machine."""

    name: str
    default: str
    meaning: str
    is_secret: bool = False


INSTALLATION = (
    Variable("DOORBELL_VAR", "var/", "The folder under which everything lies that a run writes."),
    Variable("DOORBELL_CONFIG", "config.json in that folder, if there", "A JSON file with the settings of this page."),
    Variable("DOORBELL_PRESET", "none", "raspberry_pi or high_performance."),
    Variable("DATABASE_URL", "SQLite in that folder", "postgres://user:password@host/name", is_secret=True),
    Variable("CELERY_BROKER_URL", "a private Redis, started with the rest", "redis://host:6379/0", is_secret=True),
    Variable("SECRET_KEY", "made once, kept in secrets/", "Signs sessions and links.", is_secret=True),
    Variable("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", "Names under which the web pages are reached."),
    Variable("CSRF_TRUSTED_ORIGINS", "none", "https://door.example.org, behind a proxy."),
    Variable("DOORBELL_HTTPS", "false", "Served over HTTPS by a proxy: cookies are sent that way alone."),
    Variable("TIME_ZONE", "the machine's", "Europe/Berlin"),
    Variable("MAX_PICTURE_BYTES", "20971520", "Larger pictures are refused."),
    Variable("MAX_PICTURE_PIXELS", "50000000", "Larger pictures are refused."),
    Variable("MAX_REQUEST_BYTES", "ten pictures", "Larger requests are refused."),
    Variable("CLAIM_LEASE_S", "15", "Seconds after which a picture is taken from a worker that died with it."),
    Variable("SWEEP_INTERVAL_S", "5", "Seconds between two searches for what got stuck."),
    Variable("PUBLIC_URL", "none", "Where people reach the pages, for links in messages: https://door.example.org."),
    Variable("NOTIFY_SECRET_KEY", "made once, kept in secrets/", "Seals the channels' passwords.", is_secret=True),
    Variable("NOTIFY_QUIET_HOURS", "none", "22:00-07:00; urgent messages go out all the same."),
    Variable("NOTIFY_MOTION_GROUP_S", "600", "Motion alike within so many seconds is told once."),
    Variable("NOTIFY_TIMEOUT_S", "10", "Seconds that a service may take to answer."),
    Variable("NOTIFY_LEASE_S", "120", "Seconds after which a message is taken from a worker that died with it."),
    Variable("NOTIFY_RETRY_BASE_S", "2", "The first pause before a message is tried again; each is twice as long."),
    Variable("NOTIFY_GIVE_UP_S", "21600", "Seconds after which a message has failed for good."),
    Variable("NOTIFY_PICTURE_LINK_S", "86400", "Seconds for which a picture's link in a message works."),
    Variable("LEGACY_API_ENABLED", "false", "Serve the old system's addresses, too: legacy-api.md."),
    Variable("WEB_PUSH_HOSTS", "the browser makers'", "Push services that browsers may name, with their subdomains."),
    Variable("DOORBELL_VERBOSE", "false", "Write the log to the console, too."),
    Variable("DEBUG", "false", "Django's pages for developers; never on a machine that others reach."),
)


def effective_installation(environment: Environment) -> dict[str, Effective]:
    """Every variable as it is set, secrets masked."""
    shown = {}
    for variable in INSTALLATION:
        text = environment.get(variable.name)
        value = masked(text) if variable.is_secret else text
        shown[variable.name] = (
            Effective(value, environment.origin(variable.name)) if text else Effective(variable.default, "default")
        )
    return shown


def masked(secret: str) -> str:
    """Hide the password of an address, and all of what is no address."""
    address = re.fullmatch(r"([a-z+]+://)(.*)", secret)
    if address is None:
        return MASK
    credentials, at, place = address[2].rpartition("@")  # a password may hold an @
    return address[1] + (MASK + at if credentials else at) + place.partition("?")[0]
