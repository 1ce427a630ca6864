"""The questions that an empty page offers. Where answers are shared, theirs are made before anybody asks."""

from django.utils.translation import gettext_lazy

STARTERS = (
    gettext_lazy("Explain backpressure like I’m tired"),
    gettext_lazy("Why is my queue backing up?"),
    gettext_lazy("Write a short toast for a wedding"),
    gettext_lazy("SQL: find gaps in a sequence"),
)
