"""Rules about who somebody is that need no database: addresses, numbers and names in their one true form."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from headwater.parties.countries import region_of
from headwater.parties.email_faults import in_our_words
from headwater.parties.phones import BadContact, Phone, is_phone, normalise_phone, parse_phone
from headwater.parties.words import (
    COMPANY_LINKS,
    DOCTORS_OF,
    LEGAL_FORMS,
    NAME_PARTICLES,
    NAME_SUFFIXES,
    NAME_TITLES,
    UNFOLDED_LETTERS,
)
from headwater.platform.translated import gettext as _

__all__ = [
    "DIRECTIONS",
    "BadContact",
    "PersonName",
    "Phone",
    "company_key",
    "email_domain",
    "is_phone",
    "name_key",
    "names_agree",
    "normalise_email",
    "normalise_phone",
    "normalise_website",
    "parse_phone",
    "region_of",
    "split_name",
    "website_domain",
]

DIRECTIONS = {
    **dict.fromkeys(("in", "inbound", "incoming", "eingehend", "entrante", "entrant", "inkomend"), "INBOUND"),
    **dict.fromkeys(("out", "outbound", "outgoing", "ausgehend", "saliente", "sortant", "uitgaand"), "OUTBOUND"),
}  # the words of files for who came to whom


# --- e-mail ---------------------------------------------------------------------------------------------

_PLAIN_EMAIL = re.compile(
    r"([A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+(?:\.[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+)*)@([A-Za-z0-9.\-]+)"
)
_EMAIL_AROUND = " \t\u00a0\u200b\u200e\u2060\ufeff"
_LONGEST_EMAIL, _LONGEST_LOCAL, _LONGEST_DOMAIN = 254, 64, 253
_SPECIAL_DOMAINS = frozenset(SPECIAL_USE_DOMAIN_NAMES)


def normalise_email(text: str) -> str:
    """The one form of an e-mail address by which its owner is recognised: checked and in lower case.

    Whether the domain exists is not asked: that would tell the world whom we know, and change by the day.
    ``mailto:`` and the ``Name <address>`` of an address book are unwrapped.

    Raises:
        BadContact: it is no address; the reason names the part that is wrong.
    """
    plain = _PLAIN_EMAIL.fullmatch(text)
    if plain is not None and len(text) <= _LONGEST_EMAIL:
        local, domain = plain.groups()
        if len(local) <= _LONGEST_LOCAL:
            known = _domain(domain.lower())
            if known.problem:
                raise BadContact(in_our_words(known.problem))
            if len(local) + 1 + known.length <= _LONGEST_EMAIL:
                return f"{local.lower()}@{known.name}"
    return _any_email(text)


def _any_email(text: str) -> str:
    """The same by the book, for everything beyond a plain ASCII address."""
    address = text.strip(_EMAIL_AROUND)
    if address[:7].lower() == "mailto:":
        address = address[7:].split("?")[0]
    if address.endswith(">") and "<" in address:
        address = address[address.rindex("<") + 1 : -1].strip(_EMAIL_AROUND)
    try:
        found = validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise BadContact(in_our_words(str(error))) from None
    return unicodedata.normalize("NFC", found.normalized.lower())


@dataclass(frozen=True, slots=True)
class _Domain:
    name: str
    length: int
    problem: str = ""


_PLAIN_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


@lru_cache(maxsize=65_536)
def _domain(domain: str) -> _Domain:
    if len(domain) <= _LONGEST_DOMAIN and _PLAIN_DOMAIN.fullmatch(domain) and "--" not in domain:
        labels = domain.split(".")
        # Plain letters, digits and hyphens are what they are; only names set apart for special use are no addresses.
        if not any(".".join(labels[n:]) in _SPECIAL_DOMAINS for n in range(len(labels))):
            return _Domain(domain, len(domain))
    try:
        found = validate_email(f"a@{domain}", check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        return _Domain("", 0, str(error))
    name = unicodedata.normalize("NFC", found.domain.lower())
    return _Domain(name, max(len(found.ascii_domain), len(name.encode())))


def email_domain(email: str) -> str:
    """The part of a normalised address that names the organisation or the mail service."""
    return email.rpartition("@")[2]


# --- website --------------------------------------------------------------------------------------------

_HOST_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")


LONGEST_ADDRESS = 254


def normalise_website(text: str) -> str:
    """A web address that can be opened and compared: scheme, host in lower case, no trailing slash.

    Raises:
        BadContact: it is no address of a public website.
    """
    written = text.strip()
    if "://" not in written:
        written = "https://" + written.removeprefix("//")
    try:
        parts = urlsplit(written)
        port = parts.port
    except ValueError:
        raise BadContact(_('"{text}" is not a web address.').format(text=text)) from None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise BadContact(_('"{text}" is not a web address.').format(text=text)) from None
    labels = host.split(".")
    named = len(labels) > 1 and all(_HOST_LABEL.fullmatch(label) for label in labels)
    if scheme not in ("http", "https") or parts.username is not None or not named or labels[-1].isdigit():
        raise BadContact(_('"{text}" is not a web address.').format(text=text))
    if port in (None, 80 if scheme == "http" else 443):
        place = host
    else:
        place = f"{host}:{port}"
    path = re.sub(r"\s", "%20", parts.path.rstrip("/"))
    query = f"?{parts.query}" if parts.query else ""
    address = f"{scheme}://{place}{path}{query}"
    if len(address) > LONGEST_ADDRESS:
        raise BadContact(
            _("A web address has at most {longest_address} characters.").format(longest_address=LONGEST_ADDRESS)
        )
    return address


def website_domain(website: str) -> str:
    """The host of a web address without ``www``: two records with the same one are likely one company."""
    return (urlsplit(website).hostname or "").removeprefix("www.")


# --- names ----------------------------------------------------------------------------------------------

_APOSTROPHES = re.compile(r"['’‘`´ʼ]")
_NOT_WORD = re.compile(r"[\W_]+")
_LATIN_MARKS = re.compile("[\u0300-\u036f]")
LONGEST_KEY = 200  # as many as a row has room for: folding makes some letters two
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")


def name_key(text: str) -> str:
    """A name stripped of what people write differently: case, accents, punctuation, spacing.

    Letters of other scripts stay; only the accents of Latin, Greek and Cyrillic letters go.
    """
    if _PLAIN_NAME.fullmatch(text):
        return text.lower()[:LONGEST_KEY]
    folded = unicodedata.normalize("NFKD", text).casefold().translate(UNFOLDED_LETTERS)
    folded = unicodedata.normalize("NFC", _LATIN_MARKS.sub("", folded))
    folded = _APOSTROPHES.sub("", folded)
    if not folded.isascii():  # the vowel signs of Indian and other scripts are marks and have to stay
        kept = [c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in folded]
        return " ".join("".join(kept).split())[:LONGEST_KEY].rstrip()
    return _NOT_WORD.sub(" ", folded).strip()[:LONGEST_KEY].rstrip()


def company_key(text: str) -> str:
    """A company's name without its legal form: "Müller & Söhne GmbH & Co. KG" is "muller sohne".

    A name that is nothing but a legal form is kept whole.
    """
    words = _joined_initials(name_key(text).split())
    kept = list(words)
    while len(kept) > 1:
        if len(kept) > 2 and kept[-2] + kept[-1] in LEGAL_FORMS:
            del kept[-2:]
        elif kept[-1] in LEGAL_FORMS or kept[-1] in COMPANY_LINKS:
            kept.pop()
        elif len(kept) < len(words) and kept[-1] in ("de", "s"):
            kept.pop()  # "S. de R.L. de C.V."
        else:
            break
    if len(kept) > 1 and kept[0] == "the":
        kept.pop(0)
    inner = [word for word in kept if word not in COMPANY_LINKS]
    return " ".join(inner or kept)


def _joined_initials(words: list[str]) -> list[str]:
    """ "b v" came from "B.V." and "s a r l" from "S.A.R.L.": read single letters in a row as one word."""
    joined: list[str] = []
    run = ""
    for word in words:
        if len(word) == 1:
            run += word
            continue
        if run:
            joined.append(run)
            run = ""
        joined.append(word)
    return [*joined, run] if run else joined


@dataclass(frozen=True, slots=True)
class PersonName:
    """A person's name in its parts; ``last`` includes particles such as "van der"."""

    first: str = ""
    last: str = ""
    title: str = ""
    suffix: str = ""

    @property
    def full(self) -> str:
        """The name as one would address a letter."""
        return " ".join(filter(None, (self.title, self.first, self.last, self.suffix)))


def split_name(text: str) -> PersonName:
    """A full name taken apart: "Dr. Anna van der Berg", "Berg, Anna", "John Smith, Jr."

    One word alone is a first name, unless a title stands before it ("Frau Müller").
    """
    parts = [part.split() for part in text.replace("，", ",").split(",")]
    parts = [part for part in parts if part]
    suffix: list[str] = []
    while len(parts) > 1 and all(_bare(word) in NAME_SUFFIXES for word in parts[-1]):
        suffix = parts.pop() + suffix
    if not parts:
        return PersonName()
    if len(parts) > 1:
        last, given = parts[0], [word for part in parts[1:] for word in part]
        title, given = _leading_titles(given)
        more, last = _leading_titles(last)
        return PersonName(" ".join(given), " ".join(last), " ".join(more + title), " ".join(suffix))
    title, words = _leading_titles(parts[0])
    while len(words) > 1 and _bare(words[-1]) in NAME_SUFFIXES and not (len(words) == 2 and not title):
        suffix.insert(0, words.pop())
    if len(words) <= 1:
        alone = " ".join(words)
        return PersonName("", alone, " ".join(title), " ".join(suffix)) if title else PersonName(alone)
    cut = next((i for i, word in enumerate(words[1:-1], 1) if _bare(word) in NAME_PARTICLES), len(words) - 1)
    if title and _bare(words[0]) in NAME_PARTICLES:
        cut = 0  # "Herr von Berg"
    return PersonName(" ".join(words[:cut]), " ".join(words[cut:]), " ".join(title), " ".join(suffix))


def _bare(word: str) -> str:
    return word.replace(".", "").replace("'", "").replace("’", "").casefold()


def _leading_titles(words: list[str]) -> tuple[list[str], list[str]]:
    count = 0
    while count < len(words) and (
        _bare(words[count]) in NAME_TITLES or (count and words[count].casefold() in DOCTORS_OF)
    ):
        count += 1
    if count == len(words) and count:
        count -= 1  # somebody may be called Prince
    return words[:count], words[count:]


def names_agree(a: str, b: str) -> bool:
    """Whether two spellings can be one person, so that a matching e-mail address may join their records.

    Order, case, accents, titles, particles, left-out middle names and initials do not matter; a different
    first or last name does, and a nickname counts as different (it is proposed instead). A name left blank
    contradicts nothing.
    """
    if a == b:
        return True
    ours, theirs = _name_forms(a[:200]), _name_forms(b[:200])
    if not ours[0] or not theirs[0]:
        return True
    return any(_words_agree(mine, yours) for mine in ours for yours in theirs)


@lru_cache(maxsize=16_384)
def _name_forms(name: str) -> tuple[tuple[str, ...], ...]:
    """The words of a name that identify, once with ü as u and once, where it differs, as ue."""
    forms: list[tuple[str, ...]] = []
    for spelling in (name, name.translate(_GERMAN)):
        words = name_key(spelling).split()
        while len(words) > 1 and words[0] in NAME_TITLES:
            del words[0]
        while len(words) > 2 and words[-1] in NAME_SUFFIXES:
            del words[-1]
        # "van der Berg" is a surname alone, but "Le Anna" may be Ms Le: one leading particle stays.
        leading = 0 if len(words) > 2 and {words[0], words[1]} <= NAME_PARTICLES else 1
        words = [
            word
            for place, word in enumerate(words)
            if word not in NAME_PARTICLES or place < leading or place == len(words) - 1
        ]
        if tuple(words) not in forms:
            forms.append(tuple(words))
    return tuple(forms)


_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"})


def _words_agree(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    if "".join(a) == "".join(b):
        return True  # "Anna-Maria" and "Annamaria"
    fewer, more = (list(a), list(b)) if len(a) <= len(b) else (list(b), list(a))
    whole = [word for word in fewer if word in more and len(word) > 1]
    if not whole:
        return False
    for word in whole:
        if word in more:
            fewer.remove(word)
            more.remove(word)
    for word in fewer:
        match = next((other for other in more if _initial_of(word, other)), None)
        if match is None:
            return False
        more.remove(match)
    return True


def _initial_of(a: str, b: str) -> bool:
    return (len(a) == 1 or len(b) == 1) and a[0] == b[0]
