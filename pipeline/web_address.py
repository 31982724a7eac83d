"""Where the web server listens, and under which addresses people find it."""

import contextlib
import errno
import ipaddress
import socket
from collections.abc import Iterable

import psutil

from pipeline.errors import DoorbellError

EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104
PORTS_TRIED = 20
TAKEN = "port {port} on {host} is taken by another program; choose another one, such as --port {next}"
NOT_ALLOWED = "port {port} may not be used by this account; choose one from 1024 up, such as --port 8000"
NOT_HERE = "{host} is not an address of this machine; use 127.0.0.1 for this machine alone, 0.0.0.0 for the network"
REASONS = {errno.EADDRINUSE: TAKEN, errno.EACCES: NOT_ALLOWED}


class AddressUnusable(DoorbellError):
    """The web server could not listen there."""

    code = "address"


def check_address(host: str, port: int) -> None:
    """Raises AddressUnusable when a server could not listen there now."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
    except OSError as error:
        reason = REASONS.get(error.errno or 0, NOT_HERE)
        raise AddressUnusable(reason.format(host=host, port=port, next=port + 1)) from error


def next_free_port(host: str, port: int) -> int:
    """`port`, or the first free one of the nineteen after it. Raises AddressUnusable when all are taken."""
    for candidate in range(port, port + PORTS_TRIED - 1):
        with contextlib.suppress(AddressUnusable):
            check_address(host, candidate)
            return candidate
    check_address(host, port + PORTS_TRIED - 1)
    return port + PORTS_TRIED - 1


def urls(host: str, port: int) -> list[str]:
    """What to type into a browser; the first one works on this machine."""
    hosts = ["127.0.0.1", *lan_addresses()] if host in EVERYWHERE else [host]
    return [f"http://{_in_url(each)}:{port}/" for each in hosts]


def hosts_to_allow(host: str, allowed: Iterable[str]) -> list[str]:
    """The settings' ALLOWED_HOSTS, and, when the server listens beyond this machine, its own names and addresses."""
    hosts = list(allowed)
    if host in EVERYWHERE:
        name = socket.gethostname()
        hosts += [name, f"{name}.local", *map(_in_url, lan_addresses())]
    elif host not in hosts:
        hosts.append(_in_url(host))
    return list(dict.fromkeys(hosts))


def lan_addresses() -> list[str]:
    """This machine's own IPv4 addresses, loopback aside."""
    found = [each.address for addresses in psutil.net_if_addrs().values() for each in addresses]
    return [text for text in found if _is_lan(text)]


def _is_lan(text: str) -> bool:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return not address.is_loopback and not address.is_link_local


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
