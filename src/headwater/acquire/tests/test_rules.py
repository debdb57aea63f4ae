"""When two names are one source, and what channel a name suggests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.acquire.models import Channel, TouchpointKind
from headwater.acquire.rules import arrival_kind, fold_name, guess_channel, read_channel
from headwater.web.channels import CHANNELS


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("organic_search", "ORGANIC_SEARCH"), ("Google", "ORGANIC_SEARCH"), ("bing", "ORGANIC_SEARCH"),
        ("paid_search", "PAID_ADVERTISING"), ("google_ads", "PAID_ADVERTISING"), ("display", "PAID_ADVERTISING"),
        ("other_publicities", "PAID_ADVERTISING"), ("LinkedIn lead ads", "PAID_ADVERTISING"),
        ("Direct Traffic", "DIRECT"), ("direct_traffic", "DIRECT"), ("Direct mail", "OTHER"),
        ("Facebook", "SOCIAL_MEDIA"), ("social", "SOCIAL_MEDIA"), ("youtubechannel", "SOCIAL_MEDIA"),
        ("Referral Sites", "REFERRAL"), ("Reference", "REFERRAL"), ("word of mouth", "REFERRAL"),
        ("Hannover fair", "TRADE_SHOW"), ("Expo Rotterdam", "TRADE_SHOW"), ("ListCo purchase", "EXTERNAL_LIST"),
        ("Toner newsletter", "EMAIL"), ("E-Mail", "EMAIL"), ("NC_EDM", "EMAIL"), ("Click2call", "INBOUND_CALL"),
        ("Cold calls", "OUTBOUND_CALL"), ("Inbound phone", "INBOUND_CALL"), ("Walk-in", "WALK_IN"),
        ("Olark Chat", "WEB_FORM"), ("Site form", "WEB_FORM"), ("Vendor deal reg.", "PARTNER"),
        ("unknown", "OTHER"), ("other", "OTHER"), ("testone", "OTHER"), ("Adelaide office", "OTHER"), ("", "OTHER"),
    ],
)  # fmt: skip
def test_a_name_suggests_its_channel(name: str, channel: str) -> None:
    assert guess_channel(name) == channel


@given(st.text(max_size=60))
def test_every_guess_is_a_channel_with_a_look_of_its_own(name: str) -> None:
    assert guess_channel(name) in Channel.values
    assert guess_channel(name) in CHANNELS
    assert guess_channel(fold_name(name)) == guess_channel(name)


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing_more(name: str) -> None:
    assert fold_name(fold_name(name)) == fold_name(name)


def test_case_spaces_and_underscores_do_not_make_another_source() -> None:
    assert fold_name("Organic_Search ") == fold_name("organic  search")
    assert fold_name("E-Mail") != fold_name("Mail")


def test_a_cell_may_say_the_channel_by_code_label_or_any_words() -> None:
    labels = {str(code): str(label) for code, label in Channel.choices}
    assert read_channel("trade show", labels) == "TRADE_SHOW"
    assert read_channel("PARTNER", labels) == "PARTNER"
    assert read_channel("cpc", labels) == "PAID_ADVERTISING"
    assert read_channel("", labels) == ""


def test_a_lead_arrives_by_what_it_asks_for_or_by_its_way_in() -> None:
    assert arrival_kind("QUOTE_REQUEST", "TRADE_SHOW") == "QUOTE_REQUEST"
    assert arrival_kind("ENQUIRY", "EXTERNAL_LIST") == "LISTED"
    for interest in ("ENQUIRY", "QUOTE_REQUEST"):
        for channel in [*Channel.values, ""]:
            assert arrival_kind(interest, channel) in TouchpointKind.values
