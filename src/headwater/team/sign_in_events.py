"""What happens with passkeys and single sign-on."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class PasskeyAdded(
    Fact, verb="team.passkey_added", subject="team.user:user_id", sentence=_("Added a passkey"), icon="key"
):
    """A device of that person signs them in from now on; the password alone does not."""

    user_id: int
    passkey_id: int


@dataclass(frozen=True, kw_only=True)
class PasskeyRemoved(
    Fact, verb="team.passkey_removed", subject="team.user:user_id", sentence=_("Removed a passkey"), icon="key"
):
    """A device of that person signs them in no more."""

    user_id: int
    passkey_id: int


@dataclass(frozen=True, kw_only=True)
class IdentityLinked(
    Fact, verb="team.identity_linked", subject="team.user:user_id", sentence=_("Linked to {issuer}"), icon="link"
):
    """Who signs in at the company's provider as somebody known is that colleague here from now on."""

    user_id: int
    issuer: str


@dataclass(frozen=True, kw_only=True)
class IdentityUnlinked(
    Fact, verb="team.identity_unlinked", subject="team.user:user_id", sentence=_("Unlinked from the provider"), icon="x"
):
    """The next sign-in at the provider with that colleague's e-mail links them anew."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class ProviderSecretSet(
    Fact,
    verb="team.provider_secret_set",
    subject="team.single_sign_on:settings_id",
    sentence=_("Changed the secret of single sign-on"),
    icon="key",
):
    """The company has another secret with its provider of sign-ins; the secret itself is in no log."""

    settings_id: int


@dataclass(frozen=True, kw_only=True)
class InvitationMailed(
    Fact, verb="team.invitation_mailed", subject="team.user:user_id", sentence=_("Invited by mail"), icon="mail"
):
    """A link to choose a password is on its way to a colleague by mail."""

    user_id: int


@dataclass(frozen=True, kw_only=True)
class ResetMailed(
    Fact,
    verb="team.reset_mailed",
    subject="team.user:user_id",
    sentence=_("A link for a new password was asked for and mailed"),
    icon="mail",
):
    """Somebody said that they forgot this person's password; a link is on its way to the mailbox of that person."""

    user_id: int
