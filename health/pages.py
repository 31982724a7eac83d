"""The page that says how the doorbell is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from health.assessment import assess
from health.findings import Level
from health.history import SPANS, charts
from pipeline.configured import current_config

REFRESH_S = 60
WORDS = {Level.OK: "All is well", Level.WARNING: "Something is not as it should be", Level.ERROR: "Something is wrong"}


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Reading the history needs the database; without it the page still says that."""
    assessment = assess()
    span = request.GET.get("span", "day")
    span = span if span in SPANS else "day"
    has_history = "database_ms" not in assessment.facts.unmeasured
    context = {
        "assessment": assessment,
        "headline": WORDS[assessment.state],
        "troubles": [finding for finding in assessment.findings if finding.level != Level.OK],
        "fine": [finding for finding in assessment.findings if finding.level == Level.OK],
        "charts": charts(span, current_config()) if has_history else [],
        "span": span,
        "spans": list(SPANS),
        "refresh_s": REFRESH_S,
    }
    return render(request, "health/health.html", context)
