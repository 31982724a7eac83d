"""POST /api/ring/ and POST /api/captures/: the ways in."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from faces.uploads import read_picture
from pipeline.ring import find_camera, ring
from pipeline.upload import receive_picture


class RingRequestSerializer(serializers.Serializer[Any]):
    camera = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="A camera's name or id; without it, the first enabled camera.",
    )


class RingSerializer(serializers.Serializer[Any]):
    event = serializers.IntegerField(help_text="The id of the event.")
    camera = serializers.CharField(allow_null=True, help_text="The camera's name.")
    debounced = serializers.BooleanField(help_text="The bell was pressed a moment before; that event is meant.")


class UploadRequestSerializer(RingRequestSerializer):
    image = serializers.FileField(allow_empty_file=True, help_text="JPEG, PNG, WebP, BMP or GIF.")


class UploadSerializer(serializers.Serializer[Any]):
    event = serializers.IntegerField()
    capture = serializers.IntegerField()


REFUSED_PICTURE = OpenApiResponse(
    OpenApiTypes.OBJECT,
    "The picture is refused: `empty`, `unreadable`, `truncated`, `too_large`, `too_many_pixels`, `animated` or "
    "`unsupported`.",
)


class RingView(APIView):
    @extend_schema(request=RingRequestSerializer, responses={201: RingSerializer}, tags=["ring"])
    def post(self, request: Request) -> Response:
        """Press the bell. What came of it is in the event, a moment later."""
        asked = RingRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        camera = find_camera(asked.validated_data.get("camera"))
        pressed = ring(camera, pressed_by=f"{request.user.get_username()} through the API")
        event = pressed.event
        body = {
            "event": event.pk,
            "camera": None if event.camera is None else event.camera.name,
            "debounced": pressed.is_debounced,
        }
        return Response(body, status=status.HTTP_201_CREATED)


class UploadView(APIView):
    parser_classes = [MultiPartParser]

    @extend_schema(
        request={"multipart/form-data": UploadRequestSerializer},
        responses={202: UploadSerializer, 422: REFUSED_PICTURE},
        tags=["captures"],
    )
    def post(self, request: Request) -> Response:
        """Send a frame as an event of its own; who it shows is in the event, a moment later."""
        asked = UploadRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        camera = find_camera(asked.validated_data.get("camera"))
        capture = receive_picture(read_picture(asked.validated_data["image"]), camera)
        return Response({"event": capture.event_id, "capture": capture.pk}, status=status.HTTP_202_ACCEPTED)
