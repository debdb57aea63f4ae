"""Who the customers are: people and organisations, known once, how to reach them and how they belong together."""

from __future__ import annotations

import re

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from headwater.platform.custom.values import CustomValues
from headwater.platform.said import SaysChoices

_EXTENSION = re.compile(r"(?:;?ext\.?=?|x|#)\s*(\d{1,7})\s*$", re.IGNORECASE)


class PartyKind(models.TextChoices):
    """A party is a person or an organisation."""

    PERSON = "PERSON", _("Person")
    ORGANISATION = "ORGANISATION", _("Company")


class Party(models.Model):
    """A person or an organisation. Everything in the product points at a party.

    ``name_key`` is the folded name for finding and comparing: of a person ``rules.name_key``, of an organisation
    ``rules.company_key``, so that one company is found under all its legal forms. ``employer`` is the organisation
    of the person's present *works for* relationship, kept beside it because every list shows it. ``merged_into``
    points at the party this one turned out to be.
    """

    kind = models.CharField(max_length=12, choices=PartyKind)
    name = models.CharField(max_length=200)
    name_key = models.CharField(max_length=200)
    first_name = models.CharField(max_length=100, default="", blank=True)
    last_name = models.CharField(max_length=100, default="", blank=True)
    job_title = models.CharField(max_length=120, default="", blank=True)
    employer = models.ForeignKey(
        "self", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    sector = models.CharField(max_length=120, default="", blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    registration_number = models.CharField(max_length=60, default="", blank=True)
    vat_number = models.CharField(max_length=60, default="", blank=True)
    street = models.CharField(max_length=200, default="", blank=True)
    postcode = models.CharField(max_length=20, default="", blank=True)
    city = models.CharField(max_length=120, default="", blank=True)
    country = models.CharField(max_length=80, default="", blank=True)
    email = models.CharField(max_length=254, default="", blank=True)
    phone = models.CharField(max_length=40, default="", blank=True)
    is_employee = models.BooleanField(default=False)
    is_influence = models.BooleanField(default=False)
    owner = models.ForeignKey(
        "team.User", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    team = models.ForeignKey(
        "team.Team", null=True, blank=True, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    merged_into = models.ForeignKey("self", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    extra = models.JSONField(default=dict)
    custom = CustomValues()
    created_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            # With what is asked of each: who looks for a word among names reads thousands of rows for a page.
            models.Index("kind", "name_key", "id", "deleted_at", "merged_into", "archived_at", name="party_kind_name"),
            # Without an operator class, so that PostgreSQL goes along it in the order of what rows are called.
            models.Index("name_key", name="party_by_name"),
            models.Index("kind", "created_at", "id", name="party_kind_created"),
            # In the order of ids alone, all the people may stand before the first company.
            models.Index("kind", "id", name="party_kind"),
            models.Index("employer", name="party_employer", condition=Q(employer__isnull=False)),
            models.Index("owner", name="party_owner", condition=Q(owner__isnull=False)),
            models.Index("team", name="party_team", condition=Q(team__isnull=False)),
            models.Index("merged_into", name="party_merged", condition=Q(merged_into__isnull=False)),
            models.Index("batch_id", name="party_batch", condition=Q(batch_id__isnull=False)),
            # Whoever sees only some people reads those of somebody, of a team and of nobody in the list's order.
            models.Index("kind", "owner", "name_key", "id", name="party_owner_name", condition=Q(owner__isnull=False)),
            models.Index("kind", "team", "name_key", "id", name="party_team_name", condition=Q(team__isnull=False)),
            models.Index("kind", "name_key", "id", name="party_nobodys_name", condition=Q(owner=None, team=None)),
            # What lists are narrowed down by, to find the few that have a value, or have none.
            models.Index("kind", "first_name", name="party_kind_first"),
            models.Index("kind", "last_name", name="party_kind_last"),
            models.Index("kind", "email", name="party_kind_email"),
            models.Index("kind", "phone", name="party_kind_phone"),
            models.Index("kind", "job_title", name="party_kind_job_title"),
            models.Index("kind", "street", name="party_kind_street"),
            models.Index("kind", "postcode", name="party_kind_postcode"),
            models.Index("kind", "city", name="party_kind_city"),
            models.Index("kind", "country", name="party_kind_country"),
            models.Index("kind", "sector", name="party_kind_sector"),
            models.Index("kind", "registration_number", name="party_kind_registered"),
            models.Index("kind", "vat_number", name="party_kind_vat"),
            models.Index("kind", "employer", name="party_kind_employer"),
            models.Index("kind", "owner", name="party_kind_owner"),
            models.Index("kind", "is_influence", name="party_kind_influence"),
            models.Index("kind", "is_employee", name="party_kind_colleague"),
            models.Index("kind", "employees", "id", name="party_kind_employees", condition=Q(employees__isnull=False)),
            models.Index("kind", "archived_at", name="party_kind_archived", condition=Q(archived_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="PERSON") | Q(employer__isnull=True), name="only_people_have_employers"
            ),
            models.CheckConstraint(condition=Q(kind__in=PartyKind.values), name="party_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_person(self) -> bool:
        """Whether this is a person rather than an organisation."""
        return self.kind == PartyKind.PERSON

    @property
    def noun(self) -> str:
        """The key of the noun it is listed under; the prefix of its rights and the type in the log."""
        return "parties.person" if self.is_person else "parties.organisation"


class ContactPointKind(models.TextChoices):
    """The ways to reach a party."""

    EMAIL = "EMAIL", _("E-mail")
    PHONE = "PHONE", _("Phone")
    WEBSITE = "WEBSITE", _("Website")
    SOCIAL = "SOCIAL", _("Social profile")


class ContactPoint(models.Model):
    """One way to reach a party. ``normalised`` is the form to compare: lower-case address, E.164 number.

    ``Party.email`` and ``Party.phone`` repeat the primary ones, because every list shows them.
    """

    party = models.ForeignKey(Party, db_index=False, on_delete=models.PROTECT, related_name="contact_points")
    kind = models.CharField(max_length=10, choices=ContactPointKind)
    value = models.CharField(max_length=254)
    normalised = models.CharField(max_length=254)
    is_primary = models.BooleanField(default=False)
    is_verified = models.BooleanField(default=False)
    is_bounced = models.BooleanField(default=False)
    do_not_contact = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["kind", "normalised"],
                name="contact_point_value",
                opclasses=["varchar_pattern_ops", "varchar_pattern_ops"],
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["party", "kind", "normalised"], name="contact_point_once_per_party")
        ]

    def __str__(self) -> str:
        return self.value

    @property
    def extension(self) -> str:
        """The extension behind a telephone number, as it was written; the number itself is normalised without it."""
        found = _EXTENSION.search(self.value) if self.kind == ContactPointKind.PHONE else None
        return found[1] if found else ""


class RelationshipKind(models.TextChoices):
    """How the first party belongs to the second."""

    WORKS_FOR = "WORKS_FOR", _("works for")
    PARENT_OF = "PARENT_OF", _("is parent of")
    SUPPLIES = "SUPPLIES", _("supplies")
    RESELLS_TO = "RESELLS_TO", _("resells to")
    REFERRED = "REFERRED", _("referred")
    INTRODUCED = "INTRODUCED", _("introduced")
    PARTNER_OF = "PARTNER_OF", _("is partner of")
    COMPETES_WITH = "COMPETES_WITH", _("competes with")
    REPORTS_TO = "REPORTS_TO", _("reports to")


class BuyingRole(models.TextChoices):
    """What somebody has to say when their organisation buys."""

    DECISION_MAKER = "DECISION_MAKER", _("Decision-maker")
    CO_DECISION_MAKER = "CO_DECISION_MAKER", _("Co-decision-maker")
    INFLUENCER = "INFLUENCER", _("Influencer")
    USER = "USER", _("User")
    GATEKEEPER = "GATEKEEPER", _("Gatekeeper")


class Relationship(models.Model):
    """A dated, typed link from one party to another; ``until_date`` empty means it still holds."""

    from_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="relationships")
    to_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="relationships_in")
    kind = models.CharField(max_length=14, choices=RelationshipKind)
    buying_role = models.CharField(max_length=20, choices=BuyingRole, default="", blank=True)
    from_date = models.DateField(null=True, blank=True)
    until_date = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(from_party=models.F("to_party")), name="relationship_of_two")
        ]

    def __str__(self) -> str:
        return f"{self.from_party_id} {self.kind} {self.to_party_id}"


class Tag(models.Model):
    """A word people put on parties to find them again."""

    name = models.CharField(max_length=40, unique=True)

    def __str__(self) -> str:
        return self.name


class PartyTag(models.Model):
    """That a party carries a tag."""

    party = models.ForeignKey(Party, db_index=False, on_delete=models.PROTECT, related_name="party_tags")
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["party", "tag"], name="tag_once_per_party")]

    def __str__(self) -> str:
        return f"{self.party_id} #{self.tag_id}"


class ActivityKind(models.TextChoices):
    """What people do with a party."""

    NOTE = "NOTE", _("Note")
    CALL = "CALL", _("Call")
    EMAIL = "EMAIL", _("E-mail")
    MEETING = "MEETING", _("Meeting")
    TODO = "TODO", _("To-do")


class Activity(SaysChoices):
    """A note, call, e-mail, meeting or to-do with a party. A to-do has a due time and is done or not."""

    party = models.ForeignKey(Party, db_index=False, on_delete=models.PROTECT, related_name="activities")
    kind = models.CharField(max_length=8, choices=ActivityKind)
    subject = models.CharField(max_length=200)
    body = models.TextField(default="", blank=True)
    is_outbound = models.BooleanField(default=True)
    occurred_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    owner = models.ForeignKey("team.User", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict, blank=True)
    batch_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index("party", "kind", name="activity_party"),
            models.Index("batch_id", name="activity_batch", condition=Q(batch_id__isnull=False)),
            models.Index("created_at", "id", name="activity_created"),
            models.Index(
                "owner",
                "due_at",
                name="activity_open_todo",
                condition=Q(kind="TODO", done_at=None, deleted_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class Grant(models.Model):
    """That a user or team may see a party although it is not theirs, given by an upper room with the reason."""

    party = models.ForeignKey(Party, db_index=False, on_delete=models.PROTECT, related_name="grants")
    user = models.ForeignKey("team.User", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("team.Team", null=True, db_index=False, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "user", "reason"], name="grant_once_per_user"),
            models.UniqueConstraint(fields=["party", "team", "reason"], name="grant_once_per_team"),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(team__isnull=False), name="grant_is_for_somebody"
            ),
        ]
        indexes = [
            models.Index("user", "party", name="grant_user"),
            models.Index("team", "party", name="grant_team"),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} for {self.user_id or self.team_id}: {self.reason}"


class MatchDecision(models.TextChoices):
    """What somebody said about a proposed match."""

    SAME = "SAME", _("The same")
    DIFFERENT = "DIFFERENT", _("Different")


class MatchProposal(models.Model):
    """That two parties may be one: a person looks before their histories are joined."""

    party = models.ForeignKey(Party, db_index=False, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=120)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, choices=MatchDecision, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["party", "other"], name="proposal_once_per_pair"),
            models.CheckConstraint(condition=~Q(party=models.F("other")), name="proposal_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} and {self.other_id}: {self.reason}"
