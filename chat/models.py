"""Conversations, their messages as a tree, and every attempt to answer as a generation.

There is no unscoped door: views, sockets and tasks reach a row through its owner
(`Conversation.objects.of(user)`), so that somebody else's id is simply not found.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from grump.lib.ids import new_id


class OwnedQuerySet(models.QuerySet):
    def of(self, user):
        """The rows that belong to `user`: the only way to look one up by an id from outside."""
        return self.filter(owner=user)


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations")
    title = models.CharField(max_length=200, default="New chat")
    # A title the user gave is never replaced by one made in the background.
    titled_by_user = models.BooleanField(default=False)
    # The leaf of the branch that is shown; a plain id, because it changes with every message.
    leaf_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)  # an imported one keeps its own
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)  # undo instead of "are you sure"
    pinned = models.BooleanField(default=False)  # stands above all others in the list
    archived_at = models.DateTimeField(null=True, blank=True)  # out of the list; search still finds it
    # Said to the model before everything else; empty: nothing is.
    instructions = models.TextField(blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["owner", "-updated_at"], condition=Q(deleted_at=None), name="conversation_list"
            ),
            models.Index(fields=["owner"], condition=Q(pinned=True), name="conversation_pinned"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.id})"


class Message(models.Model):
    class Role(models.TextChoices):
        SYSTEM = "system"
        USER = "user"
        ASSISTANT = "assistant"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # Where a reference has no index of its own, a longer one below begins with it.
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages", db_index=False)
    # The conversation's owner again: makes `client_message_id` unique for the person, also while no
    # conversation exists yet.
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    role = models.CharField(max_length=10, choices=Role)
    text = models.TextField(blank=True)
    client_message_id = models.CharField(max_length=64, blank=True)  # the sender's own, or empty
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Counted once: estimated when the text is stored (0: not yet), and by real tokenizers, by family, when
    # the conversation comes near a window (chat/context/digesting.py).
    tokens = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, blank=True)
    # Its user wants it sent word for word, however long the conversation gets.
    pinned = models.BooleanField(default=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "client_message_id"],
                condition=~Q(client_message_id=""),
                name="message_sent_once",
            ),
        ]
        indexes = [models.Index(fields=["conversation", "created_at"], name="message_thread")]

    def __str__(self) -> str:
        return f"{self.role} {self.id}"


class Generation(models.Model):
    """One attempt to answer. It is RUNNING from its creation until exactly one guarded update ends it."""

    class State(models.TextChoices):
        RUNNING = "running"
        COMPLETE = "complete"
        STOPPED = "stopped"  # by its user
        INTERRUPTED = "interrupted"  # its process died, or a shutdown could not wait
        FAILED = "failed"  # the gateway gave up; error_code says why

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="generations", db_index=False
    )
    # The assistant message this generation writes.
    message = models.OneToOneField(Message, models.CASCADE, related_name="generation")
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    requested_model = models.CharField(max_length=120, default="auto")
    # Text that was there before: a continued answer begins with what the interrupted one had.
    prefill = models.TextField(blank=True)

    provider = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True)
    tier = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    cached = models.CharField(max_length=10, blank=True)  # "", exact, semantic, joined

    reasoning = models.TextField(blank=True)
    # How the answer was cut into numbered frames, so that any of them can be sent again byte for byte
    # long after the live stream is gone (chat/journal.py).
    journal = models.JSONField(default=list, blank=True)

    finish_reason = models.CharField(max_length=20, blank=True)
    input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)
    cached_input_tokens = models.PositiveIntegerField(default=0)
    cost_microusd = models.PositiveBigIntegerField(default=0)
    usage_estimated = models.BooleanField(default=False)
    first_token_ms = models.PositiveIntegerField(null=True, blank=True)
    total_ms = models.PositiveIntegerField(null=True, blank=True)
    # What of the conversation was sent, where it was not all of it (chat/context/note.py).
    context = models.JSONField(null=True, blank=True)
    # What attempts took that came to nothing, beside the answer's own cost.
    extra_microusd = models.PositiveBigIntegerField(default=0)
    # An answer from before: what it would have cost to ask again, by our count of its tokens.
    saved_microusd = models.PositiveBigIntegerField(default=0)
    # Another than the first choice answered, or went on.
    fell_back = models.BooleanField(default=False)
    # Under what it was answered: figures are told apart by them. Variants: "experiment:variant" pairs.
    plan = models.CharField(max_length=50, blank=True)
    release = models.CharField(max_length=40, blank=True)
    variants = models.CharField(max_length=300, blank=True)
    error_code = models.CharField(max_length=30, blank=True)
    error_message = models.CharField(max_length=500, blank=True)

    # The process that runs it, and when that was last heard of: the reaper's evidence.
    process = models.CharField(max_length=80, blank=True)
    heartbeat_at = models.DateTimeField()
    stop_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["heartbeat_at"], condition=Q(state="running"), name="generation_running"),
            models.Index(fields=["owner", "-created_at"], name="generation_recent"),
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="generation_ended"),
            models.Index(
                fields=["error_code", "-ended_at"], condition=~Q(error_code=""), name="generation_errors"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"


class Checkpoint(models.Model):
    """What a running answer said between two checkpoints (chat/checkpoints.py). Gone when it has ended."""

    # Without an index of its own: the constraint's serves.
    generation = models.ForeignKey(Generation, models.CASCADE, related_name="+", db_index=False)
    after = models.PositiveIntegerField()  # how many frames went before
    journal = models.JSONField()
    text = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["generation", "after"], name="checkpoint_in_place")]

    def __str__(self) -> str:
        return f"{self.generation_id} after {self.after}"


class Indexed(models.Model):
    """A message whose text can be searched. What it is searched by is the database's own: a full-text table
    of SQLite, a column of PostgreSQL (chat/search.py)."""

    made_anew = True  # from the messages, when a backup is restored

    message = models.OneToOneField(Message, models.CASCADE, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.message_id)


class Digest(models.Model):
    """What choosing from a message needs, worked out once: its sentences as numbers, and vectors of its
    passages (chat/context/digest.py). It can always be made anew from the text."""

    message = models.OneToOneField(Message, models.CASCADE, primary_key=True, related_name="digest")
    units = models.BinaryField()
    vectors = models.BinaryField(default=bytes)  # empty: not embedded (yet)
    vectors_of = models.CharField(max_length=120, blank=True)  # the embedding model's name

    def __str__(self) -> str:
        return str(self.message_id)


class Summary(models.Model):
    """What was said in a branch up to and with `message`, shortened by a model."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="summary")
    text = models.TextField()
    tokens = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Up to {self.message_id}"


class Prompt(models.Model):
    """A text its owner keeps to be written into the box again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="prompts")
    name = models.CharField(max_length=80)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["name", "created_at"]

    def __str__(self) -> str:
        return str(self.id)


class Preferences(models.Model):
    """How a person wants the chat to be, in whatever browser. A row comes with the first change."""

    class SendKey(models.TextChoices):
        ENTER = "enter"
        WITH_CONTROL = "mod+enter"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    send_key = models.CharField(max_length=10, choices=SendKey, default=SendKey.ENTER)
    prediction = models.BooleanField(default=True)  # what might come next, while one writes
    follow_ups = models.BooleanField(default=True)  # questions that might follow an answer
    preloading = models.BooleanField(
        default=False
    )  # the likely next answer may be made before it is asked for
    model = models.CharField(max_length=120, default="auto")
    preference = models.FloatField(default=0.5)  # for "auto": from 0, cheaper, to 1, better

    class Meta:
        # A constraint and not a one-to-one field: grump/accounts/belongings.py goes by constraints.
        constraints = [models.UniqueConstraint(fields=["owner"], name="preferences_of_one")]

    def __str__(self) -> str:
        return str(self.owner_id)


class Heeded(models.Model):
    """What became of the suggestions of one kind that a person was shown: numbers, no text."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12)
    shown = models.PositiveIntegerField(default=0)
    right = models.PositiveIntegerField(default=0)  # the text went on so, taken or typed
    taken = models.PositiveIntegerField(default=0)
    expected = models.FloatField(default=0.0)  # the sum of their confidences

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "kind"], name="heeded_once_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.right} of {self.shown}"


class FollowUps(models.Model):
    """Questions that may follow an answer, offered under it; an empty list where none was good enough."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="follow_ups")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    questions = models.JSONField(default=list)
    cost_microusd = models.PositiveBigIntegerField(default=0)  # the house's
    chosen = models.PositiveSmallIntegerField(null=True, blank=True)  # which of them was asked then
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="follow_ups_of_one"),
            models.Index(fields=["created_at"], name="follow_ups_by_day"),
        ]

    def __str__(self) -> str:
        return f"After {self.message_id}"


class Preload(models.Model):
    """Something made before anybody asked for it: what it cost, and whether and what it was good for."""

    class Kind(models.TextChoices):
        ANSWER = "answer"  # to the question that is likeliest to be asked
        FIT = "fit", "Fit of a long conversation"  # for that question
        VECTOR = "vector", "Vector of a question"  # in a long conversation: what its sentences are chosen by
        PAGE = "page", "Conversation's page"  # fetched by the browser

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    subject = models.CharField(max_length=32)  # a digest of what it is for
    cost_microusd = models.PositiveBigIntegerField(default=0)
    work_ms = models.PositiveIntegerField(default=0, db_default=0)  # of a processor of ours
    first_token_ms = models.PositiveIntegerField(default=0)  # what it took when nobody waited
    won_ms = models.IntegerField(null=True, blank=True)  # of somebody's first word, once it was used
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["conversation", "subject"], name="preload_looked_up"),
            models.Index(fields=["made_at"], name="preload_by_day"),
            models.Index(fields=["owner", "made_at"], name="preload_of_one"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
