"""The links in mails that stop mails of their kind: whose and which ones is signed into them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.urls import reverse

from headwater.tell.models import MailKind
from headwater.tell.words import NewsKind

SALT: Final = "headwater.tell.stop"
STOPPABLE: Final = (MailKind.DIGEST.value, *NewsKind.values)


@dataclass(frozen=True)
class Stop:
    """Which mails stop, and whose: the daily digest (``DIGEST``), or those about one kind of news."""

    user_id: int
    kind: str

    @property
    def is_digest(self) -> bool:
        """Whether it is about the daily digest."""
        return self.kind == MailKind.DIGEST

    @property
    def about(self) -> str:
        """Of what these mails tell, in words; empty for the digest."""
        return "" if self.is_digest else str(NewsKind(self.kind).label)


def stop_path(stop: Stop) -> str:
    """Where a mail leads whoever wants no more of its kind. It holds as long as the installation's own key: a mail
    is kept for years, and all it does is undone under *How I am told*."""
    return reverse("stop_mails", args=[signing.dumps([stop.user_id, stop.kind], salt=SALT)])


def read_stop(signed: str) -> Stop | None:
    """What a link says; None where we did not sign it."""
    try:
        user_id, kind = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        return None
    return Stop(user_id, kind) if kind in STOPPABLE else None
