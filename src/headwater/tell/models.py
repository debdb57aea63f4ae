"""What people are told: the mail server, the mails on their way, and their words."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from headwater.platform.phrases import spoken
from headwater.tell.words import NewsKind, NewsWay


class MailSettings(models.Model):
    """How this installation sends mail, if it does. There is one row at most, with id 1; without a host it sends none.

    ``sealed`` is the password at the server, encrypted. ``address`` is where people open Headwater: what links in mails
    begin with. ``owners_may`` says that an owner trusts the server with links to choose their password: who reads
    those could become one.
    """

    class Security(models.TextChoices):
        STARTTLS = "STARTTLS", _("STARTTLS (usual, port 587)")
        TLS = "TLS", _("TLS from the start (port 465)")
        NONE = "NONE", _("None: everybody on the way can read along")

    host = models.CharField(max_length=255, default="", blank=True)
    port = models.PositiveIntegerField(default=587)
    security = models.CharField(max_length=10, choices=Security, default=Security.STARTTLS)
    username = models.CharField(max_length=255, default="", blank=True)
    sealed = models.TextField(default="", blank=True)
    sender_name = models.CharField(max_length=120, default="", blank=True)
    sender_address = models.CharField(max_length=254, default="", blank=True)
    address = models.CharField(max_length=255, default="", blank=True)
    owners_may = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_mail_settings")]

    def __str__(self) -> str:
        return self.host

    @property
    def is_on(self) -> bool:
        """Whether mail can be sent."""
        return bool(self.host)


class MailKind(models.TextChoices):
    """Why somebody gets a mail."""

    INVITATION = "INVITATION", _("Invitation")
    RESET = "RESET", _("Password reset")
    NEWS = "NEWS", _("Notification")
    DIGEST = "DIGEST", _("Digest")


class Mail(models.Model):
    """A mail that is to be sent: written with what causes it, sent by the worker, tried again for a day at most.

    ``sealed`` holds its words, encrypted, and is emptied as soon as they are sent or given up: a link in them opens an
    account. ``message_id`` stays the same however often it is tried, so that who gets it twice can tell.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", _("Waits")
        SENT = "SENT", _("Sent")
        FAILED = "FAILED", _("Given up")

    user = models.ForeignKey("team.User", null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=12, choices=MailKind)
    to_name = models.CharField(max_length=120)
    to_address = models.CharField(max_length=254)
    message_id = models.CharField(max_length=120, unique=True)
    sealed = models.TextField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    reason = models.TextField(default="", blank=True)
    attempts = models.PositiveIntegerField(default=0)
    queued_at = models.DateTimeField()
    until = models.DateTimeField(help_text=_("Later it is of no use any more, and given up."))
    retry_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index("retry_at", name="mail_waiting", condition=Q(state="WAITING")),
            models.Index("queued_at", name="mail_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}: {self.state}"

    @property
    def why(self) -> str:
        """Why it did not go out, in the language of whoever reads it."""
        return spoken(self.reason)


class MailTemplate(models.Model):
    """The company's own words for one kind of mail; without a row it says what it was delivered with."""

    kind = models.CharField(max_length=12, choices=MailKind, unique=True)
    subject = models.CharField(max_length=200)
    text = models.TextField()

    def __str__(self) -> str:
        return f"words of {self.kind}"


class News(models.Model):
    """Something that one person is told. What belongs together is one: ``count`` records of the same noun.

    ``key`` says what it is about, once for each person: what is read from the log twice is told once. ``who`` did it;
    ``row_id`` is the first of the records, ``words`` what is said of something that is no record.
    """

    user = models.ForeignKey("team.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=NewsKind)
    key = models.CharField(max_length=120)
    noun = models.CharField(max_length=40, default="", blank=True)
    row_id = models.BigIntegerField(null=True)
    count = models.PositiveIntegerField(default=1)
    who = models.ForeignKey("team.User", null=True, on_delete=models.SET_NULL, related_name="+")
    words = models.CharField(max_length=300, default="", blank=True)
    path = models.CharField(max_length=200, default="", blank=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, help_text="When a digest told of it.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="news_once")]
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="news_of_person"),
            models.Index("user", name="news_unread", condition=Q(read_at__isnull=True)),
            models.Index("read_at", name="news_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class NewsChoice(models.Model):
    """How one person wants to be told of one kind; without a row, as it was delivered."""

    user = models.ForeignKey("team.User", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=NewsKind)
    way = models.CharField(max_length=8, choices=NewsWay)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "kind"], name="news_choice_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.kind} {self.way}"


class Digest(models.Model):
    """That somebody gets one mail a day with what is new and what waits, from ``hour`` on of their own clock.

    ``last_on`` is the day of the last one, of that clock: two workers send it once.
    """

    user = models.OneToOneField("team.User", on_delete=models.CASCADE, related_name="+")
    hour = models.PositiveSmallIntegerField()
    last_on = models.DateField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(hour__lte=23), name="digest_hour")]

    def __str__(self) -> str:
        return f"digest of {self.user_id} at {self.hour}"
