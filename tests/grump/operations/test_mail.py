import pytest

from grump.operations.mail import FILES, SMTP, settings_from


def test_without_a_server_mails_become_files():
    assert settings_from("") == {"EMAIL_BACKEND": FILES}


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://mail.example", 587, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtp+plain://mail.example:2525", 2525, False, False),
    ],
)
def test_the_scheme_names_the_encryption(url, port, starttls, tls):
    made = settings_from(url)
    assert (made["EMAIL_BACKEND"], made["EMAIL_HOST"], made["EMAIL_PORT"]) == (SMTP, "mail.example", port)
    assert (made["EMAIL_USE_TLS"], made["EMAIL_USE_SSL"]) == (starttls, tls)


def test_a_password_may_hold_any_character():
    made = settings_from("smtp://me%40example.com:p%40ss%2Fword@mail.example")
    assert (made["EMAIL_HOST_USER"], made["EMAIL_HOST_PASSWORD"]) == ("me@example.com", "p@ss/word")


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://host:port"])
def test_it_refuses_what_it_cannot_use(url):
    with pytest.raises(ValueError):
        settings_from(url)
