"""What the tests of the pipeline share."""

from collections.abc import Iterator

import pytest

from doorbell_site.celery import app


@pytest.fixture
def stages_at_once() -> Iterator[None]:
    """Tasks run in the caller, as soon as its transaction is committed: no broker, no workers."""
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    yield
    app.conf.update(task_always_eager=False, task_eager_propagates=False)
