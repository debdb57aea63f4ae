"""Who we are: the company, its teams, its users and their tokens."""

from __future__ import annotations

import hashlib
from datetime import date, time
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from headwater.platform.written import written

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


class Company(models.Model):
    """The one company an installation belongs to, and its settings. There is exactly one row, with id 1."""

    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="EUR")
    language = models.CharField(max_length=10, default="", blank=True, help_text=_("Empty: as the browser asks."))
    time_zone = models.CharField(max_length=60, default="UTC")
    country = models.CharField(max_length=2, default="", help_text=_("ISO 3166-1; reads phone numbers without prefix."))
    office_days = models.CharField(max_length=7, default="12345", help_text=_("ISO weekdays, Monday is 1."))
    office_opens = models.TimeField(default=time(8, 30))
    office_closes = models.TimeField(default=time(17, 30))
    answer_minutes = models.PositiveIntegerField(default=30)
    handover_hours = models.PositiveIntegerField(default=8)
    needs_second_factor = models.BooleanField(default=False)
    is_demo = models.BooleanField(default=False)
    setup_digest = models.CharField(max_length=64, default="")
    setup_done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_company")]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone; calendar days are counted in it."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def holidays(self) -> frozenset[date]:
        """The days on which the office is closed though it is a working day of the week."""
        return frozenset(_closed_days())


class Holiday(models.Model):
    """A day on which nobody answers: a public holiday, or one of the company's own."""

    day = models.DateField(unique=True)
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def since(cls, day: date) -> models.QuerySet[Holiday]:
        """The days on which the office is closed, from ``day`` on."""
        return cls.objects.filter(day__gte=day).order_by("day")


@written
def _closed_days() -> models.QuerySet[Holiday, date]:
    return Holiday.objects.values_list("day", flat=True)


class ExchangeRate(models.Model):
    """What one unit of a currency was worth in the company's currency on a day, and on those after it until the next.

    Fifteen digits at most, twelve of them decimals: that much both databases keep exactly.
    """

    currency = models.CharField(max_length=3, help_text=_("ISO 4217."))
    day = models.DateField()
    rate = models.DecimalField(max_digits=21, decimal_places=12)
    source = models.CharField(max_length=120, default="", blank=True, help_text=_("Where it is from."))
    added_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "day"], name="one_rate_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="rate_above_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.day}"


class Team(models.Model):
    """Colleagues who share what they see."""

    name = models.CharField(max_length=80)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="team_name_once")]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What somebody does here; ``team.rules`` says what each role may."""

    OWNER = "OWNER", _("Owner")
    ADMINISTRATOR = "ADMINISTRATOR", _("Administrator")
    HEAD_OF_SALES = "HEAD_OF_SALES", _("Head of sales")
    MARKETER = "MARKETER", _("Marketer")
    INSIDE_SALES = "INSIDE_SALES", _("Inside sales")
    FIELD_REP = "FIELD_REP", _("Field rep")
    INDEPENDENT_REP = "INDEPENDENT_REP", _("Independent rep")
    SERVICE = "SERVICE", _("Service")
    READ_ONLY = "READ_ONLY", _("Read only")


class CompanyRole(models.Model):
    """A role as this company wants it: one of its own, or a delivered one that it changed.

    It says what is different from ``base``, a delivered role, so that what later versions add comes to it, too. Without
    a row a delivered role is as it was delivered; the owner's always is.
    """

    key = models.CharField(max_length=20, unique=True)
    base = models.CharField(max_length=20, choices=Role)
    name = models.CharField(max_length=80, default="", blank=True, help_text=_("Empty: as delivered."))
    added = models.JSONField(default=list, help_text=_("Rights it has besides those of its base."))
    removed = models.JSONField(default=list, help_text=_("Rights of its base that it does not have."))
    visibility = models.CharField(max_length=10, default="", blank=True, help_text=_("Empty: as its base."))
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(key="OWNER"), name="owner_is_as_delivered")]

    def __str__(self) -> str:
        return self.name or self.key

    @property
    def is_own(self) -> bool:
        """Whether the company made it itself."""
        return self.key not in Role.values


class UserManager(BaseUserManager["User"]):
    """Finds users by their e-mail in any case, as sign-in needs."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """Somebody who signs in. The e-mail is the login."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=20, help_text=_("The key of a delivered role, or of one of the company's own."))
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    time_zone = models.CharField(max_length=60, default="", blank=True)
    language = models.CharField(max_length=10, default="", blank=True, help_text=_("Empty: as the company."))
    number_notation = models.CharField(max_length=10, default="", blank=True, help_text=_("Such as 1,234.56."))
    day_notation = models.CharField(max_length=10, default="", blank=True, help_text=_("Such as 31.12.2026."))
    clock = models.CharField(max_length=2, default="", blank=True, help_text=_("24, or 12 twice a day."))
    week_begins = models.CharField(max_length=1, default="", blank=True, help_text=_("ISO weekday, Monday is 1."))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    links_made = models.PositiveIntegerField(
        default=0, help_text=_("Links to choose a password; the last one is valid.")
    )

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_once")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def company(self) -> str:
        """The name of the company, which a password must not resemble."""
        return Company.objects.filter(pk=1).values_list("name", flat=True).first() or ""


class RevokedFor(models.TextChoices):
    """Why a key no longer works."""

    BY_HAND = "BY_HAND", _("Revoked by hand")
    PASSWORD = "PASSWORD", _("The password was changed")
    LEFT = "LEFT", _("Its user was let go")


class ApiToken(models.Model):
    """A key for programs, acting for its user within its scopes. Only a digest of it is kept."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_for = models.CharField(max_length=20, choices=RevokedFor, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.name} of {self.user_id}"


class SecondFactor(models.Model):
    """What somebody shows besides the password: codes of an app that shares ``sealed``, a secret kept encrypted.

    It is asked for once it is confirmed. ``last_step`` is the half minute of the last code that was taken: no code,
    and no older one, is taken again.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    sealed = models.CharField(max_length=255)
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    devices_forgotten = models.PositiveIntegerField(default=0, help_text=_("How often; a device remembers the number."))

    def __str__(self) -> str:
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """A code that replaces the app once, for who lost it. Only a digest of it is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"recovery code of {self.user_id}"


class Passkey(models.Model):
    """A key pair with which somebody signs in: the private half stays in their device, which asks for a finger, face or
    PIN first. ``sign_count`` is what the device counted last; one that counts back was copied."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    credential_id = models.CharField(max_length=1400, unique=True)
    public_key = models.TextField()
    sign_count = models.BigIntegerField(default=0)
    transports = models.JSONField(default=list)
    is_synced = models.BooleanField(default=False, help_text=_("Kept by a service for all of its owner's devices."))
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"passkey of {self.user_id}"


class SingleSignOn(models.Model):
    """The company's own provider of sign-ins (OpenID Connect), if it has one. There is one row at most, with id 1.

    ``sealed`` is the secret we have with the provider, encrypted. ``domains`` are those of e-mails that may come in;
    ``vouches`` says that the provider asks for a second factor itself, ``owners_may`` that an owner trusts it, too:
    whoever decides where owners sign in could become one.
    """

    is_on = models.BooleanField(default=False)
    name = models.CharField(max_length=60, default="")
    issuer = models.CharField(max_length=255, default="")
    client_id = models.CharField(max_length=255, default="")
    sealed = models.TextField(default="")
    domains = models.JSONField(default=list)
    lets_in = models.BooleanField(default=False, help_text=_("Unknown people get an account."))
    role = models.CharField(max_length=20, default=Role.READ_ONLY, help_text=_("What they may do."))
    vouches = models.BooleanField(default=False)
    passwords_stay = models.BooleanField(default=True)
    owners_may = models.BooleanField(default=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_single_sign_on")]

    def __str__(self) -> str:
        return self.name or self.issuer


class Identity(models.Model):
    """Who somebody is at the provider: its ``subject`` never changes there, as an e-mail may."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once"),
            models.UniqueConstraint(fields=["user", "issuer"], name="one_identity_per_provider"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.issuer}"


class Way(models.TextChoices):
    """With what somebody tries to sign in."""

    PASSWORD = "PASSWORD", _("Password")
    PASSKEY = "PASSKEY", _("Passkey")
    PROVIDER = "PROVIDER", _("Single sign-on")


class Outcome(models.TextChoices):
    """How a try to sign in ended."""

    SUCCEEDED = "SUCCEEDED", _("Signed in")
    WRONG_PASSWORD = "WRONG_PASSWORD", _("Wrong e-mail or password")
    LEFT = "LEFT", _("The account is switched off")
    CODE_ASKED = "CODE_ASKED", _("First step right, second not done")
    WRONG_CODE = "WRONG_CODE", _("Wrong code")
    WRONG_PASSKEY = "WRONG_PASSKEY", _("Passkey not accepted")
    PROVIDER_REFUSED = "PROVIDER_REFUSED", _("Single sign-on did not work")
    TOO_MANY = "TOO_MANY", _("Had to wait after too many tries")
    RESET_ASKED = "RESET_ASKED", _("Asked for a new password by mail")


class SignInAttempt(models.Model):
    """One try to sign in: slows down guessing while it ``counts``, and is read in the sign-in log until swept."""

    email = models.CharField(max_length=254)
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    address = models.CharField(max_length=45)
    network = models.CharField(max_length=45, default="", blank=True, help_text=_("What limits count of the address."))
    agent = models.CharField(max_length=80, default="", blank=True, help_text=_("The browser in words."))
    at = models.DateTimeField()
    succeeded = models.BooleanField()
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.WRONG_PASSWORD)
    way = models.CharField(max_length=10, choices=Way, default=Way.PASSWORD)
    counts = models.BooleanField(default=True)

    class Meta:
        indexes = [
            models.Index("email", "at", name="sign_in_email"),
            models.Index("network", "at", name="sign_in_network"),
            models.Index("user", "at", name="sign_in_user"),
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.outcome}"


class Session(AbstractBaseSession):
    """That somebody is signed in somewhere. Without its row nobody is, so deleting it ends the session everywhere."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=45, default="", blank=True)
    agent = models.CharField(max_length=80, default="", blank=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        """The store that keeps these rows."""
        from headwater.team.sessions import SessionStore

        return SessionStore

    @property
    def handle(self) -> str:
        """What pages call it by: its key would open it."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:32]


class OnRecord(models.Model):
    """Something our people add to a record of any noun: ``noun`` is a resource key, ``row_id`` the row.

    What is added to a record that later becomes part of another one stays with it, and is read with the other.
    """

    noun = models.CharField(max_length=40)
    row_id = models.BigIntegerField()

    class Meta:
        abstract = True

    @property
    def subject(self) -> tuple[str, int]:
        """The record it belongs to."""
        return self.noun, self.row_id


class Comment(OnRecord):
    """What somebody says to colleagues about a record. Colleagues who are meant stand in ``text`` as ``@[7]``."""

    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index("noun", "row_id", "created_at", name="comment_of_record")]

    def __str__(self) -> str:
        return f"comment {self.pk} on {self.noun}:{self.row_id}"


class Notice(models.Model):
    """That a comment is for somebody: they are mentioned in it, or follow the record. It waits until it is done."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    comment = models.ForeignKey(Comment, on_delete=models.PROTECT, related_name="notices")
    is_mention = models.BooleanField(default=False)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "comment"], name="one_notice_per_comment")]
        indexes = [
            models.Index(fields=["user", "comment"], name="notice_waiting", condition=models.Q(done_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"comment {self.comment_id} for {self.user_id}"


class Follow(OnRecord):
    """Whether somebody follows a record. Its owner does without a row here, unless one says otherwise."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    is_on = models.BooleanField(default=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["noun", "row_id", "user"], name="follow_once")]

    def __str__(self) -> str:
        return f"{self.user_id} {'follows' if self.is_on else 'leaves'} {self.noun}:{self.row_id}"


class StoredFile(OnRecord):
    """A file that somebody put with a record. Its content lies in the data folder under ``key``, a random name.

    ``media_type`` was found by looking at the content; ``is_odd`` says that it is not what its name promises.
    """

    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    is_odd = models.BooleanField(default=False)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=32, unique=True)
    has_thumbnail = models.BooleanField(default=False)
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True, help_text=_("The content is gone for good."))

    class Meta:
        indexes = [models.Index("noun", "row_id", "added_at", name="file_of_record")]

    def __str__(self) -> str:
        return f"file {self.pk} on {self.noun}:{self.row_id}"

    @property
    def safe_type(self) -> str:
        """The type it is handed out under: none where name and content contradict each other."""
        return "" if self.is_odd else self.media_type


class Presence(OnRecord):
    """That somebody has a record open; old rows mean nothing and are swept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["noun", "row_id", "user"], name="present_once")]
        indexes = [models.Index("seen_at", name="presence_age")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.noun}:{self.row_id}"
