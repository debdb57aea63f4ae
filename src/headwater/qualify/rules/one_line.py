"""A lead in one line, as one says it on the telephone: "Orla Keane, Harrow & Pike, orla@…, quote for 2 plotters".

Who asks, for which company, how to reach them, what for, how much it may be worth, where they come from and who of us
takes it, in any order and in the words of six languages. What is not understood is not guessed: it stays in what they
want, where everybody can read it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from headwater.parties.phones import BadContact, normalise_phone
from headwater.parties.rules import name_key
from headwater.parties.words import LEGAL_FORMS
from headwater.platform.money import CURRENCIES
from headwater.platform.numbers import DecimalMark, plain_number

LONGEST_LINE = 500
ENQUIRY, QUOTE_REQUEST = "ENQUIRY", "QUOTE_REQUEST"


@dataclass(frozen=True, slots=True)
class OneLine:
    """What a line says. ``source`` and ``owner`` are names of those that were given; empty is what it does not say."""

    name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    interest: str = ""
    title: str = ""
    amount: Decimal | None = None
    currency: str = ""
    source: str = ""
    owner: str = ""


def understood(
    line: str,
    *,
    sources: Sequence[str] = (),
    colleagues: Sequence[str] = (),
    region: str = "",
    decimal: DecimalMark = ".",
) -> OneLine:
    """What somebody who types ``line`` means. ``region`` is the country whose telephone numbers need no code,
    ``decimal`` the mark before the decimals there."""
    plain = _UNSEEN.sub(" ", _CELLS.sub(", ", unicodedata.normalize("NFC", line[:LONGEST_LINE])))
    text, email, others = _emails(_in_order(" ".join(plain.split())))
    text, owner = _owner(text, colleagues)
    text, amount, currency = _amount(text, decimal)
    text, phone = _phone(text, region)
    text, source = _source(text, sources)
    parts = [part for part in (_trimmed(part) for part in _BETWEEN.split(text)) if part]
    numbers = [part for part in parts if _is_number(part)]  # a second one names nobody
    before, interest, wanted = _wanted([part for part in parts if part not in numbers])
    name, company, rest = _who(before, _house_of(email))
    title = _trimmed(", ".join(dict.fromkeys([*wanted, *rest, *others, *numbers])))
    return OneLine(name, company, email, phone, interest, title, amount, currency, source, owner)


def is_whole_line(name: str) -> bool:
    """Whether somebody wrote all they know of a lead where only its name is asked for."""
    return "," in name and _EMAIL.search(name) is not None


# --- The pieces that show what they are --------------------------------------------------------------------

# What comes along unseen when somebody copies: marks of direction, spaces of no width, what programs once were told.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
_CELLS = re.compile(r"[\t\r\n]+")  # between what was copied from a sheet
_BETWEEN = re.compile(r"[,;|、,;،؛]+|\s[-–—/]\s")
_DOTTED = re.compile(r"(?<!\w)(?:(?:\w{1,2}\.)+\w{1,2}|inc|ltd|ltda|corp|co|cie|bros)$", re.I)
_EDGES = ' .:;,!?-–—/|<>()[]"“”„«»、。,'
_PAIRS = (("(", ")"), ("<", ">"), ("[", "]"), ("«", "»"), ("»", "«"), ("“", "”"), ("„", "“"), ("„", "”"), ('"', '"'))
_BOOK = re.compile(r"(?P<last>[^\W\d_]+), (?P<first>[^\W\d_]+) <(?P<local>[^\s@<>]+)@")
_IN_EMAIL = r"[^\s,;:<>()\[\]\"@、,،؛|]"
_EMAIL = re.compile(rf"(?:mailto:)?({_IN_EMAIL}+@{_IN_EMAIL}+\.(?:(?!\.){_IN_EMAIL}){{2,}})", re.I)
_PHONE = re.compile(r"(?<![\w.@])(?:\+|\(\+?)?\d(?:[\d\s().\-/–]*\d)(?![\w@])")
_NATIONAL = re.compile(r"\(?0\d{1,4}\)?[\s.\-/–]\d[\d\s.\-/–]{4,12}\d")  # a zero, the area, then the rest apart from it
_PHONE_WORD = re.compile(r"(?<!\w)(?:tel|phone|mobile?|mob|call|fon|telefon|telefoon|teléfono|tél|тел)\.?:?\s*$", re.I)
_SYMBOLS = {
    "€": "EUR", "£": "GBP", "$": "USD", "¥": "JPY", "₽": "RUB", "₴": "UAH", "₹": "INR", "zł": "PLN", "kč": "CZK",
    "fr.": "CHF", "円": "JPY", "元": "CNY",
}  # fmt: skip
_TIMES = {
    "k": 1_000, "tsd": 1_000, "mil": 1_000, "тыс": 1_000, "万": 10_000,
    "m": 1_000_000, "mio": 1_000_000, "mln": 1_000_000, "млн": 1_000_000,
}  # fmt: skip
_CODE = "|".join(sorted(CURRENCIES))
_SIGN = "|".join(re.escape(symbol) for symbol in sorted(_SYMBOLS, key=len, reverse=True))
_FIGURES = r"(?:\d{1,3}(?:[ '’]\d{3})+(?:[.,]\d{1,2})?|\d(?:[\d.,]*\d)?)(?!\d)"
_SCALE = r"(?:\s?(?:k|tsd\.?|тыс\.?|mio\.?|mln\.?|млн|万|m)(?![^\W\d_]))?"
_MONEY = re.compile(
    rf"(?<![\w@])(?:(?P<before>{_SIGN}|(?:{_CODE})(?![^\W\d_]))\s?(?P<a>{_FIGURES})(?P<x>{_SCALE})"
    rf"|(?P<b>{_FIGURES})(?P<y>{_SCALE})\s?(?P<after>(?:{_SIGN})(?!\s?\d)|(?:{_CODE}|euros?)(?!\w))"
    rf"|(?P<c>\d(?:[\d.,]*\d)?)(?P<z>k)(?![^\W_]))",
    re.I,
)
_AT_MOST = re.compile(
    r"(?<!\w)(?:up to|about|around|at most|max\.?|for|worth|bis(?: zu)?|ca\.?|etwa|rund|für|tot|hasta|unos|por|"
    r"jusqu['’]à|environ|pour)\s*$",
    re.I,
)


def _in_order(text: str) -> str:
    """A name as address books write it, "Keane, Orla <orla@…>", the other way round: where the address has the first
    name, or its first letter and the last name."""
    book = _BOOK.match(text)
    if book is None:
        return text
    last, first, local = (name_key(book[part]) for part in ("last", "first", "local"))
    if first in local.split() or local.replace(" ", "") in (first, f"{first[0]}{last}", f"{first}{last}"):
        return f"{book['first']} {book['last']} {text[book.end('first') :]}"
    return text


def _house_of(email: str) -> str:
    """What stands behind the @ of an address, without its ending: often what its company is called."""
    return name_key(email.partition("@")[2].rpartition(".")[0]).replace(" ", "")


def _emails(text: str) -> tuple[str, str, list[str]]:
    """The first address, and the others, which name neither a person nor a company."""
    found = [each[1].strip(_EDGES) for each in _EMAIL.finditer(text)]
    return _EMAIL.sub(", ", text), next(iter(found), ""), found[1:]


def _owner(text: str, colleagues: Sequence[str]) -> tuple[str, str]:
    """The colleague behind an @: by the whole name, or by as much of it as only one of them has."""
    for found in re.finditer(r"(?<![\w.])@(\w[\w.'’-]*(?: \w[\w.'’-]*){0,3})", text):
        words = found[1].split()
        for count in range(len(words), 0, -1):
            typed = name_key(" ".join(words[:count]))
            exact = [name for name in colleagues if name_key(name) == typed]
            fitting = exact or [name for name in colleagues if typed and _begins(name_key(name), typed)]
            if len(fitting) == 1:
                end = found.start(1) + len(" ".join(words[:count]))
                return f"{text[: found.start()]}, {text[end:]}", fitting[0]
    return text, ""


def _begins(name: str, typed: str) -> bool:
    """Whether a name, or one of its words, begins like that."""
    return f" {name}".find(f" {typed}") >= 0


def _amount(text: str, decimal: DecimalMark) -> tuple[str, Decimal | None, str]:
    for found in _MONEY.finditer(text):
        figures = (found["a"] or found["b"] or found["c"]).rstrip(".,")
        figures = re.sub(r"[\s'’]", "", figures)
        grouped = re.fullmatch(r"[0-9]{1,3}(?:[.,][0-9]{3})+", figures)  # no money has three decimals
        value = plain_number(re.sub(r"[.,]", "", figures) if grouped else figures, decimal)
        if value is None or not figures.isascii():
            continue
        scale = (found["x"] or found["y"] or found["z"] or "").strip().rstrip(".").casefold()
        sign = (found["before"] or found["after"] or "").casefold()
        currency = _SYMBOLS.get(sign) or ("EUR" if sign.startswith("euro") else sign.upper())
        before = _AT_MOST.sub("", text[: found.start()])
        return f"{before}, {text[found.end() :]}", value * _TIMES.get(scale, 1), currency
    return text, None, ""


def _phone(text: str, region: str) -> tuple[str, str]:
    """A number somebody can be called at; what is only many figures, such as an order number, stays where it is."""
    for found in _PHONE.finditer(text):
        number, head = found[0].strip(" .-–/"), text[: found.start()]
        if not 6 <= len(re.sub(r"\D", "", number)) <= 17:
            continue
        is_alone = head.rstrip()[-1:] in ("", ",") and text[found.end() :].lstrip()[:1] in ("", ",")
        is_written_so = number.startswith(("+", "(", "0")) or not number.isdigit() or is_alone
        is_named = number.startswith(("+", "(+", "00")) or _PHONE_WORD.search(head) is not None
        # Of another country than the company's: taken as what it is, so that the form can ask for the country code.
        is_foreign = is_alone and _NATIONAL.fullmatch(number) is not None
        if is_named or is_foreign or (is_written_so and _can_be_called(number, region)):
            return f"{_PHONE_WORD.sub('', head)}, {text[found.end() :]}", number
    return text, ""


def _is_number(part: str) -> bool:
    """Whether all of a part is a number somebody can be called at, whatever country it is of."""
    return _PHONE.fullmatch(part) is not None and part.startswith(("+", "(", "0"))


def _can_be_called(number: str, region: str) -> bool:
    try:
        normalise_phone(number, region or None)
    except BadContact:
        return False
    return True


_FROM = (
    "from|via|at|through|source|by|von|vom|über|auf|bei|quelle|van|via|op|bron|desde|por|de|del|fuente|par|sur|"
    "source|du|depuis|от|из|через|с|від|через|来自|から"
)

_THE = "the |der |die |das |dem |de |het |la |le |el "


def _source(text: str, sources: Sequence[str]) -> tuple[str, str]:
    """A source we know: as a piece of its own, or after a word such as "from"."""
    for name in sorted(filter(None, sources), key=len, reverse=True):
        said = r"\s+".join(re.escape(word) for word in name.split())
        piece = rf"(?:^|(?<=[,;|、]))\s*(?:(?:{_FROM})\b:?\s*)?(?:{_THE})?{said}\s*(?=$|[,;|、])"
        behind = rf"(?<!\w)(?:{_FROM})\b:?\s+(?:{_THE})?{said}(?!\w)"
        found = re.search(piece, text, re.I) or re.search(behind, text, re.I)
        if found is not None:
            return _without(text, found, ","), name
    return text, ""


# --- What they want ----------------------------------------------------------------------------------------

_QUOTES = (
    r"angebotsanfragen?|preisanfragen?|kostenvoranschl[aä]ge?|angebote?|offerteaanvra\w+|prijsopgaven?|prijsaanvra\w+|offertes?|"
    r"quote requests?|request for (?:a )?quot\w+|quotations?|quotes?|rfqs?|"
    r"demandes? de (?:devis|prix)|devis|"
    r"solicitud de (?:presupuesto|cotizaci[oó]n|oferta)|presupuestos?|cotizaci[oó]n(?:es)?|"
    r"pedido de (?:or[cç]amento|cota[cç][aã]o)|or[cç]amentos?|"
    r"коммерческое предложение|запрос цены|смет[аыу]|котировк\w+|комерційна пропозиція|кошторис"
)
_QUOTES_UNSPACED = "御見積|お見積もり|お見積り|お見積|見積もり|見積り|見積|报价|報價|询价|詢價|견적"
_ENQUIRIES = (
    r"kontaktanfragen?|infoanfragen?|anfragen?|fragen?|informatieaanvra\w+|aanvra\w+|vragen|vraag|"
    r"enquir(?:y|ies)|inquir(?:y|ies)|questions?|"
    r"demandes? d['’]informations?|demandes? de renseignements?|demandes?|renseignements?|"
    r"solicitud de informaci[oó]n|consultas?|preguntas?|solicitud|"
    r"вопрос\w*|запрос\w*|запит\w*|питання"
)
_ENQUIRIES_UNSPACED = "お問い合わせ|問い合わせ|咨询|諮詢|문의"
_ABOUT = (
    r"for|about|on|regarding|re|of|f[uü]r|[uü]ber|zu|zum|zur|nach|wegen|voor|over|naar|pour|sur|concernant|d['’]|"
    r"para|sobre|de|на|о|об|про|по|の|关于|關於"
)
_ASKS = re.compile(
    r"(?:^|\s+)(?:(?:asks?|asked|wants?|needs?|requests?|requested|would like|looking) (?:for )?|braucht |möchte |"
    r"wünscht |bittet um |wil |wilt |vraagt (?:om )?|veut |demande |souhaite |quiere |pide |solicita |хочет |просит )?"
    r"(?:an? |the |ein |eine |einen |een |une? |una? )?$",
    re.I,
)
_INTERESTS = (
    (QUOTE_REQUEST, re.compile(rf"(?<!\w)(?:{_QUOTES})(?!\w)|(?:{_QUOTES_UNSPACED})", re.I)),
    (ENQUIRY, re.compile(rf"(?<!\w)(?:{_ENQUIRIES})(?!\w)|(?:{_ENQUIRIES_UNSPACED})", re.I)),
)
_LEADING = re.compile(rf"^(?:(?:{_ABOUT})(?!\w)[\s:]*|[:：\s]+)", re.I)
_TRAILING = re.compile(r"[の的]$")
_FOR_THING = re.compile(r"^(?:for|für|voor|pour|para|для)\s+(?=\S)", re.I)  # as behind an amount: "€ 500 for toner"


def _wanted(parts: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """The parts that are about who asks, what they ask for, and in which words."""
    for interest, pattern in _INTERESTS:
        for at, part in enumerate(parts):
            found = pattern.search(part)
            if found is None or (at == 0 and len(parts) > 1 and _is_company(part)):
                continue
            after = _trimmed(_LEADING.sub("", _trimmed(part[found.end() :])))
            before = _TRAILING.sub("", _trimmed(_ASKS.sub("", part[: found.start()])))
            is_thing = before[:1].isdigit() or (at > 0 and bool(before))
            who, what = ([], [before]) if is_thing else ([before], [])
            told = re.fullmatch(r"(.*\S)\s+from\s+(\S.*)", after, re.I)
            if told is not None and not (who and before) and not parts[:at]:  # "a quote for 2 plotters from Orla"
                who, after = [told[2]], told[1]
            around = [*parts[:at], *who, *parts[at + 1 :]]
            return [part for part in around if part], interest, [words for words in (*what, after) if words]
    things = [part for part in parts if _FOR_THING.match(part) and not _is_company(part)]
    who = [part for part in parts if part not in things]
    return (who, "", [_FOR_THING.sub("", part) for part in things]) if who else (list(parts), "", [])


# --- Who asks ----------------------------------------------------------------------------------------------

_AT = re.compile(r"^(?P<who>.+?)(?:\s+(?:at|from|bei|bij|chez|@)\s+|\s*[(（](?=.+[)）]$))(?P<firm>.+?)[)）]?$", re.I)
_LED_BY = re.compile(r"^(?:from|at|of|bei|bij|chez|von der|von)\s+", re.I)
_FIRMS = re.compile(
    r"(?:株式会社|有限会社|合同会社|公司|集团|주식회사)|(?<!\w)(?:ооо|оао|зао|пао|ао|тов|пат|gruppe|group|holding|"
    r"solutions|systems|partners|brothers|bros|söhne|sons|university|school|hospital|bank|hotel)(?!\w)",
    re.I,
)


def _who(parts: Sequence[str], house: str) -> tuple[str, str, list[str]]:
    """The person and the company of the parts that are left, and what is neither. ``house`` is what their mail says of
    the company: it tells 3M from three metres, and where a name ends that nothing parts from the company's."""
    at_home = next((part for part in parts if _is_of(house, part)), "")
    people = [part for part in parts if part == at_home or not _is_thing(part)]
    rest = [part for part in parts if part not in people]
    if not people:
        return "", "", rest
    first, *others = people
    if not others and (cut := _cut(first, house)):
        return *cut, rest
    if first == at_home and others and not any(map(_is_company, others)) and _may_be_name(others[0]):
        return others[0], first, [*others[1:], *rest]
    inside = _AT.match(first)
    if inside is not None:
        return _trimmed(inside["who"]), _trimmed(inside["firm"]), [*others, *rest]
    if _is_company(first):
        if others and not _is_company(others[0]) and _may_be_name(others[0]):
            return others[0], first, [*others[1:], *rest]
        return "", first, [*others, *rest]
    return first, *_company_of(others, rest)


def _is_of(house: str, part: str) -> bool:
    """Whether a part begins with what the mail is called after: "3M Company" of 3m.example."""
    return len(house) > 1 and name_key(part).replace(" ", "").startswith(house)


def _cut(part: str, house: str) -> tuple[str, str] | None:
    """The name and the company in "Orla Keane Harrow & Pike", whose mail goes to harrow.example. With keane.example
    "Orla Keane" stays whole: a name has two words at least."""
    words = part.split()
    for at in range(2, len(words)):
        if len(house) > 2 and name_key(words[at]) and _is_of(house, " ".join(words[at:])):
            return _trimmed(" ".join(words[:at])), _LED_BY.sub("", _trimmed(" ".join(words[at:])))
    return None


def _company_of(others: list[str], rest: list[str]) -> tuple[str, list[str]]:
    """The company among what follows a name: the part that looks like one, else the first."""
    company = next(filter(_is_company, others), others[0] if others else "")
    return _LED_BY.sub("", company), [*(part for part in others if part != company), *rest]


def _is_company(part: str) -> bool:
    if "&" in part or "＆" in part or _FIRMS.search(part):
        return True
    words = name_key(part.replace(".", "")).split()
    return len(words) > 1 and words[-1] in LEGAL_FORMS


def _is_thing(part: str) -> bool:
    """Whether a part names no one: it begins with a number, or with an @ that nobody answers to."""
    return part[0].isdigit() or part[0] == "@"


def _may_be_name(part: str) -> bool:
    return len(part.split()) <= 5 and not any(letter.isdigit() for letter in part)


def _trimmed(text: str) -> str:
    """Without the marks around it, except the other half of a pair that stands in it, as in ООО «Ромашка», and the
    last dot of Talleres Núñez S.L."""
    whole = " ".join(text.split())
    inner = whole.strip(_EDGES)
    at = whole.find(inner)
    before, after = whole[:at], whole[at + len(inner) :]
    for opening, closing in _PAIRS:
        halves = inner.count(opening) - inner.count(closing) if opening != closing else inner.count(opening) % 2
        if halves > 0 and closing in after:
            inner += closing
        elif halves and opening in before and not inner.startswith(opening):
            inner = opening + inner
    return f"{inner}." if after.startswith(".") and _DOTTED.search(inner) else inner


def _without(text: str, found: re.Match[str], put: str = ",") -> str:
    return f"{text[: found.start()]}{put} {text[found.end() :]}"
