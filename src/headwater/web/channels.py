"""How a channel looks: its colour, its icon and its word, the same in every list, card and chart."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class ChannelLook:
    """One channel on screen. ``css`` is the class that carries the colour; the icon tells it without colour."""

    css: str
    icon: str
    label: str | Promise


# Eight colours serve the channels of the domain; the rest is grey. The keys are the stored codes.
CHANNELS: dict[str, ChannelLook] = {
    "TRADE_SHOW": ChannelLook("ch-fair", "building-carousel", _("Trade show or event")),
    "WALK_IN": ChannelLook("ch-fair", "walk", _("Walk-in")),
    "ORGANIC_SEARCH": ChannelLook("ch-organic", "world-search", _("Organic search")),
    "WEB_FORM": ChannelLook("ch-organic", "world-www", _("Web form")),
    "DIRECT": ChannelLook("ch-organic", "world", _("Direct")),
    "PAID_ADVERTISING": ChannelLook("ch-paid", "ad-2", _("Paid advertising")),
    "SOCIAL_MEDIA": ChannelLook("ch-paid", "users-group", _("Social media")),
    "EXTERNAL_LIST": ChannelLook("ch-list", "list-search", _("External list")),
    "REFERRAL": ChannelLook("ch-referral", "share-2", _("Referral")),
    "PARTNER": ChannelLook("ch-partner", "heart-handshake", _("Partner or rep")),
    "EMAIL": ChannelLook("ch-email", "mail", _("E-mail")),
    "OUTBOUND_CALL": ChannelLook("ch-outbound", "phone-outgoing", _("Outbound call")),
    "INBOUND_CALL": ChannelLook("ch-outbound", "phone-incoming", _("Inbound call")),
    "OTHER": ChannelLook("ch-other", "dots", _("Other")),
}
LEFT_BLANK = ChannelLook("ch-none", "circle-dashed", _("Left blank"))


def channel_look(code: str | None) -> ChannelLook:
    """The look of the channel with this code; a source left blank has one of its own, an unknown code is grey."""
    if not code:
        return LEFT_BLANK
    return CHANNELS.get(code.upper(), CHANNELS["OTHER"])
