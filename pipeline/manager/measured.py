"""The orchestrator of a manager: the processes, and what is measured about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from health.facts import Facts
from pipeline.config import OrchestratorConfig
from pipeline.manager.metrics import Metrics, ProcessMeter, pipeline_metrics
from pipeline.manager.status import ManagerStatus
from pipeline.orchestrator import PipelineOrchestrator, SystemPlan
from pipeline.supervisor import Child, ChildState


class MeasuredOrchestrator(PipelineOrchestrator):
    """status: of the doorbell of this folder, be it run by this program or by another."""

    def __init__(
        self,
        plan: SystemPlan,
        *,
        config: OrchestratorConfig,
        status: Callable[[], ManagerStatus],
        on_change: Callable[[Child, ChildState, ChildState], None] | None = None,
        on_line: Callable[[Child, str], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(plan, on_change=on_change, on_line=on_line, environment=environment)
        self._config = config
        self._status = status
        self._meter = ProcessMeter()

    def get_pipeline_metrics(self, facts: Facts | None = None) -> Metrics:
        """What runs and what it does; docs/manager.md lists the keys. None: it cannot be known now.

        facts: measured a moment ago; None measures now.
        """
        return pipeline_metrics(self._status(), self._config, self._meter, facts)
