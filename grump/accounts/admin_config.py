"""Takes the place of `django.contrib.admin` in INSTALLED_APPS; the site itself imports models."""

from django.contrib.admin.apps import AdminConfig


class GrumpAdminConfig(AdminConfig):
    default_site = "grump.accounts.admin_site.GrumpAdminSite"
