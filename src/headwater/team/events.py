"""What happens with ourselves: people join and leave, the company and its keys change."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class UserAdded(
    Fact,
    verb="team.user_added",
    subject="team.user:user_id",
    personal=("name", "email"),
    sentence=_("{name} joined as {role}"),
    icon="user-plus",
):
    """Somebody can sign in from now on."""

    user_id: int
    name: str
    email: str
    role: str


@dataclass(frozen=True, kw_only=True)
class PasswordSet(
    Fact, verb="team.password_set", subject="team.user:user_id", sentence=_("Password changed"), icon="key"
):
    """A password was set; every session of that person ended with it. So many ``kept_tokens`` of theirs go on."""

    user_id: int
    kept_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class SignInUnlocked(
    Fact,
    verb="team.sign_in_unlocked",
    subject="team.user:user_id",
    sentence=_("May try to sign in again at once"),
    icon="lock",
):
    """Somebody had to wait after wrong tries and was let try again; so many ``tries`` count no more."""

    user_id: int
    tries: int


@dataclass(frozen=True, kw_only=True)
class SessionsEnded(
    Fact, verb="team.sessions_ended", subject="team.user:user_id", sentence=_("Signed out elsewhere"), icon="logout"
):
    """Somebody was signed out in ``count`` places, by themselves or by who keeps the users."""

    user_id: int
    count: int


@dataclass(frozen=True, kw_only=True)
class PasswordLinkMade(
    Fact,
    verb="team.password_link_made",
    subject="team.user:user_id",
    sentence=_("Made a link to choose a password"),
    icon="link",
):
    """Whoever holds the new one-time link may choose that person's password; older links are void."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class SecondFactorAdded(
    Fact,
    verb="team.second_factor_added",
    subject="team.user:user_id",
    sentence=_("Set up a second factor"),
    icon="shield-check",
):
    """From now on, the password alone does not let that person in."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class SecondFactorRemoved(
    Fact,
    verb="team.second_factor_removed",
    subject="team.user:user_id",
    sentence=_("Took the second factor off"),
    icon="shield",
):
    """The password alone lets that person in again; they took it off themselves, or lost it and were helped."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(
    Fact,
    verb="team.recovery_codes_made",
    subject="team.user:user_id",
    sentence=_("Made new recovery codes"),
    icon="key",
):
    """That person has new recovery codes; the older ones are void."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(
    Fact,
    verb="team.recovery_code_used",
    subject="team.user:user_id",
    sentence=_("Used a recovery code; {left} left"),
    icon="key",
):
    """A recovery code stood in for the app; it is used up."""

    user_id: int
    left: int


@dataclass(frozen=True, kw_only=True)
class UserDeactivated(
    Fact,
    verb="team.user_deactivated",
    subject="team.user:user_id",
    sentence=_("Left: can no longer sign in"),
    icon="user-x",
):
    """Somebody left: no more sign-in, their tokens are dead, what they did stays under their name."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class UserReactivated(
    Fact, verb="team.user_reactivated", subject="team.user:user_id", sentence=_("Is back"), icon="user-check"
):
    """Somebody who left is back and can sign in again."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class WorkHandedOver(
    Fact,
    verb="team.work_handed_over",
    subject="team.user:user_id",
    sentence=_("Open work handed over to a colleague"),
    icon="user-check",
):
    """What a colleague held goes to another one; ``counts`` says how much of each kind. Each row has its own fact."""

    user_id: int
    to_id: int
    counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class WorkTakenBack(
    Fact,
    verb="team.work_taken_back",
    subject="team.user:user_id",
    sentence=_("Hand-over of open work taken back"),
    icon="arrow-back-up",
):
    """A hand-over of a colleague's work was taken back; what somebody went on with stayed."""

    user_id: int
    to_id: int


@dataclass(frozen=True, kw_only=True)
class TeamAdded(
    Fact, verb="team.team_added", subject="team.team:team_id", sentence=_("Team {name} was formed"), icon="users"
):
    """Colleagues who share what they see have a team."""

    team_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class TeamDissolved(
    Fact,
    verb="team.team_dissolved",
    subject="team.team:team_id",
    sentence=_("Team {name} was dissolved"),
    icon="users",
):
    """A team ended: its ``people`` went to ``into_id``, or to no team. ``parents``: what stood below what before."""

    team_id: int
    name: str
    into_id: int | None = None
    people: list[int]
    count: int
    parents: dict[str, int | None]
    parents_after: dict[str, int | None]


@dataclass(frozen=True, kw_only=True)
class TeamFormedAgain(
    Fact, verb="team.team_formed_again", subject="team.team:team_id", sentence=_("Team {name} is back"), icon="users"
):
    """That a team was dissolved was taken back; those of its people who had not moved on came back."""

    team_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class TokenCreated(
    Fact,
    verb="team.token_created",
    subject="team.token:token_id",
    sentence=_("Made the token {name} for {scopes}"),
    icon="key",
):
    """A program may act for a user from now on."""

    token_id: int
    user_id: int
    name: str
    scopes: str


@dataclass(frozen=True, kw_only=True)
class TokenRevoked(
    Fact, verb="team.token_revoked", subject="team.token:token_id", sentence=_("Revoked the token"), icon="lock"
):
    """A program may no longer act for a user; ``why`` is the code of the reason."""

    token_id: int
    why: str | None = None


@dataclass(frozen=True, kw_only=True)
class HolidaysAdded(
    Fact,
    verb="team.holidays_added",
    subject="team.company:company_id",
    sentence=_("Closed the office on {said}, {called}"),
    icon="calendar-plus",
):
    """Days on which the office is closed; the answer clock stands still on them. ``days`` has their names by day.

    ``said`` is a single day, ``called`` so, or else how many there are.
    """

    company_id: int
    said: str
    days: dict[str, str]
    called: str = ""


@dataclass(frozen=True, kw_only=True)
class HolidaysRemoved(
    Fact,
    verb="team.holidays_removed",
    subject="team.company:company_id",
    sentence=_("Opened the office again on {said}, {called}"),
    icon="calendar",
):
    """Days on which the office is open after all."""

    company_id: int
    said: str
    days: dict[str, str]
    called: str = ""


@dataclass(frozen=True, kw_only=True)
class SetupPrepared(
    Fact,
    verb="team.setup_prepared",
    subject="team.company:company_id",
    sentence=_("Made a link to set Headwater up"),
    icon="link",
):
    """Whoever holds the new one-time link may make the owner's account; older links are void."""

    company_id: int


@dataclass(frozen=True, kw_only=True)
class SetupFinished(
    Fact,
    verb="team.setup_finished",
    subject="team.company:company_id",
    sentence=_("Set-up finished"),
    icon="circle-check",
):
    """The first run is done and the company works."""

    company_id: int


@dataclass(frozen=True, kw_only=True)
class RatesSet(
    Fact,
    verb="team.rates_set",
    subject="team.company:company_id",
    sentence=_("Set exchange rates: {said}"),
    icon="coin",
):
    """What other currencies are worth from some days on. ``before`` has the rates that were replaced."""

    company_id: int
    said: str
    count: int
    before: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class RatesRemoved(
    Fact,
    verb="team.rates_removed",
    subject="team.company:company_id",
    sentence=_("Removed exchange rates: {said}"),
    icon="coin",
):
    """Rates that do not hold any more; ``rates`` has them, unless there were too many."""

    company_id: int
    said: str
    count: int
    rates: dict[str, str]
