"""Where an MQTT broker is, and how it is spoken to."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pipeline.errors import DoorbellError

PORTS = {"mqtt": 1883, "mqtts": 8883}
HOST_MAX = 253


class InvalidMqttSetting(DoorbellError):
    """The text names the setting and never quotes a password."""

    code = "invalid_mqtt_setting"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """`ca_file` None trusts what the system trusts; `is_insecure` trusts everybody."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    is_tls: bool = False
    ca_file: Path | None = None
    is_insecure: bool = False

    def __str__(self) -> str:
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{self.host}:{self.port}"

    def __repr__(self) -> str:
        return f"BrokerAddress({self})"

    def tls_context(self) -> ssl.SSLContext:
        """Raises InvalidMqttSetting when the CA file cannot be used."""
        if self.is_insecure:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise InvalidMqttSetting(
                f"the CA file {self.ca_file} cannot be used: {error}; it must hold certificates in PEM form"
            ) from error


def parse_broker_url(
    url: str, *, name: str = "MQTT_URL", ca_file: str = "", is_insecure: bool = False
) -> BrokerAddress:
    """mqtt://user:password@host:1883 or mqtts://…:8883; user and password may be percent-encoded.

    name: what to call the setting when it is refused. Raises InvalidMqttSetting.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        # The error quotes what it took for the port: perhaps a part of the password.
        raise InvalidMqttSetting(f"{name} is no address; {_wanted()}") from None
    if parts.scheme not in PORTS:
        raise InvalidMqttSetting(f"{name} starts with {parts.scheme[:10] or 'no scheme'!r}; {_wanted()}")
    if not _is_host(parts.hostname or "") or _has_more(parts) or port == 0:
        raise InvalidMqttSetting(f"{name} names no host and port alone; {_wanted()}")
    return BrokerAddress(
        host=parts.hostname or "",
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "mqtts",
        ca_file=Path(ca_file).expanduser() if ca_file else None,
        is_insecure=is_insecure,
    )


def _wanted() -> str:
    return (
        "write mqtt://user:password@host:1883 or mqtts://user:password@host:8883, "
        "with characters such as @ : / # in a password percent-encoded"
    )


def _is_host(host: str) -> bool:
    """Whether a connection can be tried: an IPv6 address, or labels that IDNA can encode."""
    if not host or len(host) > HOST_MAX or any(character.isspace() for character in host):
        return False
    try:
        host.encode("idna")
    except UnicodeError:
        return False
    return True


def _has_more(parts: SplitResult) -> bool:
    return parts.path not in ("", "/") or bool(parts.query or parts.fragment)
