"""Programs' URLs, under `/v1/`."""

from django.urls import path

from chat.api.v1 import completions, embeddings, models

urlpatterns = [
    path("chat/completions", completions.completions, name="v1_completions"),
    path("models", models.index, name="v1_models"),
    path("models/<path:name>", models.one, name="v1_model"),
    path("embeddings", embeddings.embeddings, name="v1_embeddings"),
]
