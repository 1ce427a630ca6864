"""Is a session still what it was when a socket was opened with it?"""

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string

from grump.accounts.models import User


def still_valid(session_key: str, user_id: int) -> bool:
    """True while the session exists, is this user's, the user is active and the password unchanged."""
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    if str(store.get(SESSION_KEY)) != str(user_id):
        return False
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return user is not None and constant_time_compare(
        store.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()
    )
