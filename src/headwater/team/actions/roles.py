"""What roles may do and how far they see: the company changes the delivered ones and makes roles of its own."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime

from headwater.platform.action import action
from headwater.platform.actor import Actor, Visibility
from headwater.platform.changes import Edit, change_rows
from headwater.platform.errors import Conflict, Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.events import record
from headwater.platform.models import Event
from headwater.platform.translated import gettext as _
from headwater.platform.translated import gettext_lazy as lazy
from headwater.platform.undo import undoes
from headwater.team.actions.ranks import require_covered, require_rank
from headwater.team.models import CompanyRole, Role, User
from headwater.team.queries.roles import KnownRole, known_roles, rights_in, role_of
from headwater.team.rights import all_rights
from headwater.team.role_events import RoleAdded, RoleBroughtBack, RoleChanged, RoleRetired
from headwater.team.rules import has_right, rights_of

RIGHT = "team.role.change"
LONGEST_NAME = 80
LONGEST_KEY = 20


class RoleHeld(Conflict):
    """Somebody has the role that is to be retired."""

    code = "role_held"
    message = lazy("{count} people have this role. Say which one they get instead.")


class OwnerStays(NotAllowed):
    """The owner's role is what it is: somebody must be able to set everything right."""

    code = "owner_stays"
    message = lazy("The owner's role cannot be changed, copied or retired.")


@action
def add_role(*, name: str, copied: str, by: Actor, at: datetime) -> KnownRole:
    """Make a role of the company's own, as a copy of another one.

    Raises:
        Invalid: no name, or one that another role has; no such role to copy.
        NotAllowed: the role may or sees more than one does oneself.
    """
    by.require(RIGHT)
    source = role_of(copied)
    wrong = _wrong_name(name)
    if source is None or source.is_retired:
        wrong["copied"] = [_("There is no such role.")]
    if wrong:
        raise Invalid(wrong)
    assert source is not None
    if source.key == Role.OWNER:
        raise OwnerStays()
    require_covered(by, source.rights)
    row = CompanyRole(key=_new_key(name), base=source.base, name=name.strip(), visibility=source.rights.visibility)
    if source.row is not None:
        row.added, row.removed = list(source.row.added), list(source.row.removed)
    row.save(force_insert=True)
    record(RoleAdded(role_id=row.pk, key=row.key, name=row.name, copied=copied), by=by, at=at)
    return _known(row.key)


@action
def change_role(
    *, key: str, name: str, verbs: Collection[str], visibility: str, by: Actor, at: datetime
) -> Event | None:
    """Say what a role is called, what it may do and how far it sees; None when it is so already.

    Raises:
        Invalid: a value that cannot be.
        NotAllowed: it is the owner's, or the role may or sees more than one does oneself, before or after.
        NotFound: there is no such role, or it was retired.
    """
    by.require(RIGHT)
    row, role = _locked(key)
    wanted, known = frozenset(verbs), all_rights()
    wrong = _wrong_name(name, of=key)
    if unknown := sorted(wanted - known.keys()):
        wrong["verbs"] = [_("There is no right called %(verb)s.") % {"verb": unknown[0]}]
    if visibility not in {each.value for each in Visibility}:
        wrong["visibility"] = [_("Choose how far the role sees.")]
    if wrong:
        raise Invalid(wrong)
    base = rights_of(row.base)
    of_base = {verb for verb in known if has_right(base, verb)}
    gained, lost = sorted(wanted - role.verbs), sorted(role.verbs - wanted)
    name = name.strip()
    if not gained and not lost and visibility == role.visibility and name == role.name:
        return None
    row.added, row.removed = sorted(wanted - of_base), sorted(of_base - wanted)
    row.visibility = visibility if row.is_own or visibility != base.visibility else ""
    row.name = name if row.is_own or name != str(Role(key).label) else ""
    require_covered(by, role.rights, rights_in(row))
    row.save()
    fact = RoleChanged(
        role_id=row.pk, key=key, name=name, gained=gained, lost=lost,
        visibility=[role.visibility.value, visibility], names=[role.name, name],
    )  # fmt: skip
    return record(fact, by=by, at=at)


@action
def put_back_role(*, key: str, by: Actor, at: datetime) -> Event | None:
    """Make a delivered role what it was delivered as; None when it is so already.

    Raises:
        NotFound: it is one of the company's own, or was retired.
    """
    if key not in Role.values:
        raise NotFound()
    base = rights_of(key)
    verbs = [verb for verb in all_rights() if has_right(base, verb)]
    return change_role(key=key, name=str(Role(key).label), verbs=verbs, visibility=base.visibility, by=by, at=at)


@action
def retire_role(*, key: str, instead: str = "", by: Actor, at: datetime) -> Event:
    """Give a role to nobody any more; whoever has it, those who left included, gets another one first.

    Raises:
        Invalid: the other role is not one that can be given.
        NotAllowed: one of the roles may or sees more than one does oneself.
        NotFound: there is no such role, or it was retired.
        RoleHeld: somebody has it, and no other one is named.
    """
    by.require(RIGHT)
    row, role = _locked(key)
    require_covered(by, role.rights)
    people = list(User.objects.select_for_update().filter(role=key).order_by("pk"))
    if people and not instead:
        raise RoleHeld(count=len(people))
    if instead:
        other = role_of(instead)
        if other is None or other.is_retired or instead == key:
            raise Invalid({"instead": [_("Choose another role.")]})
        require_rank(by, instead)
        change_rows([Edit(user, {"role": instead}, "team.user") for user in people], by=by, at=at)
    row.retired_at = at
    row.save(update_fields=["retired_at"])
    fact = RoleRetired(role_id=row.pk, key=key, name=role.name, instead=instead, people=[user.pk for user in people])
    return record(fact, by=by, at=at)


@action
def bring_back_role(*, key: str, by: Actor, at: datetime) -> Event:
    """Let a retired role be given again.

    Raises:
        NotAllowed: it may or sees more than one does oneself.
        NotFound: there is no such retired role.
    """
    by.require(RIGHT)
    row = CompanyRole.objects.select_for_update().filter(key=key).exclude(retired_at=None).first()
    if row is None:
        raise NotFound()
    require_covered(by, rights_in(row))
    row.retired_at = None
    row.save(update_fields=["retired_at"])
    return record(RoleBroughtBack(role_id=row.pk, key=key, name=_known(key).name), by=by, at=at)


@undoes(RoleAdded, RoleBroughtBack)
@action
def take_back_role(fact: RoleAdded | RoleBroughtBack, *, event: Event, by: Actor, at: datetime) -> None:
    """Take back that a role can be given, as long as nobody has it."""
    if User.objects.filter(role=fact.key).exists():
        raise NotUndoable(reason=_("somebody has the role by now"))
    retire_role(key=fact.key, by=by, at=at)


@undoes(RoleChanged)
@action
def take_back_role_change(fact: RoleChanged, *, event: Event, by: Actor, at: datetime) -> None:
    """Give a role what it lost and take what it gained, unless that was changed again since."""
    _row, role = _locked(fact.key)
    gained, lost = frozenset(fact.gained), frozenset(fact.lost)
    old_name, new_name = fact.names
    old_reach, new_reach = fact.visibility
    moved = old_reach != new_reach and role.visibility != new_reach
    renamed = old_name != new_name and role.name != new_name
    if moved or renamed or not gained <= role.verbs or lost & role.verbs:
        raise NotUndoable(reason=_("the role was changed again since"))
    known = all_rights().keys()
    change_role(
        key=fact.key, name=old_name if old_name != new_name else role.name,
        verbs=role.verbs - gained | (lost & known),
        visibility=old_reach if old_reach != new_reach else role.visibility.value, by=by, at=at,
    )  # fmt: skip


@undoes(RoleRetired)
@action
def take_back_retirement(fact: RoleRetired, *, event: Event, by: Actor, at: datetime) -> None:
    """Let a role be given again; those who had it get it back, unless they have yet another one by now."""
    bring_back_role(key=fact.key, by=by, at=at)
    if fact.instead:
        require_rank(by, fact.instead)
    there = User.objects.select_for_update().filter(pk__in=fact.people, role=fact.instead).order_by("pk")
    change_rows([Edit(user, {"role": fact.key}, "team.user") for user in there], by=by, at=at)


def _locked(key: str) -> tuple[CompanyRole, KnownRole]:
    if key == Role.OWNER:
        raise OwnerStays()
    if key in Role.values:
        CompanyRole.objects.get_or_create(key=key, defaults={"base": key})
    row = CompanyRole.objects.select_for_update().filter(key=key, retired_at=None).first()
    if row is None:
        raise NotFound()
    return row, _known(key)


def _known(key: str) -> KnownRole:
    role = role_of(key)
    assert role is not None
    return role


def _wrong_name(name: str, *, of: str = "") -> dict[str, list[str]]:
    name = name.strip()
    if not name:
        return {"name": [_("A role needs a name.")]}
    if len(name) > LONGEST_NAME:
        return {"name": [_("A name has 80 letters at most.")]}
    others = [role.name.casefold() for role in known_roles(with_retired=True) if role.key != of]
    if name.casefold() in others:
        return {"name": [_("There is a role called %(name)s already.") % {"name": name}]}
    return {}


def _new_key(name: str) -> str:
    """What programs and the command line call a new role, for good: its first name in capitals."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    stem = re.sub(r"[^A-Z0-9]+", "_", plain).strip("_")[: LONGEST_KEY - 3].strip("_") or "ROLE"
    taken = {*Role.values, *CompanyRole.objects.values_list("key", flat=True), "JOB"}
    number = 1
    key = stem
    while key in taken:
        number += 1
        key = f"{stem}_{number}"
    return key
