"""EMAIL_URL → Django's mail settings: `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465` (TLS)."""

from urllib.parse import unquote, urlsplit

SMTP = "django.core.mail.backends.smtp.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"


def settings_from(url: str) -> dict[str, object]:
    """The EMAIL_* settings for a URL; mails become files without one. ValueError says what is wrong.

    `smtp+plain://` sends without encryption, for a relay on the same machine or network.
    """
    if not url:
        return {"EMAIL_BACKEND": FILES}
    parts = urlsplit(url)
    if parts.scheme not in {"smtp", "smtps", "smtp+plain"} or not parts.hostname:
        raise ValueError("expected smtp://user:password@host:port, smtps://… or smtp+plain://…")
    return {
        "EMAIL_BACKEND": SMTP,
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or {"smtp": 587, "smtps": 465, "smtp+plain": 25}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 10,
    }
