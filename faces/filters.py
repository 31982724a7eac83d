"""What the list of people can be narrowed to."""

import django_filters

from faces.models import Person


class PersonFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains", label="Part of the name.", max_length=100)

    class Meta:
        model = Person
        fields = ["name", "is_blocked"]
