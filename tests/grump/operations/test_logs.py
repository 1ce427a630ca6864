import logging

import pytest

from grump.operations.logs import LONGEST, RedactingFormatter, redact

KEY = "sk-proj-abcdefghijklmnop1234"


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        (f"Authorization: Bearer {KEY}", KEY),
        ("{'authorization': 'Bearer abcd.efgh'}", "abcd.efgh"),
        ("headers=[(b'authorization', b'Basic dXNlcjpwYXNz')]", "dXNlcjpwYXNz"),
        ("x-api-key: 0123456789abcdef", "0123456789abcdef"),
        ("Cookie: sessionid=abcdef123456; csrftoken=fedcba654321", "fedcba654321"),
        ("Set-Cookie: sessionid=abcdef123456; HttpOnly", "abcdef123456"),
        ("OPENAI_API_KEY=verysecretvalue", "verysecretvalue"),
        ('{"password": "hunter22", "login": "mira"}', "hunter22"),
        ("METRICS_TOKEN: let-me-see", "let-me-see"),
        ("GET /v1beta/models?key=AIzaSyA-1234567890abcdefghij&alt=sse", "AIzaSyA-1234567890abcdefghij"),
        ("refused by https://x with nvapi-abcdefghijklmnopqrst", "nvapi-abcdefghijklmnopqrst"),
        ("key gsk_abcdefghijklmnop is out", "gsk_abcdefghijklmnop"),
        ("AKIAIOSFODNN7EXAMPLE signed it", "AKIAIOSFODNN7EXAMPLE"),
        ("could not reach postgres://grump:s3cret@db:5432/grump", "s3cret"),
        ("redis://:s3cret@cache:6379", "s3cret"),
        ("GET /accounts/password/reset/key/1-cabc12-0f3e/ 404", "1-cabc12-0f3e"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "eyJzdWIiOiIxMjM0In0"),
    ],
)
def test_no_secret_reaches_the_log(line, secret):
    assert secret in line
    assert secret not in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        "generation 0c0f1a started with mock/fast after 38 ms",
        "1200 input_tokens, 80 output tokens, first token 38 ms",
        "input_tokens=1200 output_tokens=80",
        "GET /api/health/ready 200",
        "task-1 risked it: disk-space low at http://127.0.0.1:8000/c/5f2c",
    ],
)
def test_ordinary_lines_stay_as_they_are(line):
    assert redact(line) == line


def format_record(message: str, *args: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("chat", logging.ERROR, __file__, 1, message, args, info)
    return RedactingFormatter("{levelname} {name}: {message}", style="{").format(record)


def test_arguments_and_tracebacks_are_covered_too():
    try:
        raise RuntimeError(f"401 for {KEY}")
    except RuntimeError as error:
        line = format_record("failed with %s", KEY, error=error)
    assert KEY not in line
    assert "Traceback" in line


def test_what_comes_from_outside_cannot_forge_a_second_line():
    assert "\n" not in format_record("user %s", "x\r\nINFO chat: all is well")


def test_a_long_record_is_cut():
    assert len(format_record("%s", "word " * 10_000)) < LONGEST + 50


def test_the_product_logs_through_it(settings):
    assert settings.LOGGING["handlers"]["console"]["formatter"] == "line"
    assert settings.LOGGING["formatters"]["line"]["()"].endswith("RedactingFormatter")
