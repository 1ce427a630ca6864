"""Plans, who has which, and the ledger, for operators. The ledger can be read and nothing else."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from usage import keys, payments
from usage.models import ApiKey, Day, Entry, Membership, Plan, Team, TeamDay, UpgradeRequest


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    list_display = (
        "title", "name", "requests_per_day", "tokens_per_day", "cost_per_day_microusd",
        "requests_per_minute", "concurrency", "cents_a_month",
    )  # fmt: skip


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):
    list_display = ("owner", "plan", "team", "requests_per_day", "tokens_per_day", "changed_at")
    list_filter = ("plan", "team")
    list_select_related = ("owner", "plan", "team")
    search_fields = ("owner__username", "owner__email")
    autocomplete_fields = ("owner",)


@admin.register(UpgradeRequest)
class UpgradeRequestAdmin(admin.ModelAdmin):
    list_display = ("owner", "plan", "state", "note", "asked_at", "decided_at")
    list_filter = ("state", "plan")
    list_select_related = ("owner", "plan")
    readonly_fields = ("owner", "plan", "note", "state", "asked_at", "decided_at")
    actions = ("approve", "decline")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description="Approve: the plan holds from the next message on")
    def approve(self, request: HttpRequest, chosen: QuerySet[UpgradeRequest]) -> None:
        for wish in chosen:
            if payments.approve(wish):
                self.log_change(request, wish, "Approved")

    @admin.action(description="Decline")
    def decline(self, request: HttpRequest, chosen: QuerySet[UpgradeRequest]) -> None:
        for wish in chosen:
            if payments.decline(wish):
                self.log_change(request, wish, "Declined")


class ReadOnly(admin.ModelAdmin):
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnly):
    """Whose keys there are; staff can end one, and never see or change it."""

    list_display = ("prefix", "name", "owner", "created_at", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("owner",)
    search_fields = ("prefix", "owner__username")
    exclude = ("digest",)
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("usage.change_apikey")

    @admin.action(description="Revoke: the key does not work from now on", permissions=["revoke"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        for key in chosen.select_related("owner"):
            if key.revoked_at is None:
                keys.revoke(key.owner, key.pk)
                self.log_change(request, key, "Revoked")


@admin.register(Day)
class DayAdmin(ReadOnly):
    """Who uses how much: the newest days, dearest first."""

    list_display = ("owner", "date", "requests", "tokens", "cost_usd", "house_usd", "running")
    list_filter = ("date",)
    list_select_related = ("owner",)
    search_fields = ("owner__username",)
    ordering = ("-date", "-house_microusd")

    @admin.display(description="paid, $", ordering="cost_microusd")
    def cost_usd(self, day: Day) -> str:
        return f"{day.cost_microusd / 1_000_000:.4f}"

    @admin.display(description="our cost, $", ordering="house_microusd")
    def house_usd(self, day: Day) -> str:
        return f"{day.house_microusd / 1_000_000:.4f}"


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    """Its people are those whose membership names it."""

    list_display = ("name", "requests_per_day", "tokens_per_day", "cost_per_day_microusd")
    search_fields = ("name",)


@admin.register(TeamDay)
class TeamDayAdmin(ReadOnly):
    list_display = ("team", "date", "requests", "tokens", "held_tokens", "cost_microusd")
    list_filter = ("team",)
    list_select_related = ("team",)
    ordering = ("-date", "-cost_microusd")


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    list_display = (
        "at",
        "owner",
        "kind",
        "source",
        "model",
        "tokens",
        "cost_microusd",
        "house_microusd",
        "cached",
    )
    list_filter = ("kind", "source", "cached")
    list_select_related = ("owner",)
    search_fields = ("owner__username", "key")
    ordering = ("-pk",)
