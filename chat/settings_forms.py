"""What the settings page takes in."""

from collections.abc import Iterable

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from chat.gateway.stack import ModelEntry
from chat.models import Preferences

THEMES = {"": _("As the system has it"), "light": _("Light"), "dark": _("Dark")}
DENSITIES = {"": _("Roomy"), "compact": _("Compact")}
LANGUAGES = {"": _("As the browser has it"), **dict(settings.LANGUAGES)}
STEP = 0.05


class LookForm(forms.Form):
    """Of this browser: kept in cookies, so that the first byte of a page has the right colours."""

    theme = forms.ChoiceField(
        choices=list(THEMES.items()), required=False, widget=forms.RadioSelect, label=_("Theme")
    )
    density = forms.ChoiceField(
        choices=list(DENSITIES.items()), required=False, widget=forms.RadioSelect, label=_("Density")
    )
    language = forms.ChoiceField(
        choices=list(LANGUAGES.items()), required=False, widget=forms.RadioSelect, label=_("Language")
    )


class ChatForm(forms.Form):
    """Of the person, in whatever browser."""

    send_key = forms.ChoiceField(
        choices=[
            (Preferences.SendKey.ENTER, _("Enter sends, Shift with Enter makes a line")),
            (Preferences.SendKey.WITH_CONTROL, _("Ctrl or Cmd with Enter sends, Enter makes a line")),
        ],
        widget=forms.RadioSelect,
        label=_("Sending"),
    )
    prediction = forms.BooleanField(required=False, label=_("Suggest what I may be about to write"))
    follow_ups = forms.BooleanField(required=False, label=_("Suggest questions after an answer"))
    preloading = forms.BooleanField(
        required=False, label=_("Prepare the answer to what I will probably ask next")
    )
    model = forms.ChoiceField(label=_("Model of a new chat"))
    preference = forms.FloatField(
        min_value=0,
        max_value=1,
        label=_("What “auto” goes by"),
        widget=forms.NumberInput(attrs={"type": "range", "min": 0, "max": 1, "step": STEP}),
    )

    def __init__(self, *args: object, models: Iterable[ModelEntry], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices: dict[str, list[tuple[str, str]]] = {}
        for entry in models:
            if entry.configured:
                group = choices.setdefault(entry.provider.title or entry.provider.name, [])
                group.append((entry.model.name, entry.model.name.partition("/")[2]))
        self.fields["model"].choices = [("auto", _("auto: the cheapest that is up to it")), *choices.items()]  # type: ignore[attr-defined]
