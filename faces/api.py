"""/api/people/ and /api/samples/: who is enrolled.

Whoever is signed in may see people; to change them takes Django's permissions of the models
(faces.add_person, …), which superusers have.
"""

from collections.abc import Sequence
from typing import Any, cast

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import generics, mixins, serializers, status, viewsets
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request
from rest_framework.response import Response

from faces.browsing import people_with_samples
from faces.enrollment import EnrollmentError, add_sample
from faces.filters import PersonFilter
from faces.models import FaceSample, Person
from faces.people import change_person, create_person, delete_person, delete_sample
from faces.pictures import send_picture
from faces.uploads import read_picture
from pipeline.vision.geometry import Box

REFUSED_PICTURE = OpenApiResponse(
    OpenApiTypes.OBJECT,
    "The picture is refused: `empty`, `unreadable`, `truncated`, `too_large`, `too_many_pixels`, `animated`, "
    "`unsupported`, `no_face`, `several_faces`, `face_too_small`, `blurred`, `too_dark`, `turned_away`, "
    "`duplicate` or `looks_like_someone_else`.",
)


class SampleSerializer(serializers.ModelSerializer[FaceSample]):
    image = serializers.HyperlinkedIdentityField(view_name="api-sample-image")

    class Meta:
        model = FaceSample
        fields = ["id", "image", "encoding_model", "quality", "created_at"]
        read_only_fields = fields


class PersonSerializer(serializers.ModelSerializer[Person]):
    """Names are judged by `clean_name` alone, so that every way to name somebody says the same."""

    name = serializers.CharField(max_length=None, help_text="Up to 100 characters, unique.")
    samples = SampleSerializer(many=True, read_only=True)

    class Meta:
        model = Person
        fields = ["id", "name", "is_blocked", "created_at", "updated_at", "samples"]
        read_only_fields = ["id", "created_at", "updated_at"]

    def create(self, validated_data: dict[str, Any]) -> Person:
        return create_person(validated_data["name"], is_blocked=validated_data.get("is_blocked", False))

    def update(self, instance: Person, validated_data: dict[str, Any]) -> Person:
        change_person(instance, name=validated_data.get("name"), is_blocked=validated_data.get("is_blocked"))
        return instance


class NewSampleSerializer(serializers.Serializer[FaceSample]):
    """`face` answers `several_faces`, `confirmed` answers `looks_like_someone_else`."""

    image = serializers.FileField(allow_empty_file=True, max_length=None, help_text="JPEG, PNG, WebP, BMP or GIF.")
    face = serializers.IntegerField(
        required=False, min_value=1, max_value=1000, help_text="Which of several faces, counted from the left, from 1."
    )
    confirmed = serializers.BooleanField(
        default=False, help_text="Take the picture although it looks more like somebody else."
    )


class PersonViewSet(viewsets.ModelViewSet[Person]):
    queryset = people_with_samples()
    serializer_class = PersonSerializer
    permission_classes = [DjangoModelPermissions]
    filterset_class = PersonFilter

    def perform_destroy(self, instance: Person) -> None:
        delete_person(instance)


class SampleCreate(generics.GenericAPIView[FaceSample]):
    queryset = FaceSample.objects.all()
    serializer_class = NewSampleSerializer
    permission_classes = [DjangoModelPermissions]
    parser_classes = [MultiPartParser]
    pagination_class = None
    filter_backends = []

    @extend_schema(
        operation_id="people_samples_create", responses={201: SampleSerializer, 422: REFUSED_PICTURE}, tags=["people"]
    )
    def post(self, request: Request, pk: int) -> Response:
        """Teach the doorbell one more picture of this person."""
        person = get_object_or_404(Person, pk=pk)
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        sample = _add(person, asked.validated_data)
        body = SampleSerializer(sample, context=self.get_serializer_context()).data
        return Response(body, status=status.HTTP_201_CREATED)


def _add(person: Person, asked: dict[str, Any]) -> FaceSample:
    picture, confirmed = read_picture(asked["image"]), asked["confirmed"]
    try:
        return add_sample(person, picture, confirmed=confirmed)
    except EnrollmentError as error:
        if error.code != "several_faces" or "face" not in asked:
            raise
        return add_sample(person, picture, choose=nth_from_left(error.boxes, asked["face"]), confirmed=confirmed)


def nth_from_left(boxes: Sequence[Box], number: int) -> Box:
    """number: from 1. Raises ValidationError for a face that is not there."""
    if number > len(boxes):
        raise serializers.ValidationError({"face": [f"there are {len(boxes)} faces, not {number}"]})
    return sorted(boxes, key=lambda box: box.left)[number - 1]


@extend_schema(tags=["people"])
class SampleView(mixins.DestroyModelMixin, generics.GenericAPIView[FaceSample]):
    queryset = FaceSample.objects.defer("encoding")
    serializer_class = SampleSerializer
    permission_classes = [DjangoModelPermissions]

    def delete(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Forget one picture of a person."""
        return self.destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: FaceSample) -> None:
        delete_sample(instance)


class SampleImage(generics.GenericAPIView[FaceSample]):
    queryset = FaceSample.objects.defer("encoding")

    @extend_schema(responses={(200, "image/png"): OpenApiTypes.BINARY}, tags=["people"])
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The enrolled picture, cut to the face."""
        return send_picture(cast(Any, request), self.get_object().image)
