"""What is wrong with an e-mail address, as the library says it, in words that are translated."""

from __future__ import annotations

from typing import Final

from headwater.platform.translated import Wording, gettext, noted

# Its texts for what people mistype; a newer version that says something else is shown in English.
USUAL: Final = (
    noted("An email address must have an @-sign."),
    noted("There must be something before the @-sign."),
    noted("There must be something after the @-sign."),
    noted("The part after the @-sign is not valid. It should have a period."),
    noted("The part after the @-sign is not valid. It is not within a valid top-level domain."),
    noted("The part after the @-sign is a special-use or reserved name that cannot be used with email."),
    noted("The email address contains invalid characters before the @-sign"),
    noted("The part after the @-sign contains invalid characters"),
    noted("An email address cannot have two periods in a row."),
    noted("An email address cannot start with a period."),
    noted("An email address cannot end with a period."),
    noted("An email address cannot have a period immediately before the @-sign."),
    noted("An email address cannot have a period immediately after the @-sign."),
)
_OF = Wording("{fault}: {what}")


def in_our_words(said: str) -> str:
    """The fault in the language of the moment, and of any reader later."""
    fault, _, what = said.partition(": ")
    return _OF.format(fault=gettext(fault), what=what) if what else gettext(said)


def of_address(email: str, fault: object) -> str:
    """The fault with the address it is one of, for a row that holds more than that."""
    return gettext("E-mail “{email}”: {fault}").format(email=email, fault=fault)
