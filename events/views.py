"""The pages about visits, and their pictures."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from events.browsing import events_to_show
from events.filters import EventFilter
from events.models import Camera, Capture, Event, FaceObservation, Outcome, Trigger
from events.paging import read_page
from faces.models import Person
from faces.pictures import send_made, send_picture, send_smaller
from pipeline.vision.images import thumbnail

SMALL_WIDTH_PX = 400
FACE_PX = 160
PENDING_REFRESH_S = 2
PENDING_FOR = timedelta(minutes=3)  # what takes longer waits for a broker or a worker: no page needs to hurry


@require_safe
def events(request: HttpRequest) -> HttpResponse:
    wanted = EventFilter(request.GET, queryset=events_to_show())
    found = wanted.qs if wanted.is_valid() else Event.objects.none()
    page = read_page(found, before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    cameras, people = list(Camera.objects.all()), list(Person.objects.only("id", "name"))
    context = {
        "page": page,
        "filter": wanted,
        "is_filtered": any(request.GET.get(name) for name in wanted.filters),
        "cameras": cameras,
        "people": people,
        "triggers": Trigger.choices,
        "outcomes": Outcome.choices,
        "refresh_s": 5 if any(is_underway(event) for event in page.events) else None,
    }
    return render(request, "events/events.html", context)


@require_safe
def event(request: HttpRequest, pk: int) -> HttpResponse:
    shown = get_object_or_404(events_to_show(), pk=pk)
    refresh_s = PENDING_REFRESH_S if is_underway(shown) else None
    return render(request, "events/event.html", {"event": shown, "refresh_s": refresh_s})


def is_underway(event: Event) -> bool:
    """Whether another look in a moment may show more."""
    is_open = event.outcome == Outcome.PENDING or (event.settled_at is None and event.outcome != Outcome.NO_PICTURE)
    return is_open and timezone.now() - event.started_at < PENDING_FOR


@require_safe
def capture_picture(request: HttpRequest, pk: int) -> HttpResponse:
    return send_picture(request, get_object_or_404(Capture, pk=pk).image)


@require_safe
def capture_small(request: HttpRequest, pk: int) -> HttpResponse:
    return send_smaller(request, get_object_or_404(Capture, pk=pk).image, width=SMALL_WIDTH_PX)


@require_safe
def face_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """The square around one face."""
    face = get_object_or_404(FaceObservation.objects.select_related("capture"), pk=pk)
    label = f"face-{face.box.top}-{face.box.right}-{face.box.bottom}-{face.box.left}"
    return send_made(request, face.capture.image, label, lambda frame: thumbnail(frame, face.box, size=FACE_PX))
