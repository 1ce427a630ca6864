import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.test import Client

from grump.accounts.models import User


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("root", ["api", "v1"])
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("fail/bad", 400, "bad_request"),
        ("fail/forbidden", 403, "forbidden"),
        ("fail/missing", 404, "not_found"),
        ("nothing/here", 404, "not_found"),
        ("fail/broken", 500, "internal"),
        ("limited", 429, "rate_limited"),
    ],
)
def test_an_api_error_is_json(client, root, path, status, code):
    answer = client.get(f"/{root}/{path}")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.json()["error"]["message"]


def test_the_headers_of_an_error_stay(client):
    assert client.get("/api/limited")["Retry-After"] == "7"
    refused = client.post("/api/get-only")
    assert (refused.status_code, refused["Allow"]) == (405, "GET")
    assert refused.json()["error"]["code"] == "method_not_allowed"


def test_a_body_past_what_a_view_may_read(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = client.post("/api/read", data=b"x" * 101, content_type="application/octet-stream")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    assert client.post("/pages/read", data=b"x" * 101, content_type="text/plain").status_code == 413


def test_a_missing_csrf_token_is_said_as_such():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/api/read").json()["error"]["code"] == "csrf_failed"
    page = client.post("/pages/read")
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (403, "text/html")


def test_a_foreign_host_is_refused(client):
    answer = client.get("/api/read", HTTP_HOST="evil.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")


def test_what_an_api_says_itself_stays(client):
    assert client.get("/api/own").json() == {"error": {"code": "mine"}}


@pytest.mark.parametrize(
    ("how", "status"), [("bad", 400), ("forbidden", 403), ("missing", 404), ("broken", 500)]
)
def test_a_page_gets_a_page(client, how, status, db):
    answer = client.get(f"/pages/fail/{how}")
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    if status != 400:
        assert 'class="sheet' in answer.content.decode()


def test_a_broken_page_needs_no_database(client):
    """The page for 500 must come when the reason is the database: it may not ask it who is reading."""
    assert client.get("/pages/fail/broken").status_code == 500


async def test_it_holds_for_async_requests_too(async_client):
    async_client.raise_request_exception = False
    assert (await async_client.get("/api/fail/broken")).json()["error"]["code"] == "internal"


@pytest.mark.django_db(transaction=True)
async def test_the_page_of_an_error_keeps_no_connection(async_client, settings):
    settings.ROOT_URLCONF = "grump.urls"
    await async_client.aforce_login(await User.objects.acreate(username="ann"))
    answer = await async_client.get("/nothing/here")
    assert (answer.status_code, b"data-user" in answer.content) == (404, True)  # it was asked who is looking
    # The thread that drew it is the loop's only one, and idle: it does this too.
    assert await asyncio.to_thread(lambda: connection.connection) is None
    await sync_to_async(connections.close_all)()  # what the test itself opened
