"""The checks: pure functions from facts to findings, one fact each."""

from health.checkup import computer, flow, processes, stores
from health.findings import Check

CHECKS = (
    Check("broker", "broker_ms", stores.broker),
    Check("database", "database_ms", stores.database),
    Check("workers", "workers", processes.workers),
    Check("cameras", "cameras", processes.cameras),
    Check("queues", "queues", flow.backlog),
    Check("stuck rows", "stuck", flow.stuck),
    Check("failures", "failures_per_minute", flow.failures),
    Check("presses", "presses", flow.presses),
    Check("notifications", "notifications", flow.notifications),
    Check("restarts", "restarts", processes.restarts),
    Check("disk", "disk", stores.disk),
    Check("clock", "clock", stores.clock),
    Check("processor", "cpu_percent", computer.processor),
    Check("memory", "memory_percent", computer.memory),
    Check("temperature", "temperature_c", computer.temperature),
    Check("model files", "models", computer.models),
    Check("samples", "models", computer.samples),
)
