"""Generations, for operators: when, where, how it went. What people asked and were told is not shown."""

from django.contrib import admin

from chat.models import Generation
from usage.admin import ReadOnly


@admin.register(Generation)
class GenerationAdmin(ReadOnly):
    list_display = (
        "id",
        "state",
        "error_code",
        "provider",
        "model",
        "cached",
        "first_token_ms",
        "total_ms",
        "ended_at",
    )
    list_filter = ("state", "cached")
    search_fields = ("=id",)
    ordering = ("-ended_at",)
    fields = (
        "id", "state", "error_code", "error_message", "requested_model", "provider", "model", "tier",
        "reason", "cached", "fell_back", "plan", "release", "variants", "finish_reason", "input_tokens",
        "output_tokens", "cached_input_tokens", "cost_microusd", "extra_microusd", "saved_microusd",
        "usage_estimated", "first_token_ms", "total_ms", "process", "created_at", "heartbeat_at", "ended_at",
    )  # fmt: skip
