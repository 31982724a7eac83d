"""Every name that the old classes had answers, or says what took its place."""

import pytest

from migration.legacy_adapter import LegacyAdapter
from pipeline.orchestrator_manager import OrchestratorManager

NAMES = {
    "": """settings face_manager camera notifier gpio running processing_lock last_trigger_time web_interface start stop
        on_doorbell_pressed get_recent_captures get_system_status orchestrator _process_visitor _capture_visitor_image
        _save_capture _determine_response _log_event _start_maintenance_tasks _run_scheduler""",
    "settings": """PROJECT_ROOT DATA_DIR KNOWN_FACES_DIR BLACKLIST_FACES_DIR CAPTURES_DIR LOGS_DIR CROPPED_FACES_DIR
        DOORBELL_PIN STATUS_LED_PINS DEBOUNCE_TIME CAMERA_RESOLUTION CAMERA_ROTATION CAMERA_BRIGHTNESS CAMERA_CONTRAST
        OPENCV_CAMERA_MAX_INDEX_TO_TRY FACE_RECOGNITION_TOLERANCE BLACKLIST_TOLERANCE MIN_FACE_SIZE
        REQUIRE_FACE_FOR_CAPTURE NOTIFY_ON_KNOWN_VISITORS INCLUDE_PHOTO_FOR_KNOWN FBI_API_URL FBI_UPDATE_ENABLED
        FBI_MAX_ENTRIES MAX_CAPTURE_ATTEMPTS CAPTURE_RETRY_DELAY LOG_LEVEL MAX_LOG_FILE_SIZE LOG_BACKUP_COUNT""",
    "face_manager": """settings known_encodings known_names blacklist_encodings blacklist_names known_cache_file
        blacklist_cache_file load_known_faces load_blacklist_faces detect_face_locations detect_faces identify_face
        add_known_face remove_known_face update_blacklist_from_fbi get_stats get_known_faces_count""",
    "camera": """settings camera camera_type is_initialized initialize capture_image save_image get_camera_info cleanup
        capture_frame get_status""",
    "gpio": """settings initialized doorbell_callback callback led_states led_thread led_thread_running use_real_gpio
        setup_doorbell_button simulate_doorbell_press set_status_led blink_led test_leds get_gpio_status cleanup""",
    "notifier": """bot chat_id additional_chat_ids initialized send_photos max_photo_size retry_attempts retry_delay
        send_alert send_system_status send_startup_notification send_shutdown_notification test_notification
        sent_messages get_sent_messages clear_messages""",
}


@pytest.fixture
def adapter(db: None, media: object) -> LegacyAdapter:
    return OrchestratorManager().get_legacy_interface()


@pytest.mark.parametrize("part", NAMES)
def test_every_old_name_answers_or_names_its_replacement(adapter: LegacyAdapter, part: str) -> None:
    old = getattr(adapter, part) if part else adapter
    refusals = {name: refusal_of(old, name) for name in NAMES[part].split()}
    assert all(" is not kept: " in text for text in refusals.values() if text), refusals


def refusal_of(old: object, name: str) -> str:
    """Empty for a name that answers. Raises AttributeError."""
    try:
        getattr(old, name)
    except NotImplementedError as error:
        return str(error)
    return ""
