"""Programs take a short way, and nothing that protects everybody is lost on it."""

import pytest

from tests.chat.api.v1.programs import Program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def the_products_own_addresses(settings):
    settings.ROOT_URLCONF = "grump.urls"


async def test_headers_and_json_errors_are_as_everywhere():
    answer = await Program().get("/v1/models")
    assert answer.status == 401
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert (await Program().get("/v1/none")).code == "not_found"


async def test_an_answer_says_how_long_it_is():
    answer = await Program().get("/v1/models")
    assert int(answer.headers["content-length"]) == len(answer.body)


async def test_nobody_gets_a_cookie():
    assert "set-cookie" not in (await Program().get("/v1/models")).headers


async def test_a_host_that_is_not_ours_is_refused():
    async with Program().request("GET", "/v1/models", host="evil.example") as (answer, read):
        await read()
    assert answer.status == 400
    assert answer.code == "bad_request"


async def test_a_key_in_the_clear_is_refused_and_not_sent_on(settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = await Program("sk-grump-x").get("/v1/models")
    assert (answer.status, answer.code) == (403, "https_only")
    assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/api/health/live", "/api/health/ready", "/api/health"])
async def test_a_probe_takes_it_too_and_may_come_over_plain_http(settings, path):
    settings.SECURE_SSL_REDIRECT = True
    answer = await Program().get(path)
    assert answer.status == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


async def test_the_door_for_browser_timings_takes_it_and_answers_a_post_alone():
    async with Program().request("POST", "/api/metrics/frontend", b"{}") as (answer, read):
        await read()
    assert (answer.status, "set-cookie" in answer.headers) == (204, False)
    assert (await Program().get("/api/metrics/frontend")).status == 405
