"""What is kept encrypted and cannot be opened here: it came from another installation, with a backup."""

from __future__ import annotations

from collections.abc import Iterator

SEALED_ANEW = (
    "Set them up anew: a mail server, single sign-on and webhooks under Settings; whose app gives no right codes signs "
    "in with a recovery code or a passkey, or has it taken off: headwater user second-factor EMAIL --off. Or set "
    "HEADWATER_SECRET_KEY to the key of the installation they are from."
)


def sealed_elsewhere() -> list[str]:
    """What it is, in words; nothing where everything can be opened."""
    return list(_found())


def _found() -> Iterator[str]:
    from headwater.api.models import Webhook
    from headwater.api.webhooks.signing import unseal as unseal_webhook
    from headwater.team.models import SecondFactor
    from headwater.team.queries.second_factor import unseal
    from headwater.team.queries.single_sign_on import settings_of_provider
    from headwater.tell.queries.settings import mail_settings, password_of

    apps = SecondFactor.objects.exclude(confirmed_at=None).values_list("sealed", flat=True)
    if count := sum(unseal(sealed) is None for sealed in apps):
        yield f"the apps for one-time codes ({count})"
    ours = mail_settings()
    if ours.sealed and password_of(ours) is None:
        yield "the password of the mail server"
    provider = settings_of_provider()
    if provider.sealed and unseal(provider.sealed) is None:
        yield "the secret of single sign-on"
    hooks = Webhook.objects.filter(is_active=True).values_list("sealed", flat=True)
    if count := sum(unseal_webhook(sealed) is None for sealed in hooks):
        yield f"the secrets of webhooks ({count})"
