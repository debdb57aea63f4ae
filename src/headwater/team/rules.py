"""What each role may do and how far it sees. Patterns over ``room.noun.verb``; ``*`` matches anything.

``sell.cost.see`` is the right to what goods cost us, and so to the margin, wherever they stand; ``sell.cost.change``
the one to fill it in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final, Literal

Visibility = Literal["OWN", "TEAM", "SUBTREE", "ALL"]

_READ: Final = frozenset(
    {
        "parties.*.see", "acquire.*.see", "qualify.*.see", "sell.product.see", "sell.opportunity.see", "sell.order.see",
        "measure.report.see", "team.user.see", "team.rate.see",
        "platform.view.save",
    }
)  # fmt: skip
_TALK: Final = frozenset({"team.comment.create", "team.file.create"})
_WORK_PARTIES: Final = _TALK | frozenset(
    {
        "parties.*.create", "parties.*.change", "parties.person.tag", "parties.organisation.tag",
        "parties.person.relate", "parties.organisation.relate", "parties.activity.done", "parties.activity.delete",
    }
)  # fmt: skip
_TIDY: Final = frozenset(
    {
        "parties.person.merge", "parties.organisation.merge", "parties.person.archive", "parties.organisation.archive",
    }
)  # fmt: skip
_WORK_LEADS: Final = frozenset(
    {
        "qualify.lead.create", "qualify.lead.change", "qualify.lead.move", "qualify.lead.disqualify",
        "qualify.lead.recycle", "qualify.lead.reopen", "qualify.lead.claim", "qualify.lead.respond",
        "acquire.touchpoint.create",
    }
)  # fmt: skip
_HAND_OVER: Final = frozenset({"qualify.lead.hand_over"})
_TAKE_OVER: Final = frozenset({"qualify.lead.accept", "qualify.lead.send_back"})
_SELL: Final = frozenset(
    {
        "qualify.lead.convert", "sell.opportunity.create", "sell.opportunity.change", "sell.opportunity.move",
        "sell.opportunity.win", "sell.opportunity.lose", "sell.opportunity.reopen", "sell.order.create",
    }
)  # fmt: skip
_MARKET: Final = frozenset(
    {
        "acquire.*.create", "acquire.*.change", "acquire.*.delete", "acquire.*.archive", "acquire.*.import",
        "acquire.*.export",
        "qualify.lead.import", "qualify.lead.export", "parties.*.import", "parties.*.export", "intake.*",
        "platform.deleted.see", "platform.view.publish",
    }
)  # fmt: skip
_LEAD_SALES: Final = frozenset(
    {
        "qualify.*", "sell.*", "parties.*", "acquire.*", "intake.*", "measure.report.*", "measure.company.see",
        "measure.margin.see", "team.user.see", "team.rate.see", "platform.deleted.see", "platform.view.*",
    }
)  # fmt: skip


@dataclass(frozen=True)
class RoleRights:
    """The verbs of a role and how far among owned rows it sees."""

    verbs: frozenset[str]
    visibility: Visibility


ROLE_RIGHTS: Final[dict[str, RoleRights]] = {
    "OWNER": RoleRights(frozenset({"*"}), "ALL"),
    "ADMINISTRATOR": RoleRights(frozenset({"*"}), "ALL"),
    "HEAD_OF_SALES": RoleRights(_LEAD_SALES | _TALK, "ALL"),
    "MARKETER": RoleRights(
        _READ
        | _MARKET
        | _WORK_PARTIES
        | _TIDY
        | _WORK_LEADS
        | _HAND_OVER
        | {"measure.report.*", "measure.company.see", "measure.margin.see"},
        "ALL",
    ),
    "INSIDE_SALES": RoleRights(
        _READ
        | _WORK_PARTIES
        | _TIDY
        | _WORK_LEADS
        | _HAND_OVER
        | _TAKE_OVER
        | {"qualify.lead.convert", "sell.opportunity.create"},  # opened for a colleague who sells
        "SUBTREE",
    ),
    "FIELD_REP": RoleRights(_READ | _WORK_PARTIES | _WORK_LEADS | _TAKE_OVER | _HAND_OVER | _SELL, "SUBTREE"),
    "INDEPENDENT_REP": RoleRights(_READ | _WORK_PARTIES | _WORK_LEADS | _TAKE_OVER | _SELL, "OWN"),
    "SERVICE": RoleRights(
        frozenset({"parties.*.see", "sell.order.see", "sell.product.see", "team.user.see", "platform.view.save"})
        | _WORK_PARTIES,
        "ALL",
    ),
    "READ_ONLY": RoleRights(_READ | {"measure.company.see", "measure.margin.see"}, "ALL"),
}

SEEN_AS: Final = "seen_as"  # where a session keeps as what or whom somebody only looks

TOKEN_SCOPES: Final[dict[str, str]] = {
    "read": "*.see",
    "write": "*",
}


def rights_of(role: str) -> RoleRights:
    """The rights of a role; a role that is not known may do nothing."""
    return ROLE_RIGHTS.get(role, RoleRights(frozenset(), "OWN"))


def has_right(rights: RoleRights, verb: str) -> bool:
    """Whether a role has a right, wherever its rows are visible."""
    return verb in rights.verbs or any(fnmatchcase(verb, each) for each in rights.verbs)


def roles_that_may(verb: str) -> list[str]:
    """The roles that have a right as they are delivered."""
    return [role for role, rights in ROLE_RIGHTS.items() if has_right(rights, verb)]


@lru_cache(maxsize=256)
def differing(
    base: RoleRights, added: frozenset[str], removed: frozenset[str], visibility: Visibility, known: frozenset[str]
) -> RoleRights:
    """The rights of a role that differs from a delivered one: by name, among the ``known`` ones."""
    verbs = {verb for verb in known if has_right(base, verb)} - removed | (added & known)
    return RoleRights(frozenset(verbs), visibility)


def below(team_id: int, tree: Iterable[tuple[int, int | None]]) -> frozenset[int]:
    """A team and all below it, given the pairs of teams and their parents; even a circle has an end."""
    children: dict[int | None, list[int]] = {}
    for pk, parent_id in tree:
        children.setdefault(parent_id, []).append(pk)
    found: set[int] = set()
    waiting = [team_id]
    while waiting:
        team = waiting.pop()
        if team not in found:
            found.add(team)
            waiting.extend(children.get(team, ()))
    return frozenset(found)


# Wrong passwords within the window before somebody has to wait: for one e-mail from one address, for one e-mail
# from everywhere (an attacker with many addresses), and from one address (an attacker with many e-mails).
SIGN_IN_WINDOW_MINUTES: Final = 15
TRIES_PER_PAIR: Final = 5
TRIES_PER_EMAIL: Final = 50
TRIES_PER_ADDRESS: Final = 100
# Wrong codes of the second factor for one account, from wherever: who gets that far knows the password.
TRIES_PER_CODE: Final = 5
CODES_PER_DAY: Final = 20
SIGN_IN_LOG_DAYS: Final = 90
# Who forgot a password asks once or twice; more mails than these an hour would only annoy whose mailbox it is.
RESETS_PER_ADDRESS: Final = 10
RESETS_PER_ACCOUNT: Final = 3


_BROWSERS: Final = (  # the first that is found: many call themselves by the names of others, too
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
    ("python", "Python"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "Mac"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_in_words(agent: str) -> str:
    """What somebody came with, from what their browser says of itself: ``Firefox · Windows``, or nothing."""
    found = (next((name for mark, name in names if mark in agent), "") for names in (_BROWSERS, _SYSTEMS))
    return " · ".join(filter(None, found))


def manages_owners(role: str) -> bool:
    """Whether a role may make and remove owners: owners themselves, and the system's own commands."""
    return role in ("OWNER", "job")


# ---------------------------------------------------------------- who is meant in a comment

LONGEST_COMMENT: Final = 10_000
_TOKEN: Final = re.compile(r"@\[(\d{1,18})\]")


def with_mentions(text: str, handles: Mapping[str, int]) -> str:
    """A text as it is stored: each ``@Name`` of somebody in ``handles`` becomes ``@[id]``, the longest name first."""
    text = _TOKEN.sub(lambda found: f"@ [{found[1]}]", text)  # nobody is meant by what looks like one of ours
    if not handles:
        return text
    by_word = {handle.casefold(): user_id for handle, user_id in handles.items() if handle}
    longest = sorted(by_word, key=len, reverse=True)
    names = re.compile(rf"(?<!\w)@({'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
    return names.sub(
        lambda found: f"@[{by_word[found[1].casefold()]}]" if found[1].casefold() in by_word else found[0], text
    )


def mentioned_in(text: str) -> list[int]:
    """Who is meant in a stored text, each once, in order."""
    return list(dict.fromkeys(int(found) for found in _TOKEN.findall(text)))


def spoken(text: str, names: Mapping[int, str]) -> str:
    """A stored text with names again."""
    return _TOKEN.sub(lambda found: f"@{names.get(int(found[1]), '?')}", text)


def parts_of(text: str) -> Iterable[tuple[str, int | None]]:
    """A stored text cut at its mentions: words with None, and a mention with the user it means."""
    at = 0
    for found in _TOKEN.finditer(text):
        yield text[at : found.start()], None
        yield found[0], int(found[1])
        at = found.end()
    yield text[at:], None
