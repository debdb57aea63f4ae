"""Reads about the company's provider of sign-ins: whether it is on, whom it stands for, who has no other way in."""

from __future__ import annotations

from headwater.team.models import Identity, Passkey, Role, SingleSignOn, User
from headwater.team.queries.roles import known_roles
from headwater.team.rules import has_right

# Who has one of these decides who comes in: nobody gets them because a provider says who they are.
GIVEN_BY_PEOPLE = ("team.user.change", "team.company.change", "team.role.change")


def newcomer_roles() -> list[tuple[str, str]]:
    """The roles that unknown people can get, by key and name."""
    roles = [role for role in known_roles() if not any(has_right(role.rights, verb) for verb in GIVEN_BY_PEOPLE)]
    return [(role.key, role.name) for role in roles]


def settings_of_provider() -> SingleSignOn:
    """What is set, on or off; nothing at first."""
    return SingleSignOn.objects.filter(pk=1).first() or SingleSignOn(pk=1)


def provider_in_use() -> SingleSignOn | None:
    """The provider with which people sign in, if single sign-on is on."""
    return SingleSignOn.objects.filter(pk=1, is_on=True).first()


def do_passwords_work() -> bool:
    """Whether passwords let anybody in: unless all sign in through the provider."""
    return not SingleSignOn.objects.filter(pk=1, is_on=True, passwords_stay=False).exists()


def has_working_password(user: User) -> bool:
    """Whether somebody has a password that lets them in."""
    return user.has_usable_password() and do_passwords_work()


def user_of_identity(issuer: str, subject: str) -> User | None:
    """Who somebody at the provider is here."""
    found = Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    return found.user if found is not None else None


def is_linked(user_id: int) -> bool:
    """Whether somebody has signed in through a provider before."""
    return Identity.objects.filter(user_id=user_id).exists()


def can_owner_come_in(issuer: str) -> bool:
    """Whether an owner is known at the provider: they could come in if there were no passwords."""
    return Identity.objects.filter(issuer=issuer, user__role=Role.OWNER, user__is_active=True).exists()


def can_use_provider(user: User) -> bool:
    """Whether the provider that is in use lets somebody in who signed in through it before."""
    ours = provider_in_use()
    if ours is None or (user.role == Role.OWNER and not ours.owners_may):
        return False
    return Identity.objects.filter(user=user, issuer=ours.issuer).exists()


def ways_in(user: User, *, besides: Passkey) -> bool:
    """Whether somebody can sign in without one of their passkeys."""
    if has_working_password(user):
        return True
    return Passkey.objects.filter(user=user).exclude(pk=besides.pk).exists() or can_use_provider(user)
