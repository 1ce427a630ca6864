from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "grump.accounts"
    verbose_name = "People"
