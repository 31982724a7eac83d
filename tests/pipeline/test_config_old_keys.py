"""The two configuration classes of the system that this one replaces: no key of theirs is an error or is ignored
without a word."""

from typing import Any

import pytest

from pipeline.config import OrchestratorConfig, all_keys
from pipeline.configuration.old_keys import RENAMED, RETIRED

OLD_PIPELINE: dict[str, dict[str, Any]] = {
    "frame_capture": {
        "enabled": True, "fps": 10, "resolution": (640, 480), "ring_buffer_size": 30, "buffer_size": 30, "quality": 85,
        "format": "jpeg", "retry_attempts": 3, "retry_delay": 0.5, "capture_fps": 30, "burst_count": 5,
        "burst_interval": 0.2, "use_threading": True, "buffer_timeout": 1.0, "debounce_time": 5.0, "max_queue_size": 10,
    },
    "motion_detection": {
        "enabled": False, "sensitivity": 0.1, "min_area": 500, "max_area": 50000, "blur_kernel": 21, "threshold": 25,
        "background_subtraction": True, "morphology_enabled": True, "contour_filtering": True, "motion_threshold": 25.0,
        "min_contour_area": 500, "gaussian_blur_kernel": (21, 21), "bg_subtractor_type": "MOG2",
        "bg_learning_rate": 0.01, "bg_history": 500, "bg_var_threshold": 50, "motion_history_size": 10,
        "motion_smoothing_factor": 0.3, "min_motion_duration": 0.5, "max_static_duration": 30.0, "roi_enabled": False,
        "roi_coordinates": None, "frame_resize_factor": 0.5, "skip_frame_count": 0, "worker_id": "motion_detector",
        "queue_size": 100, "timeout": 10.0,
    },
    "face_detection": {
        "enabled": True, "worker_count": 2, "detector_type": "cpu", "model": "hog", "model_type": "hog",
        "number_of_times_to_upsample": 1, "scale_factor": 1.1, "min_neighbors": 5, "min_face_size": (30, 30),
        "max_face_size": (1000, 1000), "confidence_threshold": 0.5, "max_queue_size": 100, "batch_size": 1,
        "job_timeout": 30.0, "timeout": 10.0, "gpu_memory_fraction": 0.3, "use_tensorrt": False,
        "doorbell_priority": 1, "continuous_priority": 2,
    },
    "face_recognition": {
        "enabled": True, "worker_count": 2, "model_type": "dlib", "encoding_model": "small", "tolerance": 0.6,
        "blacklist_tolerance": 0.5, "min_confidence": 0.4, "face_jitter": 1, "num_encodings": 1,
        "number_of_times_to_upsample": 1, "batch_size": 5, "known_faces_path": "data/known_faces",
        "blacklist_faces_path": "data/blacklist_faces", "database_path": "data/faces.db", "max_faces_per_person": 10,
        "backup_enabled": True, "backup_interval_hours": 24, "cache": {"enabled": True}, "cache_encodings": True,
        "cache_file": "data/face_encodings_cache.pkl", "max_queue_size": 50, "timeout": 15.0,
        "max_concurrent_recognitions": 10, "encoding_timeout_seconds": 5.0, "similarity_metric": "euclidean",
        "enable_anti_spoofing": False, "recognition_threshold": 0.6,
    },
    "event_processing": {
        "enabled": True, "max_queue_size": 1000, "batch_processing": False, "batch_size": 10, "batch_timeout": 5.0,
        "enable_telegram": True, "enable_web_events": True, "enable_database": True, "event_retention_days": 30,
        "cleanup_interval_hours": 24, "worker_threads": 4, "max_concurrent_enrichments": 10,
    },
    "storage": {
        "database_path": "data/events.db", "backup_enabled": True, "backup_interval_hours": 24,
        "capture_path": "data/captures", "keep_images_days": 7, "compress_images": True, "log_path": "data/logs",
        "log_level": "INFO", "log_rotation_size": "10MB", "log_retention_days": 30,
    },
    "notifications": {
        "enabled": True, "debounce_period": 5.0, "aggregation_window": 30.0, "max_per_hour": 100,
        "telegram_enabled": True, "telegram_timeout": 30.0, "include_images": True, "max_image_size": 2048,
        "image_quality": 85, "rate_limit_window": 60, "max_notifications_per_window": 10,
        "priority_bypass_rate_limit": True, "emergency_contacts": [], "alerts": {}, "rate_limiting": {}, "delivery": {},
        "storage": {},
    },
    "hardware": {
        "doorbell_pin": 18, "led_pin": 16, "button_debounce_time": 5.0, "camera_type": "auto", "camera_index": 0,
        "camera_warmup_time": 2.0, "gpio_polling_rate": 0.1, "camera_buffer_size": 1,
    },
    "monitoring": {
        "enabled": True, "health_check_interval": 30.0, "metrics_collection_interval": 60.0, "cpu_threshold": 80.0,
        "memory_threshold": 85.0, "queue_threshold": 100, "alert_on_high_cpu": True, "alert_on_high_memory": True,
        "alert_on_errors": True, "error_threshold": 10,
    },
}  # fmt: skip


def one_key(section: str, name: str, value: Any) -> OrchestratorConfig:
    return OrchestratorConfig.from_dict({"pipeline_config": {section: {name: value}}}, environ={})


OLD_KEYS = [(section, name) for section, values in OLD_PIPELINE.items() for name in values]


@pytest.mark.parametrize(("section", "name"), OLD_KEYS)
def test_every_old_key_is_honoured_or_answered_with_its_replacement(section: str, name: str) -> None:
    path, value = f"{section}.{name}", OLD_PIPELINE[section][name]
    config = one_key(section, name, value)
    current = {key.path for key in all_keys()}
    if path in current:
        assert config.warnings == ()
        assert config.effective()[path].value == value
    elif path in RENAMED:
        assert config.warnings == (f"{path} is the old name of {RENAMED[path]}; its value is used",)
        assert config.effective()[RENAMED[path]].value == value
    else:
        assert config.warnings == (f"{path} is not used any more; in its place: {RETIRED[path]}",)


def test_the_whole_old_configuration_is_taken() -> None:
    supervision = {
        "health_check_interval": 30.0, "metrics_collection_interval": 60.0, "auto_recovery_enabled": True,
        "max_restart_attempts": 3, "restart_cooldown_seconds": 60.0, "cpu_threshold": 80.0, "memory_threshold": 85.0,
        "queue_backlog_threshold": 100, "alert_on_high_cpu": True, "alert_on_high_memory": True,
        "alert_on_errors": True, "error_threshold_per_minute": 10,
    }  # fmt: skip
    config = OrchestratorConfig.from_dict({**supervision, "pipeline_config": OLD_PIPELINE}, environ={})
    assert config.pipeline_config.event_processing.event_retention_days == 30
    assert config.pipeline_config.frame_capture.debounce_time == 5.0


def test_the_new_name_wins_over_the_old_one() -> None:
    given = {"pipeline_config": {"face_detection": {"model_type": "cnn", "model": "yunet"}}}
    config = OrchestratorConfig.from_dict(given, environ={})
    assert config.pipeline_config.face_detection.model == "yunet"
    assert config.warnings == (
        "face_detection.model_type is the old name of face_detection.model; "
        "its value is not used, since the new name is given too",
    )


def test_a_wrong_value_under_an_old_name_is_refused_by_that_name() -> None:
    with pytest.raises(ValueError, match=r"monitoring\.cpu_threshold is 'x' in the dict; it must be a number"):
        one_key("monitoring", "cpu_threshold", "x")


def test_an_old_detector_that_is_gone_is_refused_with_the_choice_there_is() -> None:
    with pytest.raises(ValueError, match="detector_type is 'edgetpu' in the dict; it must be one of cpu, gpu"):
        one_key("face_detection", "detector_type", "edgetpu")


def test_nothing_is_both_renamed_and_retired_and_every_new_name_exists() -> None:
    current = {key.path for key in all_keys()}
    assert not RENAMED.keys() & RETIRED.keys()
    assert not current & (RENAMED.keys() | RETIRED.keys())
    assert set(RENAMED.values()) <= current
