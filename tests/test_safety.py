"""The safety of the whole site, asked of every address it has: a new view cannot forget it."""

import itertools
import os
import re
import subprocess
import sys
import uuid

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import AsyncClient, Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from chat.models import Conversation
from figures.models import Timing
from grump.accounts.models import User

EXAMPLES = {
    "uuid": str(uuid.UUID(int=7)),
    "int": "7",
    "slug": "a-slug",
    "path": "a/path",
    "str": "text",
}


def addresses(resolver: URLResolver | None = None, prefix: str = "/") -> list[str]:
    """Every address of the site, with an example in each of its variable places."""
    found = []
    for part in (resolver or get_resolver()).url_patterns:
        route = prefix + str(part.pattern)
        if isinstance(part, URLResolver):
            found += addresses(part, route)
        elif isinstance(part, URLPattern):
            found.append(example(route))
    return sorted(set(found))


def example(route: str) -> str:
    # allauth and the admin write some routes as regular expressions, one group a variable.
    route = re.sub(r"\(\?P<\w+>[^()]*\)", "7", route)
    route = re.sub(r"<(?:(\w+):)?\w+>", lambda match: EXAMPLES[match[1] or "str"], route)
    return re.sub(r"[\^$?\\]", "", route)


ALL = addresses()


@pytest.fixture(autouse=True)
def _fresh(transactional_db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    cache.clear()


@pytest.fixture
def boss() -> User:
    return User.objects.create_superuser("boss", "", "pw")


def test_the_crawl_sees_every_part_of_the_site():
    assert {"/", "/metrics", "/api/health/ready", "/accounts/login/", "/accounts/2fa/", "/admin/"} <= set(ALL)
    assert any(address.startswith("/admin/accounts/user/") for address in ALL)
    assert len(ALL) > 60


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("person", ["visitor", "staff"])
async def test_every_answer_carries_every_safe_header(boss, person, method):
    client = AsyncClient(raise_request_exception=False)
    if person == "staff":
        await client.aforce_login(boss)
    for address in ALL:
        answer = await getattr(client, method)(address)
        assert answer.status_code < 500, address
        assert_safe(answer, address)


def assert_safe(answer, address: str) -> None:
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy, address
    assert "unsafe" not in policy, address
    assert "*" not in policy, address
    assert "frame-ancestors 'none'" in policy, address
    assert "base-uri 'none'" in policy, address
    assert answer["X-Content-Type-Options"] == "nosniff", address
    assert answer["X-Frame-Options"] == "DENY", address
    assert answer["Referrer-Policy"] == "same-origin", address
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin", address
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin", address
    assert "camera=()" in answer["Permissions-Policy"], address
    assert "public" not in answer["Cache-Control"] or address in PUBLIC, address


# The same for everybody, so that a shared cache may keep them.
PUBLIC = {"/admin/jsi18n/", "/favicon.ico", "/manifest.webmanifest", "/offline/"}


async def test_errors_are_as_safe_as_pages(async_client):
    for address in ("/nothing/here", "/api/nothing", "/v1/nothing", "/c/not-a-uuid/"):
        answer = await async_client.get(address)
        assert answer.status_code == 404
        assert_safe(answer, address)
    assert_safe(await async_client.get("/", headers={"host": "evil.example"}), "a foreign host")


async def test_a_guest_never_meets_a_log_in_page_on_the_chats_addresses(async_client):
    for address in ALL:
        if not address.startswith(("/accounts/", "/admin/", "/metrics")):
            answer = await async_client.get(address)
            assert "/accounts/login" not in answer.headers.get("Location", ""), address


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "a b"])
def test_a_foreign_host_header_is_refused(client, host):
    assert client.get("/", HTTP_HOST=host).status_code == 400
    assert client.get("/api/health/ready", HTTP_HOST=host).status_code == 400


def test_a_forwarded_host_is_not_listened_to(client, boss, mailoutbox, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    User.objects.filter(pk=boss.pk).update(email="boss@example.org")
    client.post(
        "/accounts/password/reset/", {"email": "boss@example.org"}, HTTP_X_FORWARDED_HOST="evil.example"
    )
    assert "http://testserver/accounts/password/reset/key/" in mailoutbox[0].body
    assert "evil.example" not in mailoutbox[0].body


ELSEWHERE = (
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "http:evil.example",
)
LEADING = ("next", "redirect", "redirect_to", "return", "return_to", "url", "continue", "callback", "target")


def test_no_address_leads_to_another_site_whatever_it_is_told(boss):
    client = Client(raise_request_exception=False)
    client.force_login(boss)
    mixed = dict(zip(LEADING, itertools.cycle(ELSEWHERE)))
    for address in ALL:
        # Where somebody logs in or out, every one; elsewhere, where nothing listens to it, each once.
        entrance = address.startswith("/accounts/") or address == "/admin/login/"
        for elsewhere in ELSEWHERE if entrance else ELSEWHERE[:1]:
            told = dict.fromkeys(LEADING, elsewhere) if entrance else mixed
            answers = [client.get(address, told)]
            if entrance and "logout" not in address:
                answers.append(client.post(address, told, headers={"referer": elsewhere}))
            for answer in answers:
                place = answer.headers.get("Location", "/")
                assert re.match(r"/(?![/\\])|http://testserver/|\?|\.", place), (address, place)


def test_no_header_of_a_request_becomes_another_one_of_the_answer(client):
    for name in ("X-Request-ID", "X-Forwarded-For", "Origin", "Accept-Language", "traceparent", "User-Agent"):
        answer = client.get("/api/health", headers={name: "a\r\nSet-Cookie: evil=1"})
        assert "evil" not in str(answer.headers), name
        assert "evil" not in answer.cookies, name


def test_no_header_gives_another_address_or_another_method(client, boss):
    for name in (
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Forwarded-Path",
        "X-Forwarded-Prefix",
        "X-Script-Name",
    ):
        assert client.get("/nothing/here", headers={name: "/api/health"}).status_code == 404, name
    client.force_login(boss)
    talk = Conversation.objects.create(owner=boss, updated_at=timezone.now(), title="mine")
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        client.get(f"/api/conversations/{talk.pk}?_method=DELETE", headers={name: "DELETE"})
        client.post(f"/api/conversations/{talk.pk}", {"_method": "DELETE"}, headers={name: "DELETE"})
    assert Conversation.objects.get(pk=talk.pk).deleted_at is None


def test_what_a_conversation_is_called_stays_within_the_name_of_its_file(client, boss):
    client.force_login(boss)
    for title in (
        'a"; filename="evil.exe',
        "a\r\nSet-Cookie: evil=1",
        "../../etc/passwd",
        "\u202egpj.exe",
        "a\x00b.sh",
        "é",
    ):
        talk = Conversation(owner=boss, updated_at=timezone.now(), title=title.replace("\x00", ""))
        talk.save()
        for kind, ending in (("json", "json"), ("markdown", "md")):
            answer = client.get(f"/api/conversations/{talk.pk}/export?as={kind}")
            name = answer["Content-Disposition"]
            assert re.fullmatch(
                rf"attachment; filename(=\"[\w-]+\.{ending}\"|\*=utf-8''[\w%-]+\.{ending})", name, re.ASCII
            ), name
            assert answer["Content-Type"].startswith(("application/json", "text/markdown"))


def test_an_upload_of_endless_parts_is_refused_and_none_is_kept(client, boss, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    client.force_login(boss)
    part = '--edge\r\nContent-Disposition: form-data; name="file{}"; filename="x.json"\r\n\r\n{{}}\r\n'
    for count in (101, 2_000):
        body = "".join(part.format(number) for number in range(count)) + "--edge--\r\n"
        for address in ("/settings/import", "/api/import"):
            answer = client.post(address, body.encode(), "multipart/form-data; boundary=edge")
            assert answer.status_code in {400, 413, 415}, (address, count, answer.status_code)
    for broken in (b"--edge\r\nContent-Dis", b"--edge--", b"\xff" * 500, b""):
        assert client.post("/settings/import", broken, "multipart/form-data; boundary=edge").status_code < 500
        assert client.post("/settings/import", broken, "multipart/form-data").status_code < 500
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Conversation.objects.exists()


def test_where_staff_need_a_second_factor_no_page_of_the_admin_answers_without(client, boss, settings):
    settings.STAFF_SECOND_FACTOR = True
    client.force_login(boss)
    guarded = {address for address in ALL if address.startswith("/admin/")}
    guarded -= {"/admin/login/", "/admin/logout/"}
    assert {"/admin/looking-ahead/", "/admin/providers/", "/admin/usage-overview/"} <= guarded
    for address in guarded:
        for answer in (client.get(address), client.post(address)):
            assert (answer.status_code, answer.headers.get("Location")) == (302, "/accounts/2fa/"), address


def test_no_form_goes_without_its_token(settings):
    client = Client(enforce_csrf_checks=True)
    for address in ALL:
        answer = client.post(address)
        # A beacon cannot bring a token: it is thanked whatever it sends, and what is not signed is dropped.
        thanked = {204} if address == "/api/metrics/frontend" else set()
        assert answer.status_code in {401, 403, 404, 405, 302, 301} | thanked, (address, answer.status_code)
    assert not Timing.objects.exists()
    assert not User.objects.filter(is_guest=False).exists()
    assert not Group.objects.exists()


async def test_somebody_elses_conversation_is_as_missing_as_none(async_client, boss):
    theirs = await Conversation.objects.acreate(owner=boss, updated_at=timezone.now(), title="private")
    await async_client.get("/")
    answers = [await async_client.get(f"/c/{address}/") for address in (theirs.pk, uuid.UUID(int=7))]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "private" not in answers[0].content.decode()


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(async_client):
    cookie = (await async_client.get("/")).cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py` as an installation of its own runs it: none of this run's environment but its directory."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "GRUMP_VAR", "REDIS_URL") if name in os.environ
    }
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=project.BASE_DIR,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


PRODUCTION = {"SECRET_KEY": "k7" + "f3Q_zR-x9Lw2" * 5, "ALLOWED_HOSTS": "chat.example"}


def test_the_deployment_check_has_nothing_to_say():
    checked = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert checked.returncode == 0, checked.stderr


def test_outside_of_development_cookies_need_tls_and_passkeys_a_safe_origin():
    code = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, "
        "s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS > 0, not s.DEBUG, "
        "not s.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN)"
    )
    shown = manage("shell", "--no-imports", "-c", code, **PRODUCTION)
    assert shown.stdout.split() == ["True"] * 6, shown.stderr


def test_production_does_not_start_without_a_secret_of_its_own():
    refused = manage("check")
    assert refused.returncode != 0
    assert refused.stderr.strip() == "SECRET_KEY: must be set: sessions and passwords are signed with it"
