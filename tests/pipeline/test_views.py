from django.test import Client

from events.models import Camera, Event


def test_ring_button_leads_to_the_visit(resident_web: Client) -> None:
    response = resident_web.post("/ring/")
    event = Event.objects.get()
    assert response.headers["Location"] == f"/events/{event.pk}/"


def test_second_press_shows_the_same_visit_and_says_so(web: Client) -> None:
    first = web.post("/ring/")
    second = web.post("/ring/", follow=True)
    assert second.redirect_chain[0][0] == first.headers["Location"]
    assert "The bell rang a moment ago; this is that visit." in second.content.decode()


def test_button_of_a_camera_rings_there(web: Client) -> None:
    Camera.objects.create(name="Front door")
    gate = Camera.objects.create(name="Gate")
    web.post("/ring/", {"camera": gate.pk})
    assert Event.objects.get().camera == gate


def test_camera_that_was_removed_is_said(web: Client) -> None:
    text = web.post("/ring/", {"camera": "77"}, follow=True).content.decode()
    assert "The bell did not ring: there is no camera" in text
    assert not Event.objects.exists()


def test_looking_at_the_button_rings_nothing(web: Client) -> None:
    assert web.get("/ring/").headers["Location"] == "/"
    assert not Event.objects.exists()
