import os
import socket
from collections.abc import Iterator

import psutil
import pytest

from pipeline import web_address
from pipeline.web_address import AddressUnusable, check_address, hosts_to_allow, next_free_port, urls

HERE = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((HERE, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_port_of_another_program_is_refused(taken_port: int) -> None:
    with pytest.raises(AddressUnusable) as caught:
        check_address(HERE, taken_port)
    assert str(caught.value) == (
        f"port {taken_port} on 127.0.0.1 is taken by another program; "
        f"choose another one, such as --port {taken_port + 1}"
    )


def test_next_port_is_taken_instead(taken_port: int) -> None:
    assert taken_port < next_free_port(HERE, taken_port) < taken_port + web_address.PORTS_TRIED


def test_free_port_is_used(taken_port: int) -> None:
    with socket.socket() as listener:
        listener.bind((HERE, 0))
        port = listener.getsockname()[1]
    assert next_free_port(HERE, port) == port


def test_no_free_port_is_said(monkeypatch: pytest.MonkeyPatch, taken_port: int) -> None:
    monkeypatch.setattr(web_address, "PORTS_TRIED", 1)
    with pytest.raises(AddressUnusable, match="is taken by another program"):
        next_free_port(HERE, taken_port)


def test_address_of_another_machine_is_refused() -> None:
    with pytest.raises(AddressUnusable) as caught:
        check_address("192.0.2.1", 8000)
    assert str(caught.value).startswith("192.0.2.1 is not an address of this machine; use 127.0.0.1 for")


@pytest.mark.skipif(os.getuid() == 0, reason="root may use every port")
def test_port_for_root_alone_is_refused() -> None:
    with pytest.raises(AddressUnusable, match="port 80 may not be used by this account"):
        check_address(HERE, 80)


def test_urls_of_the_whole_network_begin_with_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_address, "lan_addresses", lambda: ["192.0.2.7"])
    assert urls(EVERYWHERE, 8000) == ["http://127.0.0.1:8000/", "http://192.0.2.7:8000/"]
    assert urls("::1", 8001) == ["http://[::1]:8001/"]


def test_hosts_beyond_this_machine_are_allowed_only_when_it_listens_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_address, "lan_addresses", lambda: ["192.0.2.7"])
    monkeypatch.setattr(socket, "gethostname", lambda: "pi")
    assert hosts_to_allow(HERE, ["localhost", HERE]) == ["localhost", HERE]
    assert hosts_to_allow(EVERYWHERE, ["localhost", HERE]) == ["localhost", HERE, "pi", "pi.local", "192.0.2.7"]
    assert hosts_to_allow("192.0.2.7", ["localhost"]) == ["localhost", "192.0.2.7"]


def test_lan_addresses_leave_out_what_no_other_device_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    class Address:
        def __init__(self, address: str) -> None:
            self.address = address

    interfaces = {"lo": ["127.0.0.1", "::1"], "eth0": ["192.0.2.7", "fe80::1%eth0", "00:16:3e:00:00:01"]}
    interfaces |= {"eth1": ["169.254.3.4"]}
    found = {name: [Address(each) for each in addresses] for name, addresses in interfaces.items()}
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: found)
    assert web_address.lan_addresses() == ["192.0.2.7"]
