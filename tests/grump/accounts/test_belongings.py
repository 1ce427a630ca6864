from django.apps import apps

from grump.accounts.belongings import owned_models


def test_it_finds_what_a_user_owns_though_the_relation_is_hidden():
    names = {model._meta.label for model in owned_models()}
    assert names >= {"chat.Conversation", "chat.Message", "chat.Generation"}


def test_every_other_key_to_the_user_is_known_to_stay_behind():
    """A new table that should move names its key `owner`; one that should not is written down here."""
    stays = {"admin.LogEntry.user", "account.EmailAddress.user", "mfa.Authenticator.user"}
    keys = {
        f"{model._meta.label}.{key.name}"
        for model in apps.get_models()
        for key in model._meta.concrete_fields
        if key.is_relation and key.related_model._meta.label == "accounts.User" and key.name != "owner"
    }
    assert keys <= stays
