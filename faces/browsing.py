"""People with all that a page or an answer shows of them, in two queries."""

from django.db.models import Prefetch, QuerySet

from faces.models import FaceSample, Person


def people_with_samples() -> QuerySet[Person]:
    """Prefetched: samples, without their vectors."""
    return Person.objects.prefetch_related(Prefetch("samples", FaceSample.objects.defer("encoding")))
