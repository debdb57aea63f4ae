"""Of what people are told, and how."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NewsKind(models.TextChoices):
    """Of what somebody is told."""

    MENTION = "MENTION", _("Somebody means me in a comment")
    COMMENT = "COMMENT", _("A comment on a record I follow")
    CHANGE = "CHANGE", _("A change of a record I follow")
    ASSIGNED = "ASSIGNED", _("Something was given to me")
    HANDED_OVER = "HANDED_OVER", _("A lead was handed over to me")
    SENT_BACK = "SENT_BACK", _("A handover of mine was sent back")
    ANSWER_DUE = "ANSWER_DUE", _("A lead of mine waits for its first answer")
    TODO_DUE = "TODO_DUE", _("A to-do of mine is due")
    WORK = "WORK", _("An import of mine is done, or work in the background failed")
    WEBHOOK = "WEBHOOK", _("A webhook of mine was given up")
    TOKEN = "TOKEN", _("Tokens of mine were revoked")
    SHARED = "SHARED", _("A view of a list was shared with me or my team")


class NewsWay(models.TextChoices):
    """How somebody is told."""

    OFF = "OFF", _("Not at all")
    BELL = "BELL", _("At the bell")
    DIGEST = "DIGEST", _("At the bell and in the daily digest")
    MAIL = "MAIL", _("At the bell and by mail at once")
