"""What happens with how people are told."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from headwater.platform.events import Fact


@dataclass(frozen=True, kw_only=True)
class MailPasswordSet(
    Fact,
    verb="tell.mail_password_set",
    subject="tell.mail_settings:settings_id",
    sentence=_("Changed the password at the mail server"),
    icon="key",
):
    """The installation has another password at its mail server; the password itself is in no log."""

    settings_id: int


@dataclass(frozen=True, kw_only=True)
class MailTriedAgain(
    Fact, verb="tell.mail_tried_again", subject="tell.mail:mail_id", sentence=_("Mail tried again at once"), icon="mail"
):
    """Somebody lets a mail that waits be tried again without waiting."""

    mail_id: int


@dataclass(frozen=True, kw_only=True)
class NewsChosen(
    Fact, verb="tell.news_chosen", subject="team.user:user_id", sentence=_("Wants to be told otherwise"), icon="bell"
):
    """Somebody said of what they want to be told, and how."""

    user_id: int
    kinds: list[str]


@dataclass(frozen=True, kw_only=True)
class DigestChosen(
    Fact, verb="tell.digest_chosen", subject="team.user:user_id", sentence=_("Daily digest from {hour}"), icon="mail"
):
    """Somebody wants one mail a day from this hour on, or none (no ``hour``)."""

    user_id: int
    hour: int | None = None


@dataclass(frozen=True, kw_only=True)
class WordsChanged(
    Fact, verb="tell.words_changed", subject="tell.words:words_id", sentence=_("Changed what a mail says"), icon="mail"
):
    """Mails of a kind say something else: subject and text before and after, none where they are as delivered."""

    words_id: int
    kind: str
    before: list[str] | None = None
    after: list[str] | None = None
