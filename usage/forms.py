"""What a key is made of, as a form."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from usage.models.api_key import NAME_MOST, Scope

LASTING = {"": _("until it is revoked"), "30": _("30 days"), "90": _("90 days"), "365": _("a year")}
MOST_USD = 1_000_000


class KeyForm(forms.Form):
    name = forms.CharField(max_length=NAME_MOST, label=_("Name"))
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=list(Scope.values),
        widget=forms.CheckboxSelectMultiple,
        label=_("May be used for"),
        error_messages={"required": _("A key that may do nothing is no key.")},
    )
    lasts = forms.ChoiceField(choices=list(LASTING.items()), required=False, label=_("Works"))
    requests_per_minute = forms.IntegerField(
        min_value=1, max_value=100_000, required=False, label=_("Requests a minute")
    )
    requests_limit = forms.IntegerField(
        min_value=1, max_value=10**12, required=False, label=_("Requests in all")
    )
    cost_limit_usd = forms.DecimalField(
        min_value=0, max_value=MOST_USD, decimal_places=6, required=False, label=_("Dollars in all")
    )

    def limits(self) -> dict[str, Any]:
        """What `usage.keys.make` takes beside the name. Of a form that is valid."""
        given = self.cleaned_data
        cost = given["cost_limit_usd"]
        return {
            "scopes": given["scopes"],
            "expires_at": timezone.now() + timedelta(days=int(given["lasts"])) if given["lasts"] else None,
            "requests_per_minute": given["requests_per_minute"],
            "requests_limit": given["requests_limit"],
            "cost_limit_microusd": None if cost is None else int(cost * 1_000_000),
        }
