"""Telephone numbers: from what people write to E.164, checked against the numbering plan of each country.

``phonenumbers`` is the authority and slow (6,000 numbers a second). Most numbers in a list are plain digits of
a known country that need none of its special cases; those are checked here against the same plans, compiled
once a country. Whatever is not clearly right that way is asked of the library, so the answers are the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

from headwater.parties.countries import region_of
from headwater.platform.translated import gettext as _

_PLAIN = re.compile(r"(?:\+[1-9]|[0-9(])[0-9 \u00a0().\-/]{4,30}", re.ASCII)
_PUNCTUATION = str.maketrans("", "", "+ \u00a0().-/")
_TYPES = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
    "fixed_line", "mobile",
)  # fmt: skip


class BadContact(ValueError):
    """An address or number that cannot reach anybody; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number in the form every network understands, and the extension behind it, if any."""

    e164: str
    extension: str = ""


def normalise_phone(text: str, region: str | None) -> str:
    """A telephone number as E.164 ("+49301234567"); an extension is left to ``parse_phone``.

    Raises:
        BadContact: no telephone has such a number.
    """
    return _plain_phone(text, region) or parse_phone(text, region).e164


def is_phone(text: str, region: str, country: str = "") -> bool:
    """Whether a text is a number that a telephone can have, dialled in this region ("" where none is known).

    ``country`` is what a file says of where its owner is, in words or as a code; it goes before.
    """
    try:
        normalise_phone(text, region_of(country) or region or None)
    except BadContact:
        return False
    return True


def parse_phone(text: str, region: str | None) -> Phone:
    """The number that somebody in ``region`` (ISO country, such as "DE") means by ``text``.

    Raises:
        BadContact: no telephone has such a number.
    """
    if len(text) > 80:
        raise BadContact(_('"{text}..." is not a telephone number.').format(text=text[:30]))
    return _library_phone(text, region)


@lru_cache(maxsize=16_384)
def _library_phone(text: str, region: str | None) -> Phone:
    written = text.strip().lstrip("'")
    if region is None and written.startswith("00"):
        written = "+" + written[2:]
    try:
        number = phonenumbers.parse(written, region.upper() if region else None)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and region is None:
            raise BadContact(
                _('"{text}" needs its country: write it with + and the country code.').format(text=text)
            ) from None
        raise BadContact(_('"{text}" is not a telephone number.').format(text=text)) from None
    if not phonenumbers.is_valid_number(number):
        raise BadContact(_('"{text}" is not a number that any telephone can have.').format(text=text))
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, number.extension or "")


def _plain_phone(text: str, region: str | None) -> str:
    """The E.164 form of a number written without any peculiarity, or "" to ask the library."""
    if not _PLAIN.fullmatch(text):
        return ""
    digits = text.translate(_PUNCTUATION)
    if text[0] == "+":
        country = _country(digits[:3])
        home = COUNTRY_CODE_TO_REGION_CODE.get(country, ("001",))[0]
        if home == "001":
            return ""
        plan = _plan(home)
        digits = digits[len(str(country)) :]
    elif region:
        home = region.upper()
        plan = _plan(home)
        if plan is None or digits.startswith(plan.country) or plan.abroad.match(digits):
            return ""
    else:
        return ""
    if plan is None:
        return ""
    trunk = plan.trunk.match(digits) if plan.trunk else None
    if trunk is not None and trunk.end():
        if plan.rewrites:
            return ""
        digits = digits[trunk.end() :]
    return f"+{plan.country}{digits}" if _is_valid(plan.country, digits) else ""


@lru_cache(maxsize=1024)
def _country(digits: str) -> int:
    """The country code that a number begins with; 0 for none."""
    codes = (int(digits[:n]) for n in (1, 2, 3))
    return next((code for code in codes if code in COUNTRY_CODE_TO_REGION_CODE), 0)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What has to be taken off a number as it is dialled inside a country."""

    country: str
    trunk: re.Pattern[str] | None  # the 0 before the area code
    rewrites: bool  # taking it off changes the rest, which is left to the library
    abroad: re.Pattern[str]  # the 00 that leads out of the country


@cache
def _plan(region: str) -> _Plan | None:
    found = PhoneMetadata.metadata_for_region(region, None)
    if found is None:
        return None
    trunk = found.national_prefix_for_parsing
    return _Plan(
        country=str(found.country_code),
        trunk=re.compile(trunk) if trunk else None,
        rewrites=found.national_prefix_transform_rule is not None,
        abroad=re.compile(found.international_prefix or r"(?!)"),
    )


@cache
def _numbers_of(country: str) -> tuple[tuple[frozenset[int], re.Pattern[str], re.Pattern[str]], ...]:
    """Per region of a country code: possible lengths, the general pattern, the patterns of its types."""
    regions = []
    for region in COUNTRY_CODE_TO_REGION_CODE[int(country)]:
        found = PhoneMetadata.metadata_for_region(region, None)
        if found is None or found.general_desc is None:
            continue
        general = found.general_desc.national_number_pattern
        kinds = [getattr(found, kind) for kind in _TYPES]
        patterns = [
            f"(?=.{{{length}}}$)(?:{kind.national_number_pattern})"
            for kind in kinds
            if kind is not None and kind.national_number_pattern
            for length in kind.possible_length or found.general_desc.possible_length
        ]
        if patterns and general:
            regions.append(
                (
                    frozenset(found.general_desc.possible_length),
                    re.compile(general),
                    re.compile("|".join(patterns)),
                )
            )
    return tuple(regions)


def _is_valid(country: str, digits: str) -> bool:
    return any(
        len(digits) in lengths and general.fullmatch(digits) and kinds.fullmatch(digits)
        for lengths, general, kinds in _numbers_of(country)
    )
