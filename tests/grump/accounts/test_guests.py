from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from chat.models import Conversation, Generation, Message
from grump.accounts import guests
from grump.accounts.models import User
from grump.accounts.tasks import remove_empty_guests
from tests.grump.accounts.conftest import PASSWORD


def test_a_visitor_is_a_guest_from_the_first_page_on(client, guest):
    assert guest.is_guest
    assert not guest.has_usable_password()
    assert client.get("/").json()["user"] == guest.pk


def test_a_known_guest_costs_no_write(client, guest, django_assert_num_queries):
    with django_assert_num_queries(2):  # the session, the user
        client.get("/")


def test_a_planted_session_key_is_worth_nothing(client):
    session = client.session
    session["somebody"] = "prepared this"
    session.save()
    planted = client.cookies["sessionid"].value
    client.get("/")
    assert client.cookies["sessionid"].value != planted


def test_a_guest_who_comes_back_keeps_the_session_alive(client, guest):
    User.objects.filter(pk=guest.pk).update(last_login=timezone.now() - timedelta(days=3))
    answer = client.get("/")
    assert answer.cookies["sessionid"]["max-age"] > 0
    guest.refresh_from_db()
    assert timezone.now() - guest.last_login < timedelta(minutes=1)


def test_a_guest_may_see_the_log_in_page(client, guest):
    assert client.get("/accounts/login/").status_code == 200
    assert client.get("/accounts/signup/").status_code == 200


def test_signing_up_turns_the_guest_into_the_account(client, guest, write):
    message = write(guest)
    before = client.cookies["sessionid"].value
    answer = client.post("/accounts/signup/", {"username": "Nora", "password1": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    user = User.objects.get(username="nora")
    assert (user.pk, user.is_guest) == (guest.pk, False)
    assert user.check_password(PASSWORD)
    assert Message.objects.get().pk == message.pk
    assert client.get("/").json()["user"] == guest.pk
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_of_two_sign_ups_at_once_the_slower_gets_a_row_of_its_own(client, guest, monkeypatch):
    def the_other_tab_was_faster(row: User) -> bool:
        User.objects.filter(pk=row.pk).update(is_guest=False, username="first")
        return False

    monkeypatch.setattr(guests, "claim", the_other_tab_was_faster)
    client.post("/accounts/signup/", {"username": "second", "password1": PASSWORD})
    assert set(User.objects.values_list("username", "is_guest")) == {("first", False), ("second", False)}


def test_a_row_is_claimed_once(guest):
    assert [guests.claim(guest), guests.claim(User.objects.get())] == [True, False]


def test_a_refused_sign_up_leaves_the_guest_a_guest(client, guest):
    assert client.post("/accounts/signup/", {"username": "nora", "password1": "1"}).status_code == 200
    guest.refresh_from_db()
    assert guest.is_guest


def test_signing_up_without_having_been_a_guest(client):
    client.post("/accounts/signup/", {"username": "nora", "password1": PASSWORD})
    assert User.objects.get().username == "nora"


@pytest.mark.parametrize("login", ["mira", "MIRA", "mira@example.com"])
def test_logging_in_moves_what_the_guest_wrote(client, guest, account, write, log_in, login):
    own, brought = write(account), write(guest)
    answer_message = Message.objects.create(
        conversation=brought.conversation, owner=guest, parent=brought, role="assistant"
    )
    Generation.objects.create(owner=guest, message=answer_message, heartbeat_at=timezone.now())
    assert log_in(client, login).status_code == 302
    assert set(Conversation.objects.of(account)) == {own.conversation, brought.conversation}
    assert Message.objects.of(account).count() == 3
    assert Generation.objects.of(account).count() == 1
    assert list(User.objects.all()) == [account]
    assert client.get("/").json()["user"] == account.pk


def test_a_wrong_password_moves_nothing(client, guest, account, write, log_in):
    write(guest)
    assert log_in(client, password="wrong").status_code == 200
    assert Conversation.objects.get().owner == guest
    assert client.get("/").json()["user"] == guest.pk


def test_a_senders_id_that_both_used_stands_with_the_account(client, guest, account, write, log_in):
    kept, brought = write(account, "same"), write(guest, "same")
    write(account), write(guest)
    log_in(client)
    assert set(Message.objects.of(account).values_list("pk", "client_message_id")) >= {
        (kept.pk, "same"),
        (brought.pk, ""),
    }
    assert Message.objects.of(account).count() == 4


def test_a_merge_that_fails_moves_nothing(guest, account, write, monkeypatch):
    write(guest)
    monkeypatch.setattr(User, "delete", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        guests.merge(guest.pk, account)
    assert Conversation.objects.get().owner == guest


def test_merging_twice_is_merging_once(guest, account, write):
    write(guest)
    guests.merge(guest.pk, account)
    guests.merge(guest.pk, account)
    assert Conversation.objects.of(account).count() == 1


def test_nobody_merges_an_account_into_another(account, write):
    write(account)
    other = User.objects.create_user("other")
    guests.merge(account.pk, other)
    assert Conversation.objects.get().owner == account


def test_logging_out_gives_a_fresh_guest(client, guest, account, log_in):
    log_in(client)
    client.post("/accounts/logout/")
    fresh = client.get("/").json()["user"]
    assert fresh not in (guest.pk, account.pk)
    assert User.objects.get(pk=fresh).is_guest


def aged(user: User, days: float) -> User:
    moment = timezone.now() - timedelta(days=days)
    User.objects.filter(pk=user.pk).update(date_joined=moment, last_login=moment)
    return user


def a_guest(days: float) -> User:
    return aged(User.objects.get(pk=Client().get("/").json()["user"]), days)


def test_empty_guests_go_after_a_day_and_the_rest_stay(write, account, closed):
    gone, young, writer = a_guest(2), a_guest(0.5), a_guest(2)
    write(writer)
    aged(account, 2)
    remove_empty_guests()
    assert set(User.objects.all()) == {young, writer, account}
    assert gone.pk in closed


def test_a_guest_nobody_can_come_back_as_goes_with_everything(write):
    write(a_guest(61))
    write(a_guest(59))
    remove_empty_guests()
    assert User.objects.count() == Conversation.objects.count() == 1


def test_crawlers_fill_neither_table(monkeypatch):
    monkeypatch.setattr(guests, "BATCH", 3)
    for _ in range(8):
        a_guest(1.5)
    day_ago = timezone.now() + timedelta(days=60 - 1.5)
    Session.objects.update(expire_date=day_ago)
    Client().get("/")
    remove_empty_guests()
    assert User.objects.count() == Session.objects.count() == 1
