"""Links to a picture for those who cannot sign in: signed, for one capture, for a day."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from events.models import Capture

SALT = "events.notifications.picture"


def picture_link(capture: Capture) -> str | None:
    """None while nobody said under which address the doorbell is reached (PUBLIC_URL)."""
    if not settings.PUBLIC_URL:
        return None
    token = signing.dumps(capture.pk, salt=SALT)
    return f"{settings.PUBLIC_URL.rstrip('/')}{reverse('notification-picture', args=[token])}"


def capture_of(token: str) -> int | None:
    """The id of the capture, None when the link was forged or is older than NOTIFY_PICTURE_LINK_S."""
    try:
        pk = signing.loads(token, salt=SALT, max_age=settings.NOTIFY_PICTURE_LINK_S)
    except signing.BadSignature:
        return None
    return pk if isinstance(pk, int) else None
