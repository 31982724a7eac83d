from django import template

from events.models import Event
from events.notifications import explaining

register = template.Library()


@register.simple_tag
def explain(event: Event) -> list[str]:
    return explaining.explain(event)
