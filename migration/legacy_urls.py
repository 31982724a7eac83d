"""The old system's addresses, beside the new ones: they have no slash at the end. For LEGACY_API_ENABLED."""

from django.urls import path

from migration.compat import device_views, face_views, stream_views

urlpatterns = [
    path("api/status", device_views.Status.as_view(), name="legacy-status"),
    path("api/trigger-doorbell", device_views.TriggerDoorbell.as_view(), name="legacy-trigger-doorbell"),
    path("api/capture-photo", device_views.CapturePhoto.as_view(), name="legacy-capture-photo"),
    path("api/test-face-recognition", device_views.RecognizeNow.as_view(), name="legacy-test-face-recognition"),
    path("api/set-led", device_views.SetLed.as_view(), name="legacy-set-led"),
    path("api/test-notification", device_views.SendMessage.as_view(), name="legacy-test-notification"),
    path("api/recent-events", device_views.RecentEvents.as_view(), name="legacy-recent-events"),
    path("api/logs", device_views.Logs.as_view(), name="legacy-logs"),
    path("api/faces/known", face_views.KnownFaces.as_view(), name="legacy-known-faces"),
    path("api/faces/known/upload", face_views.UploadFace.as_view(), name="legacy-upload-face"),
    path("api/faces/known/add-from-camera", face_views.AddFromCamera.as_view(), name="legacy-add-from-camera"),
    path("api/faces/known/<path:name>", face_views.KnownFace.as_view(), name="legacy-known-face"),
    path("api/faces/candidates", face_views.Candidates.as_view(), name="legacy-candidates"),
    path("api/faces/candidates/<path:filename>", face_views.Candidate.as_view(), name="legacy-candidate"),
    path("api/faces/label", face_views.LabelCandidate.as_view(), name="legacy-label"),
    path("api/files/cropped/<str:category>/<path:path>", face_views.CroppedFace.as_view(), name="legacy-cropped-face"),
    path("api/files/known_faces/<path:path>", face_views.KnownFacePicture.as_view(), name="legacy-known-face-picture"),
    path("stream/events", stream_views.EventStream.as_view(), name="legacy-event-stream"),
    path("stream/system-status", stream_views.StatusStream.as_view(), name="legacy-status-stream"),
    path("stream/video/<str:client_id>", stream_views.VideoStream.as_view(), name="legacy-video-stream"),
]
