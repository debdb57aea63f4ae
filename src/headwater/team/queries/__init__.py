"""Reads about ourselves: who acts, which company this is, who may own what."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.apps import apps
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext

from headwater.platform.actor import Actor, ActorKind, Visibility, job_actor
from headwater.platform.among import VALUES
from headwater.platform.errors import NotAllowed, NotFound
from headwater.platform.installation import Installation
from headwater.platform.models import Event
from headwater.platform.money import currency_code
from headwater.platform.written import Given, written
from headwater.team.models import ApiToken, Company, ExchangeRate, RevokedFor, Role, Team, User
from headwater.team.queries.roles import rights_by_role, rights_to_fields, role_choices, roles_that_may
from headwater.team.rules import TOKEN_SCOPES, below, rights_of

MAKE_ANOTHER = "Make another one under Settings → Tokens."


def company() -> Company:
    """The company of this installation; an unnamed one before the first run is done."""
    return next(iter(_companies()), None) or Company(pk=1, name="")


@written
def _companies() -> QuerySet[Company]:
    return Company.objects.filter(pk=1)


def actor_of(user: User) -> Actor:
    """The person as an actor, with the rights that their role has today."""
    return actors_of([user])[0]


def actors_of(users: Sequence[User]) -> list[Actor]:
    """As :func:`actor_of` for several people: their roles and the tree of teams are read once, in two small queries."""
    roles = rights_by_role(user.role for user in users if user.is_active)
    nothing = rights_of("")
    tree = team_tree_rows() if any(user.team_id is not None for user in users) else []
    found = []
    for user in users:
        rights = roles[user.role] if user.is_active else nothing
        visibility = Visibility(rights.visibility)
        found.append(
            Actor(
                kind=ActorKind.USER,
                name=user.name,
                id=user.pk,
                user_id=user.pk,
                role=user.role,
                verbs=rights.verbs | (rights_to_fields(user.role, rights) if user.is_active else frozenset()),
                visibility=visibility,
                team_ids=teams_within(user.team_id, visibility, tree),
                team_id=user.team_id,
                time_zone=user.time_zone or "",
                language=user.language,
            )
        )
    return found


def actor_by_ref(ref: str) -> Actor:
    """Who a reference of the event log names, with the rights of today; jobs act for people this way.

    Raises:
        NotAllowed: the person or token is gone or may no longer act.
    """
    kind, _, name = ref.partition(":")
    if kind == "job":
        return job_actor(name)
    users = User.objects.filter(is_active=True)
    if kind == "token":
        valid = ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)
        token = valid.select_related("user").filter(pk=int(name), user__is_active=True).first()
        if token is None:
            raise NotAllowed()
        return _narrowed(token)
    user = users.filter(pk=int(name)).first()
    if user is None:
        raise NotAllowed()
    return actor_of(user)


def has_amounts() -> bool:
    """Whether any room keeps an amount of money yet: rows that name the currency they are in."""
    return any(
        model._default_manager.exclude(currency="").exists()
        for model in apps.get_models()
        if model not in (Company, ExchangeRate) and "currency" in {field.name for field in model._meta.concrete_fields}
    )


def language_of(user_id: int | None) -> str:
    """What somebody reads: the language they chose, else the company's; empty where neither chose."""
    own = User.objects.filter(pk=user_id).values_list("language", flat=True).first() if user_id else ""
    return own or company().language


def currency_meant(text: str) -> str:
    """The currency that is named; the company's own where none is.

    Raises:
        UnknownCurrency: there is none of that code.
    """
    return currency_code(text or company().currency)


def installation() -> Installation:
    """What the lower shells need to know of the company."""
    ours = company()
    return Installation(
        name=ours.name,
        time_zone=ours.time_zone,
        currency=ours.currency,
        region=ours.country,
        roles_of=role_choices,
        works_on=lambda day: str(day.isoweekday()) in ours.office_days and day not in ours.holidays,
        knows_rates=ExchangeRate.objects.exists,
    )


def team_members(team_ids: Collection[int]) -> list[int]:
    """The ids of everybody in these teams, of those who left, too: what they own is still the team's."""
    return list(User.objects.filter(team_id__in=team_ids).order_by("pk").values_list("pk", flat=True))


def actor_of_token(secret: str, *, at: datetime) -> Actor | None:
    """Whom a token stands for, narrowed to its scopes; None when unknown, expired, revoked or its user is gone."""
    token = (
        ApiToken.objects.select_related("user")
        .filter(Q(expires_at=None) | Q(expires_at__gt=at), digest=digest_of(secret), revoked_at=None)
        .first()
    )
    if token is None or not token.user.is_active:
        return None
    return _narrowed(token)


def why_token_ended(secret: str, *, at: datetime) -> str:
    """Why a token that there is stands for nobody any more, for whoever holds it; empty where there is none."""
    token = ApiToken.objects.select_related("user").filter(digest=digest_of(secret)).first()
    if token is None:
        return ""
    if not token.user.is_active:
        return "The user of this token has left."
    if token.revoked_at is not None:
        return f"This token was revoked on {token.revoked_at:%Y-%m-%d}. {MAKE_ANOTHER}"
    if token.expires_at is not None and token.expires_at <= at:
        return f"This token was valid until {token.expires_at:%Y-%m-%d}. {MAKE_ANOTHER}"
    return ""


def _narrowed(token: ApiToken) -> Actor:
    person = actor_of(token.user)
    return Actor(
        kind=ActorKind.TOKEN,
        name=f"{token.user.name} ({token.name})",
        id=token.pk,
        user_id=token.user_id,
        role=person.role,
        verbs=person.verbs,
        visibility=person.visibility,
        team_ids=person.team_ids,
        team_id=person.team_id,
        scopes=frozenset(TOKEN_SCOPES.get(scope, scope) for scope in token.scopes),
        time_zone=person.time_zone,
        language=person.language,
    )


def digest_of(secret: str) -> str:
    """What is stored of a secret. Plain SHA-256: the secrets are 256 random bits, not passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


def user_by_email(email: str) -> User | None:
    """The user with this e-mail in any case."""
    return User.objects.filter(email__iexact=email.strip()).first()


def the_user(email: str) -> User:
    """The user with this e-mail in any case.

    Raises:
        NotFound: nobody signs in with it.
    """
    user = user_by_email(email)
    if user is None:
        raise NotFound(gettext("Nobody signs in with {email}.").format(email=email))
    return user


def team_by_name(name: str) -> Team | None:
    """The team of that name in any case."""
    return Team.objects.filter(name__iexact=name.strip()).first()


def teams() -> QuerySet[Team]:
    """The teams that work."""
    return Team.objects.filter(archived_at=None).order_by("name", "pk")


def choices_of_teams(actor: Actor) -> list[tuple[str, str]]:
    """The teams whose rows this actor may see some of, to filter by."""
    found = teams().values_list("pk", "name")
    return [(str(pk), name) for pk, name in found if actor.reaches(owner_id=None, team_id=pk)]


def waits_for_owner() -> bool:
    """Whether nobody has an account yet: the first run has not begun."""
    return not User.objects.exists()


def has_owner() -> bool:
    """Whether somebody who works here is an owner, made by the first run or by a command."""
    return User.objects.filter(role=Role.OWNER, is_active=True).exists()


def waits_for_company(actor: Actor) -> bool:
    """Whether the first run stopped before the company had a name, and this actor can give it one."""
    ours = company()
    return ours.setup_done_at is None and not ours.name and actor.may("team.company.change")


def one_login_per_role() -> list[User]:
    """The first active user of every role, from owner to read-only; what the demo company shows."""
    first: dict[str, User] = {}
    for user in User.objects.filter(is_active=True).order_by("pk"):
        first.setdefault(user.role, user)
    return [first[role] for role in Role.values if role in first]


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """The keys an actor may see: their own, or everybody's with the right to."""
    tokens = ApiToken.objects.select_related("user").order_by("-pk")
    return tokens if actor.may("team.token.see") else tokens.filter(user_id=actor.seen_by or actor.user_id or 0)


def kept_since(tokens: Iterable[ApiToken]) -> dict[int, datetime]:
    """When the password of their users last changed while these keys went on working. One query."""
    working = [token for token in tokens if token.revoked_at is None]
    events = Event.objects.filter(
        verb="team.password_set", subject_type="team.user", subject_id__in={token.user_id for token in working}
    )
    changed = dict(events.order_by("pk").values_list("subject_id", "occurred_at")) if working else {}
    found = {token.pk: changed.get(token.user_id) for token in working}
    return {token.pk: at for token in working if (at := found[token.pk]) is not None and at > token.created_at}


def who_lost_tokens(user_ids: Iterable[int]) -> list[int]:
    """Whose keys were revoked because they were let go."""
    lost = ApiToken.objects.filter(user_id__in=list(user_ids), revoked_for=RevokedFor.LEFT)
    return list(lost.order_by("user_id").values_list("user_id", flat=True).distinct())


def visible_users(actor: Actor) -> QuerySet[User]:
    """The colleagues an actor may see: all of them, with the right to see any."""
    if not actor.may("team.user.see"):
        return User.objects.filter(pk=actor.user_id) if actor.user_id else User.objects.none()
    return User.objects.select_related("team")


def colleague(user_id: int) -> User:
    """Whoever has this account, also once they left; the caller asks for the right to know.

    Raises:
        NotFound: there is no such account.
    """
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound()
    return user


def users_who_may(verb: str) -> QuerySet[User]:
    """The active colleagues whose role has a right."""
    return User.objects.filter(is_active=True, role__in=roles_that_may(verb)).order_by("name", "pk")


def assignable_users(actor: Actor, *, who_may: str = "") -> QuerySet[User]:
    """Whom this actor may give work to: active colleagues within their visibility, whose role has the right to it."""
    users = users_who_may(who_may) if who_may else User.objects.filter(is_active=True).order_by("name", "pk")
    myself = Q(pk__in=[actor.user_id] if actor.user_id is not None else [])
    match actor.visibility:
        case Visibility.ALL:
            return users
        case Visibility.TEAM | Visibility.SUBTREE:
            return users.filter(Q(team_id__in=sorted(actor.team_ids)) | myself)
        case _:
            return users.filter(myself)


def user_choices(actor: Actor, *, besides: User | None = None, who_may: str = "") -> list[tuple[str, str]]:
    """Active colleagues as choices for owner columns and forms; ``besides`` is on offer whoever they are."""
    found = _named(assignable_users(actor, who_may=who_may)) if who_may else _colleagues(actor.itself)
    choices = [(str(pk), name) for pk, name in found]
    if besides is not None and str(besides.pk) not in dict(choices):
        choices.append((str(besides.pk), besides.name))
    return choices


@written
def _colleagues(actor: Actor) -> QuerySet[User, tuple[int, str]]:
    return _named(assignable_users(actor))


def _named(users: QuerySet[User]) -> QuerySet[User, tuple[int, str]]:
    return users.values_list("pk", "name")


def who_answers_for(owner_ids: Sequence[int]) -> User | None:
    """Who takes what comes in for somebody's customers: the first of the owners who is here, else a head of sales."""
    active = {user.pk: user for user in users_by_ids(owner_ids).values() if user.is_active}
    first = next((active[pk] for pk in owner_ids if pk in active), None)
    heads = User.objects.filter(is_active=True, role__in=(Role.HEAD_OF_SALES, Role.OWNER))
    return first or heads.order_by("role", "pk").first()


def users_by_name(names: set[str]) -> dict[str, User]:
    """Users by the name or e-mail a file calls them, folded to lower case; ambiguous names are left out."""
    found: dict[str, User | None] = {}
    for user in User.objects.all():
        for word in (user.name.casefold(), user.email.casefold()):
            found[word] = None if word in found and found[word] != user else user
    matched = {name: found.get(name.strip().casefold()) for name in names}
    return {name: user for name, user in matched.items() if user is not None}


TreeRow = tuple[int, int | None, bool]


def team_tree_rows() -> list[TreeRow]:
    """Every team, the one above it, and whether it was dissolved; there are few, so one small query reads them all."""
    return [(pk, parent_id, archived_at is not None) for pk, parent_id, archived_at in _teams()]


@written
def _teams() -> QuerySet[Team, tuple[int, int | None, datetime | None]]:
    return Team.objects.values_list("pk", "parent_id", "archived_at")


def teams_within(team_id: int | None, visibility: Visibility, tree: Sequence[TreeRow]) -> frozenset[int]:
    """The teams whose rows somebody of this team reaches: their own with those dissolved into it, or all below it."""
    if team_id is None:
        return frozenset()
    has_below = visibility.covers(Visibility.SUBTREE)
    return below(team_id, [(pk, parent_id) for pk, parent_id, is_gone in tree if has_below or is_gone])


def users_by_ids(ids: Iterable[int]) -> dict[int, User]:
    """Users by their id, active or not, for rules and sentences about who was asked. One query."""
    wanted = set(ids)
    return {user.pk: user for user in _users(ids=wanted)} if wanted else {}


@written
def _users() -> QuerySet[User]:
    return User.objects.filter(pk__among=Given("ids", VALUES))
