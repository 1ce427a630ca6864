"""Experiments and flags in the admin."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from experiments import conduct
from experiments.metrics import registered
from experiments.models import Experiment, Flag, Forced, Group, Guardrail, Holdout, Variant
from experiments.operators import results

DECIDED_FOR = timedelta(days=30)  # on or off for so long: the code could do without the flag


def _metric_choices() -> list[tuple[str, str]]:
    return [("", "---------"), *((one.name, one.title) for one in registered().values())]


class ExperimentForm(forms.ModelForm):
    primary = forms.ChoiceField(label="Deciding metric", choices=_metric_choices, required=False)

    def clean_metrics(self) -> str:
        names: str = self.cleaned_data["metrics"]
        unknown = set(names.replace(",", " ").split()) - set(registered())
        if unknown:
            raise forms.ValidationError(f"Not a metric: {', '.join(sorted(unknown))}.")
        return names


class GuardrailForm(forms.ModelForm):
    metric = forms.ChoiceField(choices=_metric_choices)


class VariantInline(admin.TabularInline):
    model = Variant
    extra = 2
    fields = ("position", "key", "weight", "value")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else self.extra

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People have it: a weight of zero lets no more in, in a phase of its own."""
        return obj is None or obj.state == Experiment.State.DRAFT


class GuardrailInline(admin.TabularInline):
    model = Guardrail
    form = GuardrailForm
    extra = 1


class ForcedInline(admin.TabularInline):
    model = Forced
    extra = 0
    autocomplete_fields = ("owner",)
    verbose_name_plural = "forced variants of testers"


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin):
    form = ExperimentForm
    list_display = ("title", "key", "state", "part", "phase", "responsible", "results")
    list_filter = ("state",)
    search_fields = ("key", "title")
    inlines = (VariantInline, GuardrailInline, ForcedInline)
    readonly_fields = ("state", "phase", "shipped", "stop_reason")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "title",
                    "key",
                    "hypothesis",
                    "responsible",
                    "state",
                    "phase",
                    "shipped",
                    "stop_reason",
                )
            },
        ),
        ("What decides", {"fields": ("primary", "metrics", "least_effect")}),
        (
            "Who takes part",
            {"fields": ("coverage", "hash_by", "plans", "guests", "locales", "devices", "seen")},
        ),
        ("Beside other experiments", {"fields": ("group", "group_start", "group_end", "holdout")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What decides who has which variant is fixed once somebody has one; coverage grows on the results
        page."""
        if obj is None or obj.state == Experiment.State.DRAFT:
            return self.readonly_fields
        fixed = ("key", "hash_by", "group", "group_start", "group_end", "holdout")
        running = ("coverage",) if obj.state == Experiment.State.RUNNING else ()
        return (*self.readonly_fields, *fixed, *running)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(results)
        ours = [path("<int:pk>/results/", page, name="experiments_experiment_results")]
        return [*ours, *super().get_urls()]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        actor: Any = request.user
        try:
            if conduct.weigh_anew(form.instance, actor):
                messages.info(request, "The weights are others: a new phase has begun.")
        except ValueError as error:
            messages.error(request, str(error))

    @admin.display(description="coverage")
    def part(self, experiment: Experiment) -> str:
        return f"{experiment.coverage:.0%}"

    @admin.display(description="results")
    def results(self, experiment: Experiment) -> str:
        return format_html(
            '<a href="{}">Results</a>', reverse("admin:experiments_experiment_results", args=[experiment.pk])
        )


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin):
    list_display = ("name",)


@admin.register(Holdout)
class HoldoutAdmin(admin.ModelAdmin):
    list_display = ("name", "part")


class Stale(admin.SimpleListFilter):
    """Those that the code should do without by now."""

    title = "staleness"
    parameter_name = "stale"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Expired, or decided for a month")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Flag]) -> QuerySet[Flag]:
        return queryset.filter(stale_condition()) if self.value() == "yes" else queryset


def stale_condition() -> Q:
    now = timezone.now()
    decided = ~Q(state=Flag.State.SOME) & Q(changed_at__lt=now - DECIDED_FOR)
    return Q(expires_on__lt=now.date()) | decided


@admin.register(Flag)
class FlagAdmin(admin.ModelAdmin):
    list_display = ("name", "state", "percentage", "responsible", "expires_on", "stale")
    list_filter = (Stale, "state")
    search_fields = ("name", "about")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        return super().get_queryset(request).annotate(is_stale=stale_condition())

    @admin.display(description="stale", boolean=True)
    def stale(self, one: Any) -> bool:
        return bool(one.is_stale)
