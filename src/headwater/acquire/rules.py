"""Decisions about sources that need only values: when two names are one, and what channel a name suggests."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from headwater.platform.translated import gettext as _

LONGEST_NAME = 120

_GAPS = re.compile(r"[\s_]+")
_WORDS = re.compile(r"[^\W\d_]+")

# What a source's name says about its channel; the first line with a hit wins. A word counts when it stands alone,
# a stem (with *) when a word begins with it. Paid comes before the place it was paid in: "Google Ads" is paid.
_SIGNS: tuple[tuple[str, str], ...] = (
    ("PAID_ADVERTISING", "paid ad ads advert* adwords cpc ppc sem display banner* sponsor* retarget* publicit*"),
    ("REFERRAL", "referral* referrer* referred refer reference* recommend* introduc* mouth friend*"),
    (
        "TRADE_SHOW",
        "fair* expo* exhibition* tradeshow* show* messe conference* congress* event* seminar* booth",
    ),
    ("EXTERNAL_LIST", "list lists listco purchased bought database broker"),
    ("EMAIL", "email* mail mailing* newsletter* edm"),
    ("PARTNER", "partner* reseller* distributor* dealer* affiliate* agent* agency rep reps vendor*"),
    ("SOCIAL_MEDIA", "social facebook instagram linkedin twitter youtube* tiktok xing pinterest whatsapp"),
    ("OUTBOUND_CALL", "outbound cold telemarketing telesales"),
    ("INBOUND_CALL", "inbound call calls callback click2call phone* telephone* hotline"),
    ("WALK_IN", "walkin walk showroom"),
    ("WEB_FORM", "form forms webform website web site landing chat livechat enquiry inquiry"),
    ("DIRECT", "direct"),
    ("ORGANIC_SEARCH", "organic seo search google bing yahoo duckduckgo ecosia"),
)
_STEMS = tuple(
    (channel, frozenset(w for w in words.split() if not w.endswith("*")),
     tuple(w.rstrip("*") for w in words.split() if w.endswith("*")))
    for channel, words in _SIGNS
)  # fmt: skip


def fold_name(name: str) -> str:
    """The form in which two names are the same source or campaign: case, spacing and underscores do not matter."""
    return _GAPS.sub(" ", unicodedata.normalize("NFKC", name)).strip().casefold()[:LONGEST_NAME]


def guess_channel(name: str) -> str:
    """The channel a source's name suggests, as a code; ``OTHER`` when it says nothing.

    A guess for a source that comes in with a file; people correct it on the source's page. A search engine's
    bare name counts as organic search, because paid clicks are nearly always called so.
    """
    folded = fold_name(name).replace("e-mail", "email").replace("walk-in", "walkin").replace("click2call", "call")
    words = _WORDS.findall(folded)
    if "direct" in words and "mail" in words:
        return "OTHER"  # letters by post have no channel of their own
    for channel, exact, stems in _STEMS:
        if any(word in exact or word.startswith(stems) for word in words):
            return channel
    return "OTHER"


def arrival_kind(interest: str, channel: str) -> str:
    """The kind of touchpoint by which a lead arrives: what it asks for, or the way in if that says more."""
    if interest != "ENQUIRY":
        return interest
    return {"EXTERNAL_LIST": "LISTED", "TRADE_SHOW": "STAND_VISIT", "INBOUND_CALL": "CALL"}.get(channel, "ENQUIRY")


def read_channel(text: str, labels: Mapping[str, str]) -> str:
    """The channel a cell of a file means: its code, its label, or what its words suggest; nothing if it is blank.

    ``labels`` gives the label of each code.
    """
    folded = fold_name(text)
    for code, label in labels.items():
        if folded in (fold_name(code), fold_name(label)):
            return code
    return guess_channel(text) if folded else ""


def why_not_spent(values: Mapping[str, Any], *, zone: tzinfo, at: datetime) -> dict[str, list[str]]:
    """What speaks against an entry of spend, by field. Below zero is a refund or a correction, nothing is neither."""
    wrong: dict[str, list[str]] = {}
    amount, spent_on = values.get("amount"), values.get("spent_on")
    if amount is not None and amount == 0:
        wrong["amount"] = [_("Enter an amount other than zero.")]
    if spent_on is not None and spent_on > at.astimezone(zone).date():
        wrong["spent_on"] = [
            _("{spent_on:%Y-%m-%d} has not come yet: only money that is spent counts.").format(spent_on=spent_on)
        ]
    return wrong
