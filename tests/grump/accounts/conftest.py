import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from chat.models import Conversation, Message
from grump.accounts.models import User

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _doors(settings, db):
    settings.ROOT_URLCONF = "tests.grump.accounts.doors"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    cache.clear()  # the rate limits of the test before


@pytest.fixture
def closed(monkeypatch) -> list[int]:
    """The users whose sockets were told to close."""
    ids: list[int] = []

    def note(*user_ids: int) -> None:
        ids.extend(user_ids)

    for module in ("models", "adapter", "admin", "admin_site", "guests"):
        monkeypatch.setattr(f"grump.accounts.{module}.close_sockets", note)
    return ids


@pytest.fixture
def account() -> User:
    return User.objects.create_user("mira", "mira@example.com", PASSWORD)


@pytest.fixture
def guest(client: Client) -> User:
    """The guest that `client`'s first visit made."""
    return User.objects.get(pk=client.get("/").json()["user"])


@pytest.fixture
def write(db):
    """`write(user, client_message_id="")`: a conversation of one message, and its id."""

    def write(user: User, client_message_id: str = "") -> Message:
        conversation = Conversation.objects.create(owner=user, updated_at=timezone.now())
        return Message.objects.create(
            conversation=conversation,
            owner=user,
            role="user",
            text="hello",
            client_message_id=client_message_id,
        )

    return write


@pytest.fixture
def log_in():
    def log_in(client: Client, login: str = "mira", password: str = PASSWORD):
        return client.post("/accounts/login/", {"login": login, "password": password})

    return log_in


@pytest.fixture
def inside(client: Client, account: User, log_in) -> Client:
    """Logged in as `account`, and asked for the password again just now, as settings of safety demand."""
    log_in(client)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client
