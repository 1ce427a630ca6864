"""The chat's URLs."""

from django.urls import path

from chat import leaving_pages, prompt_pages, settings_pages, spending, views
from chat.api import (
    conversations,
    exports,
    feedback,
    frontend,
    imports,
    messages,
    models,
    preferences,
    search,
)

urlpatterns = [
    path("", views.page, name="chat"),
    path("c/<uuid:conversation_id>/", views.page, name="conversation"),
    path("api/conversations", conversations.index, name="api_conversations"),
    path("api/conversations/likely", conversations.likely, name="api_likely"),
    path("api/conversations/<uuid:conversation_id>", conversations.one, name="api_conversation"),
    path("api/conversations/<uuid:conversation_id>/restore", conversations.restore, name="api_restore"),
    path("api/conversations/<uuid:conversation_id>/export", exports.one, name="api_export"),
    path("api/messages/<uuid:message_id>", messages.one, name="api_message"),
    path("api/messages/<uuid:message_id>/context", messages.context, name="api_context"),
    path("api/export", exports.everything, name="api_export_all"),
    path("api/import", imports.everything, name="api_import"),
    path("api/search", search.texts, name="api_search"),
    path("api/preferences", preferences.one, name="api_preferences"),
    path("api/prompts", prompt_pages.index, name="api_prompts"),
    path("settings/prompts/", prompt_pages.page, name="prompts"),
    path("settings/prompts/<uuid:prompt_id>/", prompt_pages.page, name="prompt"),
    path("settings/prompts/<uuid:prompt_id>/delete", prompt_pages.remove, name="prompt_remove"),
    path("settings/", settings_pages.page, name="settings"),
    path("settings/import", settings_pages.take_file, name="settings_import"),
    path("settings/about-me.json", leaving_pages.about_me, name="about_me"),
    path("settings/consent", leaving_pages.consent, name="consent"),
    path("settings/delete/", leaving_pages.leave, name="leave"),
    path("usage/", spending.page, name="usage"),
    path("api/feedback/answers/<uuid:generation_id>", feedback.thumb, name="api_thumb"),
    path("api/feedback/satisfaction", feedback.satisfaction, name="api_satisfaction"),
    path("api/metrics/frontend", frontend.timed, name="api_frontend"),
    path("api/models", models.index, name="api_models"),
    path("api/providers", models.providers, name="api_providers"),
]
