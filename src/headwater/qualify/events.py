"""The facts of the qualify room: what happens to a lead from arrival to its exit.

A fact of a step carries ``fields``: each field it changed with its old and new value, so that it can be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact

Fields = dict[str, list[Any]]
STEP_PERSONAL = ("personal_fields",)
NOTED = (*STEP_PERSONAL, "note")


@dataclass(frozen=True, kw_only=True)
class LeadCaptured(
    Fact,
    verb="qualify.lead_captured",
    subject="qualify.lead:lead_id",
    sentence=_("{interest} captured, from {source_name}"),
    icon="bolt",
):
    """A new lead is here: by hand, from a form or from a file. Its answer clock runs if ``answer_due_at`` is set."""

    lead_id: int
    interest: str
    source_id: int | None = None
    source_name: str | None = None
    channel: str | None = None
    campaign_id: int | None = None
    owner_id: int | None = None
    answer_due_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step:
    """What all steps of a lead say: whose they are, and what they changed, so that they can be taken back."""

    lead_id: int
    fields: Fields
    personal_fields: Fields | None = None


@dataclass(frozen=True, kw_only=True)
class LeadMoved(
    Step,
    Fact,
    verb="qualify.lead_moved",
    subject="qualify.lead:lead_id",
    personal=NOTED,
    sentence=_("Lead moved from {from_stage} to {to_stage}"),
    icon="arrow-right",
):
    """A lead is in another stage; ``note`` says why it went back, if it did."""

    from_stage: str
    to_stage: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class LeadAnswered(
    Step,
    Fact,
    verb="qualify.lead_answered",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead answered for the first time"),
    icon="message-check",
):
    """The answer clock stopped: somebody called, wrote to or met the party. ``office_seconds`` is how long it took."""

    office_seconds: int | None = None
    is_late: bool = False


@dataclass(frozen=True, kw_only=True)
class LeadDisqualified(
    Step,
    Fact,
    verb="qualify.lead_disqualified",
    subject="qualify.lead:lead_id",
    personal=NOTED,
    sentence=_("Lead disqualified: {reason}"),
    icon="ban",
):
    """A lead will not become a sale, for the reason given."""

    reason: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class LeadRecycled(
    Step,
    Fact,
    verb="qualify.lead_recycled",
    subject="qualify.lead:lead_id",
    personal=NOTED,
    sentence=_("Lead goes back to nurture until {wake_up_on}"),
    icon="recycle",
):
    """A lead is not ready; it wakes up by itself on a day."""

    wake_up_on: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class LeadWokenUp(
    Step,
    Fact,
    verb="qualify.lead_woken_up",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead woke up"),
    icon="alarm",
):
    """The wake-up day of a recycled lead has come; it is open again."""


@dataclass(frozen=True, kw_only=True)
class LeadReopened(
    Step,
    Fact,
    verb="qualify.lead_reopened",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead reopened in {to_stage}"),
    icon="lock-open",
):
    """Somebody took a lead up again that had left the funnel."""

    to_stage: str


@dataclass(frozen=True, kw_only=True)
class LeadHandedOver(
    Step,
    Fact,
    verb="qualify.lead_handed_over",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead handed over to {handed_to_id}"),
    icon="arrow-right-circle",
):
    """Marketing gave a qualified lead to a colleague in sales, who answers by ``due_at``."""

    handed_to_id: int
    due_at: str


@dataclass(frozen=True, kw_only=True)
class LeadAccepted(
    Step,
    Fact,
    verb="qualify.lead_accepted",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead accepted by sales"),
    icon="check",
):
    """Sales took a handed-over lead: it is sales accepted (SAL) and has a new owner."""

    owner_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class LeadSentBack(
    Step,
    Fact,
    verb="qualify.lead_sent_back",
    subject="qualify.lead:lead_id",
    personal=NOTED,
    sentence=_("Lead sent back by sales: {reason}"),
    icon="arrow-back-up",
):
    """Sales did not take a handed-over lead, for the reason given; it is with whom it was before."""

    reason: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class LeadAssigned(
    Step,
    Fact,
    verb="qualify.lead_assigned",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead given to {owner_id}"),
    icon="user-check",
):
    """A lead has another owner; ``before_id`` is the one it had."""

    owner_id: int
    before_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class LeadPooled(
    Step,
    Fact,
    verb="qualify.lead_pooled",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead put into the pool"),
    icon="user-x",
):
    """A lead has no owner any more: anybody may claim it."""

    before_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class LeadClaimed(
    Step,
    Fact,
    verb="qualify.lead_claimed",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead claimed from the pool by {owner_id}"),
    icon="hand-grab",
):
    """Somebody took a lead out of the pool."""

    owner_id: int


@dataclass(frozen=True, kw_only=True)
class LeadConverted(
    Step,
    Fact,
    verb="qualify.lead_converted",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead became an opportunity"),
    icon="target-arrow",
):
    """A lead left the funnel at its good end: an opportunity is open."""


@dataclass(frozen=True, kw_only=True)
class LeadUnconverted(
    Step,
    Fact,
    verb="qualify.lead_unconverted",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Lead is open again: its opportunity was taken back"),
    icon="arrow-back-up",
):
    """The opportunity of a lead was taken back, so the lead is where it was before."""


@dataclass(frozen=True, kw_only=True)
class LeadStepTakenBack(
    Step,
    Fact,
    verb="qualify.lead_step_taken_back",
    subject="qualify.lead:lead_id",
    personal=STEP_PERSONAL,
    sentence=_("Taken back: {what}"),
    icon="arrow-back-up",
):
    """A step of a lead was undone; ``event_id`` is the fact that no longer holds."""

    event_id: int
    what: str


@dataclass(frozen=True, kw_only=True)
class LeadDeleted(
    Fact,
    verb="qualify.lead_deleted",
    subject="qualify.lead:lead_id",
    sentence=_("Lead deleted"),
    icon="trash",
):
    """A lead is off the lists and out of the numbers; it can be restored."""

    lead_id: int


@dataclass(frozen=True, kw_only=True)
class LeadRestored(
    Fact,
    verb="qualify.lead_restored",
    subject="qualify.lead:lead_id",
    sentence=_("Lead restored"),
    icon="restore",
):
    """A deleted lead is back where it was."""

    lead_id: int
