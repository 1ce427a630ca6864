"""What people said, for operators, to read."""

from django.contrib import admin

from figures.models import Satisfaction, Thumb
from usage.admin import ReadOnly


@admin.register(Thumb)
class ThumbAdmin(ReadOnly):
    list_display = ("at", "up", "reason", "text", "model", "plan", "release", "variants")
    list_filter = ("up", "reason")
    ordering = ("-at",)


@admin.register(Satisfaction)
class SatisfactionAdmin(ReadOnly):
    list_display = ("answered_at", "score", "text", "release", "variants", "never_again")
    list_filter = ("score",)
    ordering = ("-answered_at",)
