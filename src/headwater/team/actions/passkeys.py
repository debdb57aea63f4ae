"""Passkeys: added, named, shown instead of a password, removed."""

from __future__ import annotations

from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor, ActorKind
from headwater.platform.changes import change_row
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound
from headwater.platform.events import record
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.team.actions.second_factor import drop_codes_if_needless, first_codes
from headwater.team.models import Passkey, User
from headwater.team.queries.passkeys import Site, WrongAnswer, check_answer, read_new_key, shown_passkey
from headwater.team.queries.single_sign_on import ways_in
from headwater.team.sign_in_events import PasskeyAdded, PasskeyRemoved

MOST_PASSKEYS = 20


class OnlyWayIn(Conflict):
    """Without this passkey its owner could not sign in any more."""

    code = "only_way_in"
    message = lazy("This passkey is the only way in which you sign in. Set up another one first.")


@action
def add_passkey(
    *, answer: str, name: str, challenge: str, site: Site, by: Actor, at: datetime
) -> tuple[Passkey, list[str]]:
    """Sign in with a new passkey from now on. Whose first second factor it is gets recovery codes, this once.

    Raises:
        Invalid: the device's answer proves nothing, the name is missing, or there are too many.
    """
    user_id = _person(by)
    name = _named(name)
    User.objects.select_for_update().get(pk=user_id)
    if Passkey.objects.filter(user_id=user_id).count() >= MOST_PASSKEYS:
        raise Invalid({"name": [_("You have %(count)s passkeys. Remove one first.") % {"count": MOST_PASSKEYS}]})
    try:
        key = read_new_key(answer, challenge=challenge, site=site)
    except WrongAnswer as error:
        raise Invalid({"name": [_("The passkey was not accepted. Try again.")]}) from error
    if Passkey.objects.filter(credential_id=key.credential_id).exists():
        raise Invalid({"name": [_("This passkey is known already.")]})
    passkey = Passkey.objects.create(
        user_id=user_id, name=name, credential_id=key.credential_id, public_key=key.public_key,
        sign_count=key.sign_count, is_synced=key.is_synced, transports=key.transports, created_at=at,
    )  # fmt: skip
    record(PasskeyAdded(user_id=user_id, passkey_id=passkey.pk), by=by, at=at)
    return passkey, first_codes(user_id)


@action
def rename_passkey(*, passkey_id: int, name: str, by: Actor, at: datetime) -> Passkey:
    """Call one of one's passkeys something else.

    Raises:
        Invalid: no name, or a very long one.
        NotFound: it is not one's own.
    """
    passkey = _own(passkey_id, by)
    change_row(passkey, {"name": _named(name)}, row_type="team.passkey", by=by, at=at, personal=("name",))
    return passkey


@action
def remove_passkey(*, passkey_id: int, by: Actor, at: datetime) -> None:
    """Let one of one's passkeys sign in no more.

    Raises:
        NotFound: it is not one's own.
        OnlyWayIn: one could not come in any more.
    """
    passkey = _own(passkey_id, by)
    user = User.objects.select_for_update().get(pk=passkey.user_id)
    if not ways_in(user, besides=passkey):
        raise OnlyWayIn()
    passkey.delete()
    drop_codes_if_needless(user.pk)
    record(PasskeyRemoved(user_id=user.pk, passkey_id=passkey_id), by=by, at=at)


def use_passkey(*, answer: str, challenge: str, site: Site, at: datetime) -> Passkey | None:
    """The passkey that an answer proves, or None. What its device counted is kept; signing in is no fact."""
    passkey = shown_passkey(answer)
    if passkey is None:
        return None
    try:
        shown = check_answer(answer, passkey=passkey, challenge=challenge, site=site)
    except WrongAnswer:
        return None
    # Conditional: of two answers with the same count at the same moment, one is taken.
    same = Passkey.objects.filter(pk=passkey.pk, sign_count=passkey.sign_count)
    taken = same.update(sign_count=shown.new_sign_count, is_synced=shown.credential_backed_up, last_used_at=at)
    return passkey if taken and passkey.user.is_active else None


def _own(passkey_id: int, by: Actor) -> Passkey:
    passkey = Passkey.objects.select_for_update().filter(pk=passkey_id, user_id=_person(by)).first()
    if passkey is None:
        raise NotFound()
    return passkey


def _named(name: str) -> str:
    name = name.strip()
    if not name or len(name) > 80 or "\x00" in name:
        raise Invalid({"name": [_("A passkey needs a name of 80 letters at most.")]})
    return name


def _person(by: Actor) -> int:
    if by.kind is ActorKind.TOKEN or by.user_id is None:
        raise NotAllowed(_("A token cannot change how its user signs in. Sign in."))
    return by.user_id
