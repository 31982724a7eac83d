"""/api/events/ and /api/captures/: what happened."""

from typing import Any, cast

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import generics, serializers, viewsets
from rest_framework.request import Request

from events.browsing import captures_to_show, events_to_show
from events.filters import EventFilter
from events.models import Capture, Event, FaceObservation
from events.people import PersonSeen, people_at
from faces.pictures import send_picture


class BoxSerializer(serializers.Serializer[Any]):
    """Pixels of the capture; right and bottom are exclusive."""

    top = serializers.IntegerField()
    right = serializers.IntegerField()
    bottom = serializers.IntegerField()
    left = serializers.IntegerField()


class ObservationSerializer(serializers.ModelSerializer[FaceObservation]):
    """`distance`: Euclidean, to the nearest enrolled face; `quality`: 0 to 1."""

    box = BoxSerializer()
    person = serializers.IntegerField(source="person_id", allow_null=True)
    name = serializers.CharField(source="person.name", default=None, allow_null=True)

    class Meta:
        model = FaceObservation
        fields = ["id", "box", "person", "name", "status", "distance", "quality"]
        read_only_fields = fields


class CaptureSerializer(serializers.ModelSerializer[Capture]):
    image = serializers.HyperlinkedIdentityField(view_name="api-capture-image")
    observations = ObservationSerializer(many=True, read_only=True)

    class Meta:
        model = Capture
        fields = ["id", "event", "status", "error", "taken_at", "width", "height", "image", "observations"]
        read_only_fields = fields


class PersonSeenSerializer(serializers.Serializer[PersonSeen]):
    id = serializers.IntegerField(source="person_id")
    name = serializers.CharField()
    is_blocked = serializers.BooleanField()
    distance = serializers.FloatField(allow_null=True)


class EventSerializer(serializers.ModelSerializer[Event]):
    """`decided_ms`: milliseconds from the press to the first decision."""

    camera = serializers.CharField(source="camera.name", default=None, allow_null=True, help_text="The camera's name.")
    people = serializers.SerializerMethodField()
    captures = CaptureSerializer(many=True, read_only=True)
    decided_ms = serializers.IntegerField(allow_null=True, read_only=True)

    class Meta:
        model = Event
        fields = ["id", "camera", "trigger", "started_at", "outcome", "reason", "people", "captures", "decided_ms"]
        read_only_fields = fields

    @extend_schema_field(PersonSeenSerializer(many=True))
    def get_people(self, event: Event) -> Any:
        return [PersonSeenSerializer(person).data for person in people_at(event)]


class EventViewSet(viewsets.ReadOnlyModelViewSet[Event]):
    """Visits, newest first."""

    queryset = events_to_show()
    serializer_class = EventSerializer
    filterset_class = EventFilter


class CaptureView(generics.RetrieveAPIView[Capture]):
    """One saved frame and the faces in it."""

    queryset = captures_to_show()
    serializer_class = CaptureSerializer


class CaptureImage(generics.GenericAPIView[Capture]):
    queryset = Capture.objects.all()

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The frame as a JPEG."""
        return send_picture(cast(Any, request), self.get_object().image)
