"""The Ring button."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from pipeline.ring import UnknownCamera, find_camera, ring


def press(request: HttpRequest) -> HttpResponse:
    """POST rings and shows the visit; a GET comes from signing in after the button was pressed."""
    if request.method != "POST":
        return redirect("events")
    try:
        camera = find_camera(request.POST.get("camera"))
    except UnknownCamera as error:
        messages.error(request, f"The bell did not ring: {error}.")
        return redirect("events")
    pressed = ring(camera, pressed_by=f"{request.user.get_username()} on the web page")
    if pressed.is_debounced:
        messages.info(request, "The bell rang a moment ago; this is that visit.")
    return redirect(pressed.event)
