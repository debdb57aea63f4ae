"""Reads about passkeys: whose they are, what a browser is asked, and whether its answer is right."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.crypto import salted_hmac

from headwater.team.models import Passkey, User

if TYPE_CHECKING:
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication

LONGEST_ANSWER = 20_000  # characters; real ones have about a thousand


class WrongAnswer(Exception):
    """What the browser sent proves nothing."""


@dataclass(frozen=True)
class Site:
    """Under which name passkeys are kept by browsers, and from which origins they may be shown."""

    name: str
    origins: tuple[str, ...]

    @property
    def can_have_passkeys(self) -> bool:
        """Browsers keep passkeys for names only, and show them over HTTPS only, or to the machine itself."""
        try:
            ipaddress.ip_address(self.name.strip("[]"))
        except ValueError:
            is_here = self.name == "localhost" or self.name.endswith(".localhost")
            return is_here or any(origin.startswith("https://") for origin in self.origins)
        return False


@dataclass(frozen=True)
class NewKey:
    """The public half of a key that a device just made."""

    credential_id: str
    public_key: str
    sign_count: int
    is_synced: bool
    transports: list[str]


def passkeys_of(user_id: int) -> QuerySet[Passkey]:
    """Somebody's passkeys, in the order in which they were added."""
    return Passkey.objects.filter(user_id=user_id).order_by("pk")


def has_passkey(user_id: int) -> bool:
    """Whether somebody has one."""
    return Passkey.objects.filter(user_id=user_id).exists()


def are_there_passkeys() -> bool:
    """Whether anybody here has one: else the sign-in page need not offer it."""
    return Passkey.objects.exists()


def new_challenge() -> str:
    """What the device signs this time."""
    from webauthn.helpers import bytes_to_base64url, generate_challenge

    return bytes_to_base64url(generate_challenge())


def adding_options(user: User, *, site: Site, challenge: str, title: str) -> str:
    """What a browser needs to make a passkey, as JSON: one that asks its owner for a finger, face or PIN, and that
    signs in without a name typed."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name=title,
        user_id=_handle(user),
        user_name=user.email,
        user_display_name=user.name,
        challenge=webauthn.base64url_to_bytes(challenge),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(passkeys_of(user.pk)),
    )
    return webauthn.options_to_json(options)


def asking_options(*, site: Site, challenge: str, among: Iterable[Passkey] = ()) -> str:
    """What a browser needs to show a passkey, as JSON: one of some, or any that it has for us."""
    import webauthn
    from webauthn.helpers import structs

    options = webauthn.generate_authentication_options(
        rp_id=site.name,
        challenge=webauthn.base64url_to_bytes(challenge),
        allow_credentials=_described(among) or None,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def read_new_key(answer: str, *, challenge: str, site: Site) -> NewKey:
    """The key that a browser says a device made.

    Raises:
        WrongAnswer: it is for another challenge, place or purpose, its owner was not asked, or it is no answer.
    """
    import webauthn

    try:
        given = _opened(answer)
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=webauthn.base64url_to_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=list(site.origins),
            require_user_verification=True,
        )
        said = given.get("response", {}).get("transports") or []
        return NewKey(
            credential_id=_text(made.credential_id),
            public_key=_text(made.credential_public_key),
            sign_count=made.sign_count,
            is_synced=made.credential_backed_up,
            transports=[word[:20] for word in said if isinstance(word, str)][:6],
        )
    except Exception as error:
        raise WrongAnswer(str(error)) from error


def shown_passkey(answer: str) -> Passkey | None:
    """Which of the passkeys known here an answer claims to come from."""
    try:
        name = _opened(answer).get("id")
    except (ValueError, RecursionError):
        return None
    if not isinstance(name, str) or "\x00" in name:
        return None
    return Passkey.objects.select_related("user").filter(credential_id=name).first()


def check_answer(answer: str, *, passkey: Passkey, challenge: str, site: Site) -> VerifiedAuthentication:
    """What a device signed, once it is certain that it did.

    Raises:
        WrongAnswer: another key signed, or something else; its owner was not asked; or it counted back, so that there
            are two of what must be one.
    """
    import webauthn

    try:
        return webauthn.verify_authentication_response(
            credential=_opened(answer),
            expected_challenge=webauthn.base64url_to_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=list(site.origins),
            credential_public_key=webauthn.base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise WrongAnswer(str(error)) from error


def _opened(answer: str) -> dict[str, Any]:
    import json

    if len(answer) > LONGEST_ANSWER:
        raise ValueError("too long")
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _described(passkeys: Iterable[Passkey]) -> list[Any]:
    import webauthn
    from webauthn.helpers import structs

    known = {each.value for each in structs.AuthenticatorTransport}
    return [
        structs.PublicKeyCredentialDescriptor(
            id=webauthn.base64url_to_bytes(passkey.credential_id),
            transports=[structs.AuthenticatorTransport(word) for word in passkey.transports if word in known] or None,
        )
        for passkey in passkeys
    ]


def _handle(user: User) -> bytes:
    """What devices know somebody by: nothing that says who it is, and another one in every installation."""
    return salted_hmac("headwater.team.passkey", str(user.pk), algorithm="sha256").digest()


def _text(data: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(data)
