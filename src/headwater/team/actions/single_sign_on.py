"""Single sign-on: set up, switched, and who comes in through it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from headwater.platform.action import action
from headwater.platform.actor import Actor
from headwater.platform.changes import change_row
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.team.actions.accounts import add_user
from headwater.team.actions.ranks import require_rank
from headwater.team.models import Identity, Role, SingleSignOn, User
from headwater.team.queries import user_by_email
from headwater.team.queries.provider import NotSignedIn, is_fit
from headwater.team.queries.second_factor import seal
from headwater.team.queries.single_sign_on import can_owner_come_in, newcomer_roles, user_of_identity
from headwater.team.rules import manages_owners
from headwater.team.sign_in_events import IdentityLinked, IdentityUnlinked, ProviderSecretSet

RIGHT = "team.company.change"
CHANGEABLE = frozenset(
    {"is_on", "name", "issuer", "client_id", "domains", "lets_in", "role", "vouches", "passwords_stay"}
)
DOMAIN = re.compile(r"(?=.{3,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z")
MOST_DOMAINS = 50


@action
def change_single_sign_on(
    *, values: Mapping[str, Any], by: Actor, at: datetime, secret: str | None = None
) -> SingleSignOn:
    """Change where people sign in; what is not named stays, and so does the secret without a new one.

    Owners are let in through it only if an owner set it so: who decides where owners sign in could become one.

    Raises:
        Invalid: a value that cannot be, or passwords would go while no owner can come in otherwise.
    """
    by.require(RIGHT)
    require_rank(by, Role.ADMINISTRATOR)  # through a provider of one's own, one could come in as any of them
    if set(values) - CHANGEABLE:
        raise Invalid({name: [_("There is no such setting.")] for name in set(values) - CHANGEABLE})
    ours, _made = SingleSignOn.objects.select_for_update().get_or_create(pk=1)
    after = {name: values.get(name, getattr(ours, name)) for name in CHANGEABLE}
    after = {name: value.strip() if isinstance(value, str) else value for name, value in after.items()}
    same = (ours.issuer, ours.client_id) == (after["issuer"], after["client_id"])
    after["owners_may"] = manages_owners(by.role) or (same and ours.owners_may)
    _check(after)
    if not same and secret is None:
        secret = ""  # one provider's secret is not told to another one
    change_row(ours, after, row_type="team.single_sign_on", by=by, at=at)
    if secret is not None and bool(secret or ours.sealed):
        ours.sealed = seal(secret) if secret else ""
        ours.save(update_fields=["sealed"])
        record(ProviderSecretSet(settings_id=ours.pk), by=by, at=at)
    return ours


@action
def let_passwords_in(*, by: Actor, at: datetime) -> SingleSignOn:
    """Let passwords work again beside single sign-on: the way back for who is locked out."""
    by.require(RIGHT)
    ours, _made = SingleSignOn.objects.select_for_update().get_or_create(pk=1)
    change_row(ours, {"passwords_stay": True}, row_type="team.single_sign_on", by=by, at=at)
    return ours


@action
def switch_off(*, by: Actor, at: datetime) -> SingleSignOn:
    """Nobody signs in through the provider any more; passwords work again. What was set stays for another time."""
    by.require(RIGHT)
    ours, _made = SingleSignOn.objects.select_for_update().get_or_create(pk=1)
    change_row(ours, {"is_on": False, "passwords_stay": True}, row_type="team.single_sign_on", by=by, at=at)
    return ours


@action
def admit(*, ours: SingleSignOn, claims: Mapping[str, Any], by: Actor, at: datetime) -> User:
    """Who somebody is here of whom the provider gave its word: known by the subject, else once by the e-mail, else
    new if unknown people are let in.

    Raises:
        NotSignedIn: why not, in words for the sign-in page.
    """
    email = _email(ours, claims)
    user = user_of_identity(ours.issuer, claims["sub"])
    if user is None:
        # Of two first sign-ins at the same moment the second finds whom the first one made.
        SingleSignOn.objects.select_for_update().get(pk=ours.pk)
        user = user_of_identity(ours.issuer, claims["sub"]) or _by_email(ours, email, claims, by=by, at=at)
    if not user.is_active:
        raise NotSignedIn(_("Your account here is switched off. Ask an administrator."))
    if user.role == Role.OWNER and not ours.owners_may:
        raise NotSignedIn(_("Owners cannot sign in this way until an owner saves the settings of single sign-on."))
    return user


@action
def unlink(*, user_id: int, by: Actor, at: datetime) -> None:
    """Forget who a colleague is at the provider: their next sign-in there, by their e-mail, links them anew.

    Raises:
        NotAllowed: it is an owner's and you are none.
        NotFound: they are not linked.
    """
    by.require("team.user.change")
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise NotFound()
    require_rank(by, user.role)
    removed, _each = Identity.objects.filter(user_id=user_id).delete()
    if not removed:
        raise NotFound()
    record(IdentityUnlinked(user_id=user_id), by=by, at=at)


def _by_email(ours: SingleSignOn, email: str, claims: Mapping[str, Any], *, by: Actor, at: datetime) -> User:
    user = user_by_email(email)
    if user is None:
        if not ours.lets_in:
            raise NotSignedIn(_("You have no account here. Ask an administrator for one."))
        name = claims.get("name") if isinstance(claims.get("name"), str) else ""
        name = (name or email.partition("@")[0]).replace("\x00", "").strip()[:120] or email[:120]
        user = add_user(email=email, name=name, role=ours.role, by=by, at=at)
    elif Identity.objects.filter(user=user, issuer=ours.issuer).exists():
        raise NotSignedIn(
            _("This e-mail belongs to another person of your provider here. Ask an administrator to unlink them.")
        )
    elif user.is_active and (user.role != Role.OWNER or ours.owners_may):
        User.objects.select_for_update().get(pk=user.pk)
    else:
        return user  # refused by who called, and not linked
    Identity.objects.create(user=user, issuer=ours.issuer, subject=claims["sub"], linked_at=at)
    record(IdentityLinked(user_id=user.pk, issuer=ours.issuer), by=by, at=at)
    return user


def _email(ours: SingleSignOn, claims: Mapping[str, Any]) -> str:
    email, verified = claims.get("email"), claims.get("email_verified")
    if not isinstance(email, str) or "@" not in email or len(email) > 254 or "\x00" in email:
        raise NotSignedIn(_("Your provider did not tell your e-mail. Ask an administrator to let it."))
    if verified is not True and verified != "true":  # some write it as text
        raise NotSignedIn(_("Your provider has not verified your e-mail, so it cannot sign you in here."))
    email = email.strip()
    domain = email.rpartition("@")[2].lower()
    if ours.domains and domain not in ours.domains:
        raise NotSignedIn(_("E-mails of %(domain)s may not sign in here.") % {"domain": domain})
    return email


def _check(after: dict[str, Any]) -> None:
    wrong: dict[str, list[str]] = {}
    after["domains"] = [str(each).strip().lower().lstrip("@") for each in after["domains"]]
    bad = [each for each in after["domains"] if not DOMAIN.match(each)]
    if bad or len(after["domains"]) > MOST_DOMAINS:
        wrong["domains"] = [_("“%(domain)s” is not a domain.") % {"domain": (bad or [""])[0][:80]}]
    for name, longest in (("name", 60), ("issuer", 255), ("client_id", 255)):
        if len(after[name]) > longest or "\x00" in after[name]:
            wrong[name] = [_("That is too long.")]
    if after["issuer"] and not is_fit(after["issuer"]):
        wrong["issuer"] = [_("The issuer is an address that begins with https://.")]
    if after["is_on"]:
        for name in ("issuer", "client_id"):
            if not after[name]:
                wrong[name] = [_("Your provider tells it when you register Headwater there.")]
    if after["role"] not in dict(newcomer_roles()):
        wrong["role"] = [_("Nobody gets a role by themselves that decides about colleagues or the company.")]
    if after["lets_in"] and not after["domains"]:
        wrong["domains"] = [_("Name the domains whose people get an account by themselves.")]
    if not after["is_on"]:
        after["passwords_stay"] = True
    elif not after["passwords_stay"] and not (after["owners_may"] and can_owner_come_in(after["issuer"])):
        wrong["passwords_stay"] = [
            _("An owner signs in through it once, and saves these settings, before passwords can go.")
        ]
    if wrong:
        raise Invalid(wrong)
