"""The page can be read before any script runs, by whom it belongs to."""

import base64
import hashlib
import re
import uuid

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from chat import history, opening
from chat.models import Generation
from chat.protocol import Send

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_visitor_becomes_a_guest_and_sees_an_empty_chat():
    client = Client()
    page = client.get("/")
    assert page.status_code == 200
    guest = get_user_model().objects.get()
    assert guest.is_guest
    assert "csrftoken" in page.cookies
    assert "no-store" in page["Cache-Control"]
    client.get("/")
    assert get_user_model().objects.count() == 1


def test_a_conversation_is_in_the_page_itself_and_its_text_is_only_text():
    client = Client()
    client.get("/")
    guest = get_user_model().objects.get()
    send = Send(client_message_id=uuid.uuid4().hex, text="<script>alert(1)</script> & more")
    opened = opening.open_question(guest.pk, send, "p")
    history.end_generation(opened.generation_id, Generation.State.COMPLETE, "<img src=x onerror=alert(2)>")
    page = client.get(f"/c/{opened.conversation_id}/").content.decode()
    assert "&lt;img src=x onerror=alert(2)&gt;" in page
    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert Client().get(f"/c/{opened.conversation_id}/").status_code == 404


def test_a_text_is_written_into_the_page_once_unless_html_would_change_it():
    client = Client()
    client.get("/")
    guest = get_user_model().objects.get()
    send = Send(client_message_id=uuid.uuid4().hex, text="Plain words. " * 30 + "The last ones.")
    opened = opening.open_question(guest.pk, send, "p")
    history.end_generation(opened.generation_id, Generation.State.COMPLETE, "ends\r\nas elsewhere")
    page = client.get(f"/c/{opened.conversation_id}/").content.decode()
    assert page.count("The last ones.") == 1
    assert "ends\\r\\nas elsewhere" in page.partition('id="boot"')[2]


def test_a_browsers_first_page_brings_its_styles_and_the_policy_allows_these_alone():
    client = Client()
    first, second = client.get("/"), client.get("/")
    [text] = re.findall(r"<style>(.*?)</style>", first.content.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}';" in first["Content-Security-Policy"] + ";"
    assert 'rel="stylesheet"' not in first.content.decode()
    assert "<style" not in second.content.decode()
    assert 'rel="stylesheet"' in second.content.decode()
    assert "style-src 'self';" in second["Content-Security-Policy"] + ";"


def test_a_page_takes_no_post():
    assert Client().post("/").status_code == 405
