"""GET /api/health/: how the doorbell is now."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from health.assessment import Assessment, assess
from health.models import HealthState


class FindingSerializer(serializers.Serializer[Any]):
    check = serializers.CharField()
    level = serializers.ChoiceField(choices=HealthState.choices)
    text = serializers.CharField(help_text="A sentence for people.")
    remedy = serializers.CharField(help_text="What to do; empty when nothing is to be done.")


class HealthSerializer(serializers.Serializer[Any]):
    """`parts`: 0 to 1, null for what is left out. `facts`: null for what could not be measured."""

    state = serializers.ChoiceField(choices=HealthState.choices, help_text="The worst of the checks.")
    score = serializers.FloatField(help_text="0 to 1; 1 is well.")
    parts = serializers.DictField(child=serializers.FloatField(allow_null=True))
    warning = serializers.CharField(help_text="What pulls a score below 0.7 down; empty above.")
    checks = FindingSerializer(many=True)
    facts = serializers.DictField()


class HealthView(APIView):
    @extend_schema(responses=HealthSerializer, tags=["health"])
    def get(self, request: Request) -> Response:
        """Measured and judged while you wait, the worst first."""
        return Response(as_json(assess()))


def as_json(assessment: Assessment) -> dict[str, Any]:
    return {
        "state": assessment.state,
        "score": assessment.score.value,
        "parts": dict(assessment.score.parts),
        "warning": assessment.warning,
        "checks": [finding.as_dict() for finding in assessment.findings],
        "facts": asdict(assessment.facts),
    }
