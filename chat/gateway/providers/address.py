"""Where a request goes."""

from urllib.parse import urlsplit, urlunsplit

from chat.gateway.catalogue import Provider


def address(provider: Provider, path: str) -> str:
    """`path` below the base URL; a query of the base URL (Azure's `api-version`) stays at the end."""
    parts = urlsplit(provider.base_url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))
