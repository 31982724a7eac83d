"""The pages about people. Looking takes a sign-in; changing takes Django's permissions of the models."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from faces.browsing import people_with_samples
from faces.enrolling import Answer, enroll_picture, enroll_uploads
from faces.filters import PersonFilter
from faces.forms import AnswerForm, PersonForm, PicturesForm, RenameForm
from faces.models import FaceSample, Person
from faces.people import NameTaken, change_person, create_person, delete_person, delete_sample
from faces.pictures import send_smaller
from faces.questions import read_offer
from pipeline.vision.images import ImageError

PEOPLE_PER_PAGE = 48
SAMPLE_WIDTH_PX = 240


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    wanted = PersonFilter(request.GET, queryset=people_with_samples())
    page = Paginator(wanted.qs, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    is_filtered = any(request.GET.get(name) for name in wanted.filters)
    return render(request, "faces/people.html", {"page": page, "is_filtered": is_filtered})


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    return _show(request, _find(pk))


@permission_required("faces.add_person", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add_person(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            somebody = create_person(asked["name"], is_blocked=asked["is_blocked"])
        except NameTaken as error:
            form.add_error("name", _sentence(error))
        else:
            return _enroll(request, somebody, asked["pictures"])
    return render(request, "faces/add_person.html", {"form": form})


@permission_required("faces.add_facesample", raise_exception=True)
@require_POST
def add_samples(request: HttpRequest, pk: int) -> HttpResponse:
    somebody = _find(pk)
    form = PicturesForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, "Choose one or more pictures first.")
        return redirect("person", pk)
    return _enroll(request, somebody, form.cleaned_data["pictures"])


@permission_required("faces.add_facesample", raise_exception=True)
@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a picture that enrollment asked about."""
    somebody = _find(pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The picture did not arrive whole; choose it again.")
        return redirect("person", pk)
    asked = form.cleaned_data
    title = asked["title"] or "picture"
    try:
        data, box = read_offer(asked["picture"], asked["box"])
    except ImageError as error:
        return _show(request, somebody, [Answer(title, is_added=False, text=str(error))])
    found = enroll_picture(somebody, data, title=title, choose=box, confirmed=asked["confirmed"])
    return _show(request, _find(pk), [found])


@permission_required("faces.change_person", raise_exception=True)
@require_POST
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    somebody = _find(pk)
    form = RenameForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["name"])))
        return redirect("person", pk)
    old_name = somebody.name
    try:
        change_person(somebody, name=form.cleaned_data["name"])
    except NameTaken as error:
        messages.error(request, _sentence(error))
    else:
        messages.success(request, f"{old_name} is called {somebody.name} now.")
    return redirect("person", pk)


@permission_required("faces.change_person", raise_exception=True)
@require_POST
def block(request: HttpRequest, pk: int) -> HttpResponse:
    """Put on the watch-list, or take off it: `blocked` says which, so that a second click does no harm."""
    somebody = _find(pk)
    change_person(somebody, is_blocked=request.POST.get("blocked") == "yes")
    state = "on the watch-list now" if somebody.is_blocked else "no longer on the watch-list"
    messages.success(request, f"{somebody.name} is {state}.")
    return redirect("person", pk)


@permission_required("faces.delete_person", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    somebody = _find(pk)
    if request.method != "POST":
        return render(request, "faces/delete_person.html", {"person": somebody})
    delete_person(somebody)
    messages.success(request, f"{somebody.name} is forgotten: the pictures are deleted.")
    return redirect("people")


@permission_required("faces.delete_facesample", raise_exception=True)
@require_POST
def delete_picture(request: HttpRequest, pk: int) -> HttpResponse:
    sample = get_object_or_404(FaceSample.objects.select_related("person"), pk=pk)
    delete_sample(sample)
    messages.success(request, f"A picture of {sample.person.name} is deleted.")
    return redirect("person", sample.person_id)


@require_safe
def sample_picture(request: HttpRequest, pk: int) -> HttpResponse:
    sample = get_object_or_404(FaceSample.objects.defer("encoding"), pk=pk)
    return send_smaller(request, sample.image, width=SAMPLE_WIDTH_PX)


def _find(pk: int) -> Person:
    return get_object_or_404(people_with_samples(), pk=pk)


def _enroll(request: HttpRequest, somebody: Person, uploads: "list[UploadedFile[bytes]]") -> HttpResponse:
    answers = enroll_uploads(somebody, uploads)
    if all(each.is_added for each in answers):
        messages.success(request, _count_added(somebody, len(answers)))
        return redirect("person", somebody.pk)
    return _show(request, _find(somebody.pk), answers)


def _show(request: HttpRequest, somebody: Person, answers: list[Answer] | None = None) -> HttpResponse:
    return render(request, "faces/person.html", {"person": somebody, "answers": answers or []})


def _count_added(somebody: Person, count: int) -> str:
    if not count:
        return f"{somebody.name} is added. Without a picture nobody is recognized: add some below."
    return f"{count} {'picture' if count == 1 else 'pictures'} of {somebody.name} added."


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
