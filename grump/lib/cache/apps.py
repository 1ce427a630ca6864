from django.apps import AppConfig


class CacheConfig(AppConfig):
    name = "grump.lib.cache"
    label = "tiered_cache"
