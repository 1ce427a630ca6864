"""`manage.py ensure_admin`: the first administrator, with a generated password that is told once."""

import secrets

from django.core.management.base import BaseCommand

from grump.accounts.models import User

USERNAME = "admin"


class Command(BaseCommand):
    help = "Create the user 'admin' with a generated password where no administrator exists; print it once."

    def handle(self, *args: object, **options: object) -> None:
        if User.objects.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(12)
        User.objects.create_superuser(USERNAME, password=password)
        self.stdout.write(f"Administrator: {USERNAME}, password: {password} (shown this once; /admin/)")
