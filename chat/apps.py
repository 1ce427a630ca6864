from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        """A bad catalogue stops the start, with the file, the table and the reason in one line."""
        from django.conf import settings

        from chat.experiment_metrics import register_all
        from chat.gateway.loading import CatalogueError, load
        from grump.lib import env

        register_all()
        try:
            load(settings.GRUMP_CATALOG, env.everything())
        except CatalogueError as error:
            raise env.EnvError(
                "GRUMP_CATALOG" if settings.GRUMP_CATALOG else "catalog.toml", str(error)
            ) from None
