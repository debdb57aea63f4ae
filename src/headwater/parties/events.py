"""What happens with people and companies. Names and addresses are never in these facts: readers look them up."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class PersonAdded(
    Fact, verb="parties.person_added", subject="parties.person:person_id", sentence=_("Became known"), icon="user-plus"
):
    """A person became known to the company, by hand or from a file."""

    person_id: int


@dataclass(frozen=True, kw_only=True)
class OrganisationAdded(
    Fact,
    verb="parties.organisation_added",
    subject="parties.organisation:company_id",
    sentence=_("Became known"),
    icon="building",
):
    """An organisation became known to the company, by hand or from a file."""

    company_id: int


@dataclass(frozen=True, kw_only=True)
class PersonDeleted(
    Fact, verb="parties.person_deleted", subject="parties.person:person_id", sentence=_("Deleted"), icon="trash"
):
    """A person was taken off every list; nothing is erased, and it can be undone."""

    person_id: int


@dataclass(frozen=True, kw_only=True)
class OrganisationDeleted(
    Fact,
    verb="parties.organisation_deleted",
    subject="parties.organisation:company_id",
    sentence=_("Deleted"),
    icon="trash",
):
    """An organisation was taken off every list; nothing is erased, and it can be undone."""

    company_id: int


@dataclass(frozen=True, kw_only=True)
class PersonRestored(
    Fact,
    verb="parties.person_restored",
    subject="parties.person:person_id",
    sentence=_("Restored"),
    icon="arrow-back-up",
):
    """A deleted person is back on the lists."""

    person_id: int


@dataclass(frozen=True, kw_only=True)
class OrganisationRestored(
    Fact,
    verb="parties.organisation_restored",
    subject="parties.organisation:company_id",
    sentence=_("Restored"),
    icon="arrow-back-up",
):
    """A deleted organisation is back on the lists."""

    company_id: int


@dataclass(frozen=True, kw_only=True)
class ContactPointAdded(
    Fact,
    verb="parties.contact_point_added",
    subject="parties.contact_point:contact_point_id",
    sentence=_("New {kind}: {value}"),
    personal=("value",),
    icon="at",
):
    """A new way to reach a party was written down."""

    contact_point_id: int
    kind: str
    value: str


@dataclass(frozen=True, kw_only=True)
class ContactPointPreferred(
    Fact,
    verb="parties.contact_point_preferred",
    subject="parties.contact_point:contact_point_id",
    sentence=_("Uses first {kind}: {value}"),
    personal=("value",),
    icon="star",
):
    """Another of a party's ways to be reached, known before, is the one to use first; ``former_id`` was until then."""

    contact_point_id: int
    kind: str
    value: str
    former_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ContactPointRemoved(
    Fact,
    verb="parties.contact_point_removed",
    subject="parties.contact_point:contact_point_id",
    sentence=_("Removed {kind}: {value}"),
    personal=("value",),
    icon="trash",
):
    """A way to reach a party was taken off its record."""

    contact_point_id: int
    kind: str
    value: str
    was_primary: bool


@dataclass(frozen=True, kw_only=True)
class Related(
    Fact,
    verb="parties.related",
    subject="parties.relationship:relationship_id",
    sentence=_("{kind} {other_id}"),
    icon="share-2",
):
    """Two parties were connected: somebody works for a company, refers another, supplies it…"""

    relationship_id: int
    other_id: int
    kind: str
    buying_role: str = ""


@dataclass(frozen=True, kw_only=True)
class RelationshipEnded(
    Fact,
    verb="parties.relationship_ended",
    subject="parties.relationship:relationship_id",
    sentence=_("No longer {kind} {other_id}"),
    icon="line-dashed",
):
    """A connection between two parties ended on a day; it stays in their history."""

    relationship_id: int
    other_id: int
    kind: str
    until_date: str


@dataclass(frozen=True, kw_only=True)
class Tagged(Fact, verb="parties.tagged", subject="parties.tag:tag_id", sentence=_("Tagged “{tag}”"), icon="tag"):
    """A party got a tag, so that it is found again."""

    tag_id: int
    tag: str


@dataclass(frozen=True, kw_only=True)
class Untagged(
    Fact, verb="parties.untagged", subject="parties.tag:tag_id", sentence=_("Tag “{tag}” removed"), icon="tag"
):
    """A tag was taken off a party."""

    tag_id: int
    tag: str


@dataclass(frozen=True, kw_only=True)
class ActivityLogged(
    Fact,
    verb="parties.activity_logged",
    subject="parties.activity:activity_id",
    sentence=_("{kind}: {subject}"),
    personal=("subject", "body"),
    icon="message-circle",
):
    """A note, call, e-mail or meeting with a party was written down."""

    activity_id: int
    kind: str
    is_outbound: bool
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, kw_only=True)
class ActivityDeleted(
    Fact,
    verb="parties.activity_deleted",
    subject="parties.activity:activity_id",
    sentence=_("Deleted a {kind}: {subject}"),
    personal=("subject",),
    icon="trash",
):
    """A note, call, e-mail, meeting or to-do was taken off a party's record."""

    activity_id: int
    kind: str
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class TodoPlanned(
    Fact,
    verb="parties.todo_planned",
    subject="parties.activity:activity_id",
    sentence=_("To do: {subject}"),
    personal=("subject",),
    icon="checklist",
):
    """Somebody is to do something for a party by a certain time."""

    activity_id: int
    due_at: str
    owner_id: int | None = None
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class TodoDone(
    Fact,
    verb="parties.todo_done",
    subject="parties.activity:activity_id",
    sentence=_("Done: {subject}"),
    personal=("subject",),
    icon="circle-check",
):
    """What was to be done for a party is done."""

    activity_id: int
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class TodoReopened(
    Fact,
    verb="parties.todo_reopened",
    subject="parties.activity:activity_id",
    sentence=_("To do again: {subject}"),
    personal=("subject",),
    icon="circle-dashed",
):
    """A to-do that was ticked off is open again."""

    activity_id: int
    subject: str = ""


@dataclass(frozen=True, kw_only=True)
class AccessGranted(
    Fact,
    verb="parties.access_granted",
    subject="parties.party:granted_party_id",
    sentence=_("Access for {user_id} ({reason})"),
    icon="key",
):
    """A colleague or team may see a party because work on it was given to them."""

    granted_party_id: int
    reason: str
    user_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class AccessWithdrawn(
    Fact,
    verb="parties.access_withdrawn",
    subject="parties.party:granted_party_id",
    sentence=_("Access of {user_id} ended ({reason})"),
    icon="lock",
):
    """The reason why a colleague could see a party is gone."""

    granted_party_id: int
    reason: str
    user_id: int | None = None
    team_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class MatchProposed(
    Fact,
    verb="parties.match_proposed",
    subject="parties.match_proposal:party_id",
    sentence=_("May be the same as {other_id}: {reason}"),
    icon="git-merge",
):
    """Two parties may be one; nobody joins them before a person has looked."""

    other_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class MatchRejected(
    Fact,
    verb="parties.match_rejected",
    subject="parties.match_proposal:proposal_id",
    sentence=_("Is somebody else than {other_id}"),
    icon="user-x",
):
    """Somebody looked at two parties that seemed to be one, and they are not."""

    proposal_id: int
    other_id: int


@dataclass(frozen=True, kw_only=True)
class PartiesMerged(
    Fact,
    verb="parties.merged",
    subject="parties.party:kept_id",
    sentence=_("Merged with {other_id} {more}"),
    icon="git-merge",
):
    """Records turned out to be one: everything of the merged ones moved to the kept one.

    What taking it back needs: ``moved`` says for each merged record and each column which rows were moved, as spans of
    ids; ``folded`` connections that only repeated others; ``revived`` and ``flags`` contact points of the kept record
    that came back or got stricter; ``primary`` the contact points that were used first, ``dropped`` those of the kept
    record that nobody wanted any more; ``decided`` what was said of proposed matches before; ``change_id`` the edit of
    the kept record's own fields. ``other_id`` is the first of ``merged_ids``.
    """

    row_type: str
    kept_id: int
    merged_ids: list[int]
    other_id: int
    more: str
    moved: dict[str, dict[str, str]]
    folded: str
    revived: dict[str, str]
    flags: dict[str, list[str]]
    primary: str
    dropped: str
    decided: dict[str, list[str | None]]
    change_id: int | None


@dataclass(frozen=True, kw_only=True)
class PartyMergedAway(
    Fact,
    verb="parties.merged_away",
    subject="parties.party:merged_id",
    sentence=_("Merged into {other_id}"),
    icon="git-merge",
):
    """A record is now part of another one, ``other_id``, and leads there."""

    row_type: str
    merged_id: int
    other_id: int


@dataclass(frozen=True, kw_only=True)
class PartiesUnmerged(
    Fact,
    verb="parties.unmerged",
    subject="parties.party:kept_id",
    sentence=_("Merge with {other_id} {more} taken back {left}"),
    icon="arrow-back-up",
):
    """A merge was taken back: what was moved and still belonged to the kept record went back.

    ``left`` says in words what stayed, because something else happened to it since.
    """

    row_type: str
    kept_id: int
    merged_ids: list[int]
    other_id: int
    more: str
    left: str


@dataclass(frozen=True, kw_only=True)
class PartyCameBack(
    Fact,
    verb="parties.came_back",
    subject="parties.party:merged_id",
    sentence=_("Is a record of its own again"),
    icon="arrow-back-up",
):
    """A record that was part of another one stands by itself again."""

    row_type: str
    merged_id: int
    other_id: int


@dataclass(frozen=True, kw_only=True)
class RowsFollowed(
    Fact,
    verb="parties.rows_followed",
    subject="parties.party:kept_id",
    sentence=_("What was written down during a merge followed"),
    icon="git-merge",
):
    """Rows that somebody wrote for a record in the very moment it was merged followed it to the kept one."""

    kept_id: int
    moved: dict[str, str]
