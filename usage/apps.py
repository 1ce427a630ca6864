from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "usage"

    def ready(self) -> None:
        """A plan for guests that does not exist stops the start, with a line that names the variable."""
        from django.conf import settings
        from django.db import DatabaseError

        from grump.lib import env
        from usage.builtin_plans import BUILT_IN
        from usage.models import Plan

        name = settings.GRUMP_GUEST_PLAN
        if name in BUILT_IN:
            return
        try:
            known = Plan.objects.filter(name=name).exists()
        except DatabaseError:
            return  # before the first migration there is nothing to look in
        if not known:
            raise env.EnvError("GRUMP_GUEST_PLAN", f"there is no plan called {name!r}")
