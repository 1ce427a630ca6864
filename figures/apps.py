from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "figures"

    def ready(self) -> None:
        """Prometheus is told of browsers by whoever is asked."""
        from figures import browser

        browser.register()
