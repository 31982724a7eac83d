from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest
from django.conf import settings as django_settings

from pipeline.config import SECTIONS, ConfigError, OrchestratorConfig, PipelineConfig, all_keys
from pipeline.configuration.rules import stages
from pipeline.configuration.rules.table import RULES
from pipeline.configuration.validated import Validated
from pipeline.vision import engine
from pipeline.vision.matching import Tolerances
from pipeline.vision.motion import MotionConfig
from pipeline.visits import BurstPlan, MotionPlan

NOTHING: dict[str, str] = {}


def config_of(given: dict[str, Any] | None = None, **words: Any) -> OrchestratorConfig:
    return OrchestratorConfig.from_dict(given, environ=words.pop("environ", NOTHING), **words)


def problems_of(given: dict[str, Any], **words: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        config_of(given, **words)
    return refused.value.problems


def test_the_documented_defaults_are_kept() -> None:
    config = config_of()
    assert (config.health_check_interval, config.metrics_collection_interval) == (30.0, 60.0)
    assert (config.auto_recovery_enabled, config.max_restart_attempts, config.restart_cooldown_seconds) == (
        True,
        3,
        60.0,
    )
    assert (config.cpu_threshold, config.memory_threshold, config.queue_backlog_threshold) == (80.0, 85.0, 100)
    detection, recognition = config.pipeline_config.face_detection, config.pipeline_config.face_recognition
    assert (detection.worker_count, detection.detector_type, detection.model) == (2, "cpu", "hog")
    assert (recognition.worker_count, recognition.tolerance, recognition.blacklist_tolerance) == (2, 0.6, 0.5)
    assert recognition.encoding_model == "small"


def test_every_setting_has_a_rule_and_every_rule_a_setting() -> None:
    for section, kind in {"": OrchestratorConfig, **SECTIONS}.items():
        beside = {"pipeline_config", "preset", "warnings", "sources"} if not section else set()
        names = [each.name for each in fields(kind) if each.name not in beside]  # type: ignore[arg-type]
        assert names == list(RULES[section])


def test_an_environment_variable_means_one_setting_or_one_thing_for_each_stage() -> None:
    named = [(name, key.path) for key in all_keys() for name in key.rule.env]
    twice = {name for name, _ in named if [each for each, _ in named].count(name) > 1}
    assert twice == {"WORKER_COUNT", "DOORBELL_WORKER_COUNT"}


def test_the_words_to_choose_from_are_those_that_the_engine_knows() -> None:
    assert stages.MODELS == engine.DETECTORS
    assert stages.DETECTOR_TYPES == engine.DETECTOR_TYPES
    assert stages.ENCODERS == engine.ENCODERS
    assert stages.ENCODING_MODELS == engine.ENCODING_MODELS


def test_the_defaults_are_those_of_the_parts_that_they_configure() -> None:
    pipeline = PipelineConfig()
    motion, recognition, capture = pipeline.motion_detection, pipeline.face_recognition, pipeline.frame_capture
    for each in fields(MotionConfig):
        assert getattr(motion, each.name) == getattr(MotionConfig(), each.name)
    assert (recognition.tolerance, recognition.blacklist_tolerance, recognition.margin) == (
        Tolerances().known,
        Tolerances().blocked,
        Tolerances().margin,
    )
    assert capture.burst_count == 1 + BurstPlan().before + BurstPlan().after
    assert capture.burst_interval == BurstPlan().interval_s
    assert (motion.capture_interval, motion.calm_seconds) == (MotionPlan().interval_s, MotionPlan().calm_s)
    assert (motion.longest_seconds, motion.most_captures) == (MotionPlan().longest_s, MotionPlan().most)


def test_the_dict_beats_the_preset_and_the_environment_beats_the_dict() -> None:
    given = {"pipeline_config": {"face_detection": {"worker_count": 3, "model": "hog"}}}
    config = config_of(given, preset="high_performance", environ={"DETECTION_WORKERS": "5"})
    detection = config.pipeline_config.face_detection
    assert (detection.worker_count, detection.model, detection.min_face_px) == (5, "hog", 40)
    sources = {path: each.source for path, each in config.effective().items()}
    assert sources["face_detection.worker_count"] == "environment DETECTION_WORKERS"
    assert sources["face_detection.model"] == "dict"
    assert sources["face_detection.min_face_px"] == "preset high_performance"
    assert sources["cpu_threshold"] == "default"


def test_one_variable_sets_the_workers_of_both_stages() -> None:
    pipeline = config_of(environ={"WORKER_COUNT": "4", "RECOGNITION_WORKERS": "1"}).pipeline_config
    assert (pipeline.face_detection.worker_count, pipeline.face_recognition.worker_count) == (4, 1)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert config_of(environ={"CPU_THRESHOLD": " "}).cpu_threshold == 80.0


def test_variables_of_the_old_system_still_count() -> None:
    pipeline = config_of(environ={"FACE_TOLERANCE": "0.5", "CAMERA_FPS": "12"}).pipeline_config
    assert (pipeline.face_recognition.tolerance, pipeline.frame_capture.fps) == (0.5, 12.0)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("No", False), ("1", True), ("off", False)])
def test_true_and_false_are_written_in_several_ways(text: str, value: bool) -> None:
    assert config_of(environ={"AUTO_RECOVERY_ENABLED": text}).auto_recovery_enabled is value


def test_none_switches_a_pin_off() -> None:
    assert config_of(environ={"DOORBELL_PIN": "none"}).pipeline_config.hardware.doorbell_pin is None
    given = {"pipeline_config": {"hardware": {"doorbell_pin": None}}}
    assert config_of(given).pipeline_config.hardware.doorbell_pin is None


def test_zones_come_as_json() -> None:
    zones = (((0.0, 0.0), (0.5, 1.0)),)
    given = {"pipeline_config": {"motion_detection": {"ignored_zones": [[[0, 0], [0.5, 1]]]}}}
    assert config_of(given).pipeline_config.motion_detection.ignored_zones == zones
    environ = {"MOTION_IGNORED_ZONES": "[[[0, 0], [0.5, 1]]]"}
    assert config_of(environ=environ).pipeline_config.motion_detection.ignored_zones == zones


def test_raspberry_pi_runs_one_worker_each_with_motion_at_a_small_width() -> None:
    pipeline = config_of(preset="raspberry_pi").pipeline_config
    assert (pipeline.face_detection.worker_count, pipeline.face_recognition.worker_count) == (1, 1)
    assert pipeline.motion_detection.enabled
    assert pipeline.face_detection.min_face_px == 96


def test_high_performance_runs_four_and_three_workers_with_a_better_detector() -> None:
    pipeline = config_of(preset="high_performance").pipeline_config
    assert (pipeline.face_detection.worker_count, pipeline.face_recognition.worker_count) == (4, 3)
    assert (pipeline.face_detection.model, pipeline.face_detection.min_face_px) == ("cnn", 40)


def test_a_preset_is_named_by_the_caller_else_by_the_environment_else_by_the_dict() -> None:
    given = {"preset": "raspberry_pi"}
    environ = {"DOORBELL_PRESET": "high_performance"}
    assert config_of(given).preset == "raspberry_pi"
    assert config_of(given, environ=environ).preset == "high_performance"
    assert config_of(given, environ=environ, preset="raspberry_pi").preset == "raspberry_pi"


def test_an_unknown_preset_is_refused() -> None:
    assert problems_of({}, preset="pi") == ("there is no preset 'pi'; there are raspberry_pi, high_performance",)


def test_what_to_dict_gives_makes_the_same_configuration_again() -> None:
    config = config_of({"cpu_threshold": 70}, preset="raspberry_pi")
    assert config_of(config.to_dict()) == config
    assert PipelineConfig.from_dict(config.pipeline_config.to_dict(), environ=NOTHING) == config.pipeline_config


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"cpu_treshold": 1}, "there is no setting cpu_treshold; did you mean cpu_threshold?"),
        (
            {"pipeline_config": {"face_detection": {"worker_cont": 1}}},
            "there is no setting face_detection.worker_cont; did you mean face_detection.worker_count?",
        ),
        (
            {"pipeline_config": {"face_detection": {"tolerance": 1}}},
            "there is no setting face_detection.tolerance; did you mean face_recognition.tolerance?",
        ),
        (
            {"pipeline_config": {"face_detecton": {"worker_count": 1}}},
            "there is no section face_detecton; did you mean face_detection?",
        ),
        ({"face_detection": {"worker_count": 1}}, "face_detection stands beside pipeline_config; put it inside"),
        ({"pipeline_config": {"face_detection": 3}}, "face_detection is 3; it must be a dict of settings"),
        ({"pipeline_config": 3}, "pipeline_config is 3; it must be a dict of sections"),
        ({"xyzzy": 1}, "there is no setting xyzzy; manage.py show_config lists every key"),
        ({"cpu_threshold": "high"}, "cpu_threshold is 'high' in the dict; it must be a number above 0 to 100"),
        ({"cpu_threshold": True}, "cpu_threshold is True in the dict; it must be a number above 0 to 100"),
        ({"cpu_threshold": float("nan")}, "cpu_threshold is nan in the dict; it must be a number above 0 to 100"),
        ({"cpu_threshold": None}, "cpu_threshold is None in the dict; it must be a number above 0 to 100"),
        (
            {"max_restart_attempts": 1.5},
            "max_restart_attempts is 1.5 in the dict; it must be a whole number from 0 to 100",
        ),
        ({"alert_on_errors": 1}, "alert_on_errors is 1 in the dict; it must be true or false"),
        (
            {"pipeline_config": {"face_detection": {"model": "haar"}}},
            "face_detection.model is 'haar' in the dict; it must be one of hog, cnn, yunet",
        ),
        (
            {"pipeline_config": {"motion_detection": {"blur_kernel": 20}}},
            "motion_detection.blur_kernel is 20 in the dict; it must be an odd number from 1 to 255",
        ),
        (
            {"pipeline_config": {"storage": {"log_rotation_size": "much"}}},
            "storage.log_rotation_size is 'much' in the dict; it must be a size such as 500KB, 10MB or 1GB",
        ),
        (
            {"pipeline_config": {"motion_detection": {"ignored_zones": [[[0, 2], [1, 1]]]}}},
            "motion_detection.ignored_zones is [[[0, 2], [1, 1]]] in the dict; "
            "it must be a list of zones, each two or more corners [x, y] from 0 to 1",
        ),
    ],
)
def test_a_mistake_is_named_with_its_remedy(given: dict[str, Any], problem: str) -> None:
    assert problems_of(given) == (problem,)


def test_mistakes_in_the_environment_are_named_too() -> None:
    environ = {"CPU_THRESHOLD": "lots", "DETECTOR": "haar"}
    assert problems_of({}, environ=environ) == (
        "CPU_THRESHOLD is 'lots' in the environment; it must be a number above 0 to 100",
        "DETECTOR is 'haar' in the environment; it must be one of hog, cnn, yunet",
    )


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match="cpu_treshold") as refused:
        config_of({"cpu_treshold": 1, "memory_threshold": 1000})
    assert str(refused.value).count("\n") == 2


def test_a_configuration_made_by_hand_is_checked_as_well() -> None:
    with pytest.raises(ConfigError, match="cpu_threshold is 500; it must be a number above 0 to 100"):
        OrchestratorConfig(cpu_threshold=500)
    config = OrchestratorConfig(cpu_threshold=70)
    assert config.effective()["cpu_threshold"].source == "code"


def test_a_configuration_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        config_of().cpu_threshold = 1.0  # type: ignore[misc]


def test_a_mistake_in_a_secret_does_not_show_it() -> None:
    (problem,) = problems_of({"pipeline_config": {"monitoring": {"metrics_token": 12345}}})
    assert problem == "monitoring.metrics_token is … in the dict; it must be a text"


def test_the_django_settings_hold_the_same_values() -> None:
    named = {key.rule.django: django_settings.DOORBELL[key] for key in all_keys() if key.rule.django}
    assert named == {name: getattr(django_settings, name) for name in named}


def test_every_section_says_what_it_is_made_of() -> None:
    assert all(issubclass(kind, Validated) for kind in SECTIONS.values())
    assert set(PipelineConfig().to_dict()) == set(SECTIONS)
