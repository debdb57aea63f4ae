"""The tables of the platform: the event log and what hangs on it, spans, jobs, external ids."""

from __future__ import annotations

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from headwater.platform.phrases import spoken


class Event(models.Model):
    """One fact that happened. Rows are added, never changed or removed.

    ``occurred_at`` is when it happened in the world, ``recorded_at`` when we learned it.
    """

    verb = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    party_id = models.BigIntegerField(null=True)
    organisation_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=60)
    user_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    request_id = models.CharField(max_length=32)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index("party_id", "occurred_at", name="event_party_time", condition=Q(party_id__isnull=False)),
            models.Index(
                "organisation_id",
                "occurred_at",
                name="event_org_time",
                condition=Q(organisation_id__isnull=False),
            ),
            models.Index("subject_type", "subject_id", name="event_subject"),
            models.Index("batch_id", name="event_batch", condition=Q(batch_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_type}:{self.subject_id} #{self.pk}"


class EventPersonal(models.Model):
    """The personal values of an event, kept apart so that erasing a person empties this and the log stays whole."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, related_name="personal")
    data = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"personal values of event {self.pk}"


class Undone(models.Model):
    """That an event was taken back, and by which later unit of work; an event can be undone once."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, primary_key=True, related_name="undone")
    actor = models.CharField(max_length=60)
    at = models.DateTimeField()
    request_id = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"event {self.pk} undone by {self.actor}"


class HandlerCursor(models.Model):
    """How far one handler has read the event log; ``lease_until`` keeps two workers apart."""

    handler = models.CharField(max_length=120, primary_key=True)
    position = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.handler} at {self.position}"


class DeadLetter(models.Model):
    """An event a handler gave up on after several tries, with the reason; it can be delivered again."""

    handler = models.CharField(max_length=120)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    error = models.TextField()
    failed_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handler", "event"], name="one_dead_letter_per_event")]

    def __str__(self) -> str:
        return f"{self.handler}: event {self.event_id}"

    @property
    def why(self) -> str:
        """Why it was not taken: a refusal in the language of whoever reads it, anything else as it was raised."""
        return spoken(self.error)


class Span(models.Model):
    """A value that held from one moment until another: a stage, an owner, a category.

    ``from_at`` NULL means *since before we know*; ``until_at`` NULL means *still*. As-of questions and durations
    read these rows.
    """

    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=60)
    from_at = models.DateTimeField(null=True)
    until_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index("subject_type", "subject_id", "kind", name="span_subject")]

    def __str__(self) -> str:
        return f"{self.subject_type}:{self.subject_id} {self.kind}={self.value}"


class ExternalId(models.Model):
    """What another system calls one of our rows: (system, kind, id) names exactly one row.

    ``kind`` is a resource key such as ``qualify.lead``.
    """

    system = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    object_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["system", "kind", "external_id"], name="external_id_names_one_row")
        ]
        indexes = [models.Index("kind", "object_id", name="external_id_object")]

    def __str__(self) -> str:
        return f"{self.system}/{self.kind}/{self.external_id}"


class Job(models.Model):
    """A piece of background work and how far it is; the rows are the queue.

    ``checkpoint`` is what a restarted worker needs to go on; a job whose ``heartbeat_at`` is old is taken over.
    """

    class State(models.TextChoices):
        QUEUED = "QUEUED", _("Waiting")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")
        CANCELLED = "CANCELLED", _("Cancelled")

    kind = models.CharField(max_length=80)
    args = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    checkpoint = models.JSONField(default=dict)
    done_units = models.BigIntegerField(default=0)
    total_units = models.BigIntegerField(null=True)
    message = models.CharField(max_length=200, default="")
    result = models.JSONField(default=dict)
    error = models.TextField(default="")
    attempts = models.PositiveIntegerField(default=0)
    user_id = models.BigIntegerField(null=True)
    queued_at = models.DateTimeField()
    run_after = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=60, default="")

    class Meta:
        indexes = [models.Index("state", "run_after", name="job_open", condition=Q(state__in=("QUEUED", "RUNNING")))]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk} {self.state}"

    @property
    def is_over(self) -> bool:
        """Whether the job will not run again by itself."""
        return self.state in (self.State.DONE, self.State.FAILED, self.State.CANCELLED)

    @property
    def progress(self) -> str:
        """How far it is, in the language of whoever reads it."""
        return spoken(self.message)

    @property
    def trouble(self) -> str:
        """Why it failed, or failed last, in the language of whoever reads it: the last line of what was kept."""
        return spoken(self.error.strip().splitlines()[-1]) if self.error.strip() else ""

    @property
    def percent(self) -> int | None:
        """Share of the work done, 0 to 100; None while the total is unknown."""
        if not self.total_units:
            return None
        return min(100, int(100 * self.done_units / self.total_units))


class ScheduleRun(models.Model):
    """When a scheduled job last ran, so that a restart neither repeats nor forgets it."""

    name = models.CharField(max_length=80, primary_key=True)
    last_run_at = models.DateTimeField(null=True)
    next_run_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: next at {self.next_run_at:%Y-%m-%d %H:%M}"


class RowId(models.BigIntegerField):  # type: ignore[type-arg]  # known to the type checker alone
    """A key of our own making by which SQLite keeps the rows of a table, without an index beside it.

    Only what it calls "integer" it takes for that, and finds by it in one step instead of two.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """As the database calls it."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)


class SearchEntry(models.Model):
    """What is searched of one row, folded; a copy that can be made again from the rows at any time.

    The id is the noun's number and the row's id in one, so that a noun's entries lie side by side and an entry is
    found without an index of its own.
    """

    id = RowId(primary_key=True)
    text = models.TextField()

    class Meta:
        verbose_name_plural = "search entries"

    def __str__(self) -> str:
        return f"search entry {self.pk}"


class SearchProgress(models.Model):
    """How far the search index follows one noun: every row up to ``position`` has its entry.

    The row with an empty ``noun`` says up to which event entries follow the log.
    """

    noun = models.CharField(max_length=40, primary_key=True)
    position = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "search progress"

    def __str__(self) -> str:
        return f"search of {self.noun or 'events'} at {self.position}"


class ListView(models.Model):
    """A list somebody saved under a name: its conditions, words, order and columns, and who else sees it as a tab.

    ``noun`` is a resource key. ``team_id`` is the team it is shared with. ``opens_for`` are roles whose people begin
    with it, unless they chose a view to begin with themselves.
    """

    class Scope(models.TextChoices):
        PRIVATE = "PRIVATE", _("Only me")
        TEAM = "TEAM", _("My team")
        EVERYBODY = "EVERYBODY", _("Everybody")

    noun = models.CharField(max_length=40)
    owner_id = models.BigIntegerField()
    name = models.CharField(max_length=80)
    params = models.JSONField(default=dict)
    sort = models.CharField(max_length=200, default="")
    columns = models.JSONField(default=list)
    widths = models.JSONField(default=dict)
    scope = models.CharField(max_length=10, choices=Scope, default=Scope.PRIVATE)
    team_id = models.BigIntegerField(null=True)
    opens_for = models.JSONField(default=list)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="TEAM", team_id__isnull=False) | Q(~Q(scope="TEAM"), team_id__isnull=True),
                name="view_of_a_team_names_it",
            )
        ]
        indexes = [models.Index("noun", "owner_id", name="list_view_noun")]

    def __str__(self) -> str:
        return f"{self.name} of {self.noun}"


class ListLayout(models.Model):
    """How one person likes the lists of a noun: columns, widths, density, the order of tabs and the first one."""

    user_id = models.BigIntegerField()
    noun = models.CharField(max_length=40)
    columns = models.JSONField(default=list)
    widths = models.JSONField(default=dict)
    is_compact = models.BooleanField(default=False)
    tab_order = models.JSONField(default=list)
    start_view = models.CharField(max_length=40, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user_id", "noun"], name="one_layout_per_person_and_noun")]

    def __str__(self) -> str:
        return f"{self.noun} as user {self.user_id} likes it"


class Answer(models.Model):
    """What a program was told when it sent a key with its request: the same key gets the same answer again."""

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    request = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["caller", "key"], name="one_answer_per_key")]
        indexes = [models.Index("at", name="answer_at")]

    def __str__(self) -> str:
        return f"answer to {self.caller}: {self.status}"


class CustomField(models.Model):
    """A field that the company gave one of its nouns. It is retired, never removed: its values stay with the rows.

    ``key`` names it for good, in addresses, files and the API; ``table`` holds the rows, of several nouns maybe, so a
    key is given once there. ``choices`` are ``{"code", "label"}``, with ``"retired": true`` where one is not on offer
    any more. A ``formula`` is worked out from other fields of the same record, and ``result`` says what it gives.
    ``seen_by`` and ``changed_by`` are the roles that may see and fill it in besides those that may do everything;
    without a list all may.
    """

    noun = models.CharField(max_length=40)
    table = models.CharField(max_length=60)
    key = models.CharField(max_length=43)
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=10)
    help = models.CharField(max_length=200, default="")
    choices = models.JSONField(default=list)
    is_required = models.BooleanField(default=False)
    formula = models.TextField(default="")
    result = models.CharField(max_length=10, default="")
    seen_by = models.JSONField(null=True)
    changed_by = models.JSONField(null=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["table", "key"], name="one_custom_key_per_table")]

    def __str__(self) -> str:
        return f"{self.label} of {self.noun}"
