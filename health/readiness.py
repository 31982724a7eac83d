"""What a doorbell needs to do its work. One check is one function; none can take another down."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

import redis
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from events.broadcast import redis_client
from pipeline.heartbeat import live_workers
from pipeline.queues import QUEUES

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """`detail` is read without signing in: no addresses, no passwords, no paths."""

    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


Check = Callable[[], Iterable[Missing]]


def database() -> Iterable[Missing]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return []


def migrations() -> Iterable[Missing]:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Missing("migrations", "The database is older than the program; run `./doorbell manage migrate`.")


def broker() -> Iterable[Missing]:
    redis_client().ping()
    return []


def workers() -> Iterable[Missing]:
    alive = live_workers()
    for queue in QUEUES:
        if not alive.get(queue):
            yield Missing(f"{queue}_worker", f"No worker serves the queue {queue}; `./doorbell run` starts one.")


UNREACHABLE = {
    database: Missing("database", "The database does not answer; see the log."),
    migrations: Missing("migrations", "Whether the database is up to date cannot be told; see the log."),
    broker: Missing("broker", "Redis, which carries the queues, does not answer; `./doorbell run` starts one."),
    workers: Missing("workers", "Whether workers are alive cannot be told while Redis does not answer."),
}


def find_missing() -> list[Missing]:
    return [missing for check in (database, migrations, broker, workers) for missing in run_check(check)]


def run_check(check: Check) -> list[Missing]:
    try:
        return list(check())
    except (redis.RedisError, DatabaseError, OSError) as error:
        logger.warning("check %s failed: %s: %s", check.__name__, type(error).__name__, error)
    except Exception:
        logger.exception("check %s failed", check.__name__)
    return [UNREACHABLE[check]]
