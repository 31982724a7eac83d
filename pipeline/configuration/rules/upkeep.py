"""What keeps it running: supervision, disk and log, the measuring of health."""

from __future__ import annotations

from pipeline.configuration.setting import Rule

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

SUPERVISION = {
    "health_check_interval": Rule(
        "Seconds between two looks of the manager at its processes.", ("HEALTH_CHECK_INTERVAL",), above=0, most=3600
    ),
    "metrics_collection_interval": Rule(
        "Seconds between two health snapshots.", ("METRICS_COLLECTION_INTERVAL",), above=0, most=86400
    ),
    "auto_recovery_enabled": Rule("Restart what dies or falls silent.", ("AUTO_RECOVERY_ENABLED",)),
    "max_restart_attempts": Rule(
        "Restarts of one process within the cooldown before it is given up.",
        ("MAX_RESTART_ATTEMPTS",),
        least=0,
        most=100,
    ),
    "restart_cooldown_seconds": Rule(
        "Seconds of calm after which the restarts are counted anew.", ("RESTART_COOLDOWN_SECONDS",), above=0, most=86400
    ),
    "cpu_threshold": Rule("Processor load, percent, above which health warns.", ("CPU_THRESHOLD",), above=0, most=100),
    "memory_threshold": Rule(
        "Memory in use, percent, above which health warns.", ("MEMORY_THRESHOLD",), above=0, most=100
    ),
    "queue_backlog_threshold": Rule(
        "Waiting messages of one queue above which health warns.", ("QUEUE_BACKLOG_THRESHOLD",), least=1, most=1_000_000
    ),
    "alert_on_high_cpu": Rule("Whether the processor's load may warn at all.", ("ALERT_ON_HIGH_CPU",)),
    "alert_on_high_memory": Rule("Whether the memory in use may warn at all.", ("ALERT_ON_HIGH_MEMORY",)),
    "alert_on_errors": Rule("Whether failures per minute may warn at all.", ("ALERT_ON_ERRORS",)),
    "error_threshold_per_minute": Rule(
        "Failed captures a minute above which health warns.", ("ERROR_THRESHOLD_PER_MINUTE",), least=0, most=100_000
    ),
}

STORAGE = {
    "keep_images_days": Rule(
        "Days after which a visit's pictures are deleted; what is known of it stays; none: never.",
        ("KEEP_IMAGES_DAYS",),
        least=1,
        most=36500,
    ),
    "min_free_mb": Rule(
        "Free disk space, MB, below which motion takes no more pictures.",
        ("MIN_FREE_DISK_MB",),
        least=0,
        most=1_000_000,
    ),
    "log_level": Rule(
        "What reaches the log.", ("LOG_LEVEL", "DOORBELL_LOG_LEVEL"), choices=LOG_LEVELS, django="LOG_LEVEL"
    ),
    "log_rotation_size": Rule("Size at which the log starts anew.", ("MAX_LOG_FILE_SIZE",), is_size=True),
    "log_backup_count": Rule("Old logs that are kept.", ("LOG_BACKUP_COUNT",), least=0, most=1000),
}

MONITORING = {
    "enabled": Rule("Take health snapshots.", ("MONITORING_ENABLED",)),
    "stuck_seconds": Rule(
        "Seconds without progress after which a picture or a visit counts as stuck.",
        ("STUCK_SECONDS",),
        least=5,
        most=3600,
    ),
    "slow_press_seconds": Rule(
        "From press to decision, the 95th percentile of the last hour: above it health warns.",
        ("SLOW_PRESS_SECONDS",),
        above=0,
        most=600,
    ),
    "snapshot_keep_days": Rule(
        "Days for which health snapshots are kept.", ("SNAPSHOT_KEEP_DAYS",), least=1, most=3650
    ),
    "metrics_token": Rule(
        "Bearer token with which a Prometheus server may read /metrics; empty: only who may sign in reads it.",
        ("METRICS_TOKEN",),
        is_secret=True,
        django="METRICS_TOKEN",
    ),
}
