"""The one-time link by which the owner makes the first account."""

from django import forms
from django.contrib.auth import get_user_model, login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

SALT = "doorbell.first-owner"
LINK_LIVES_S = 24 * 3600


class OwnerForm(UserCreationForm):  # type: ignore[type-arg]  # generic for mypy alone
    class Meta:
        model = User
        fields = ["username"]
        labels = {"username": "Your name here"}
        help_texts = {"username": "Letters, digits and @ . + - _"}
        widgets = {"username": forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})}


def is_needed() -> bool:
    """Whether nobody has an account yet."""
    return not get_user_model().objects.exists()


def make_link_token() -> str:
    """Return what belongs behind /first-owner/ in the link: signed, good for a day and only while
    nobody has an account."""
    return signing.dumps("first owner", salt=SALT)


def make_link_path() -> str:
    # By these patterns alone: those of the whole site would load every page into the process that asks.
    return reverse("first-owner", urlconf=__name__, args=[make_link_token()])


@login_not_required
@never_cache
@sensitive_post_parameters("password1", "password2")
def first_owner(request: HttpRequest, token: str) -> HttpResponse:
    problem = _why_refused(token)
    if problem:
        return render(request, "first_owner_refused.html", {"problem": problem}, status=410)
    form = OwnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        owner = create_owner(form.cleaned_data["username"], form.cleaned_data["password1"])
        if owner is None:
            return render(request, "first_owner_refused.html", {"problem": _why_refused(token)}, status=410)
        login(request, owner)
        return redirect("events")
    return render(request, "first_owner.html", {"form": form})


def create_owner(name: str, password: str) -> User | None:
    """None when somebody else was first."""
    with transaction.atomic():
        # Of two at once the second waits here: on the row where the database locks rows, and on SQLite, whose
        # transactions are immediate, one line above.
        ContentType.objects.select_for_update().get(app_label="auth", model="user")
        return User.objects.create_superuser(name, password=password) if is_needed() else None


def _why_refused(token: str) -> str:
    try:
        signing.loads(token, salt=SALT, max_age=LINK_LIVES_S)
    except signing.SignatureExpired:
        return "This link is older than a day. Stop the doorbell and start it again: it prints a new one."
    except signing.BadSignature:
        return "This link is not complete. Copy the whole line that the doorbell printed when it started."
    if not is_needed():
        return "This link was used: the doorbell has an owner. Sign in, or ask the owner for an account."
    return ""


urlpatterns = [path("first-owner/<str:token>/", first_owner, name="first-owner")]
