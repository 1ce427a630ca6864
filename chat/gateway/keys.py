"""Which providers have all they need, and the secrets they are asked with."""

from collections.abc import Mapping

from chat.gateway.catalogue import Provider
from chat.gateway.loading import CatalogueError


def key_of(provider: Provider, environ: Mapping[str, str]) -> str:
    """The provider's key; empty where it needs none or none is set."""
    key = environ.get(provider.api_key_env, "").strip() if provider.api_key_env else ""
    if not (key.isascii() and key.isprintable()):
        # Found here and without the value: an HTTP library would quote it in its complaint.
        raise CatalogueError("environment", provider.api_key_env, "holds characters that no key can have")
    return key


def configured(provider: Provider, environ: Mapping[str, str]) -> bool:
    """A provider that is not is listed as such and never tried."""
    return bool(provider.base_url) and not lacks_key(provider, environ)


def lacks_key(provider: Provider, environ: Mapping[str, str]) -> bool:
    return bool(provider.api_key_env) and not key_of(provider, environ) and not provider.key_optional
