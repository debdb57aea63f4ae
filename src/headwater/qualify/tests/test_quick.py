"""A lead in one line: shown while one types, corrected piece by piece, and saved as the form would."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from headwater.parties import actions as parties
from headwater.parties.models import Activity
from headwater.platform.clock import now
from headwater.qualify.models import Lead

LINE = "Orla Keane, Harrow & Pike, orla@harrow.example, quote for 2 plotters, €12,500"
TYPING = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "quick-pieces"}


@pytest.fixture
def browser(marta) -> Client:
    client = Client()
    client.force_login(marta)
    return client


def words(answer) -> str:
    return answer.content.decode()


def test_what_was_understood_is_shown_while_one_types_and_nothing_is_written(browser) -> None:
    page = words(browser.post("/leads/quick", {"line": LINE}, **TYPING))
    for piece in ("Orla Keane", "Harrow &amp; Pike", "orla@harrow.example", "2 plotters", "12500", "EUR"):
        assert f'value="{piece}"' in page, page
    assert '<option value="QUOTE_REQUEST" selected>' in page
    assert not Lead.objects.exists()


def test_the_line_becomes_a_lead_with_person_and_company(browser, marta) -> None:
    answer = browser.post("/leads/quick", {"line": LINE})
    assert answer.status_code == 302
    lead = Lead.objects.get()
    assert (lead.party.name, lead.organisation.name) == ("Orla Keane", "Harrow & Pike")
    assert (lead.interest, lead.title, lead.amount, lead.currency) == ("QUOTE_REQUEST", "2 plotters", 12500, "EUR")
    assert lead.owner_id == marta.pk


def test_a_piece_that_was_corrected_stays_corrected_while_one_types_on(browser) -> None:
    sent = {"line": LINE, "name": "Orla Keane-Byrne", "was-name": "Orla Keane"}
    page = words(browser.post("/leads/quick", sent, **TYPING))
    assert 'value="Orla Keane-Byrne"' in page
    browser.post("/leads/quick", sent)
    assert Lead.objects.get().party.name == "Orla Keane-Byrne"


def test_somebody_known_already_is_told_and_not_added_twice(browser, by_marta) -> None:
    known = parties.add_person(by=by_marta, at=now(), name="Orla Keane", email="orla@harrow.example")
    page = words(browser.post("/leads/quick", {"line": LINE}, **TYPING))
    assert "Known already" in page and f'href="/people/{known.pk}"' in page
    browser.post("/leads/quick", {"line": LINE})
    assert Lead.objects.get().party_id == known.pk


def test_a_line_that_names_nobody_comes_back_with_the_reason(browser) -> None:
    answer = browser.post("/leads/quick", {"line": "quote for 2 plotters"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 422
    assert "Say who asks" in words(answer) and "quote for 2 plotters" in words(answer)
    assert not Lead.objects.exists()


def test_a_number_of_another_country_is_asked_for_its_country_code_beside_the_field(browser) -> None:
    answer = browser.post("/leads/quick", {"line": "Orla Keane, 01 679 0832"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 422 and not Lead.objects.exists()
    page = words(answer)
    assert 'value="01 679 0832"' in page and "country code" in page
    sent = {"line": "Orla Keane, 01 679 0832", "phone": "+353 1 679 0832", "was-phone": "01 679 0832"}
    assert browser.post("/leads/quick", sent).status_code == 302
    assert (Lead.objects.get().party.name, Lead.objects.get().title) == ("Orla Keane", "")


def test_save_and_next_says_what_happened_and_asks_for_the_next_one(browser) -> None:
    answer = browser.post("/leads/quick", {"line": LINE, "again": "1"}, HTTP_HX_REQUEST="true")
    assert answer.status_code == 200 and "Lead captured" in answer["HX-Trigger"] and "/undo/" in answer["HX-Trigger"]
    assert "<dialog" in words(answer) and "Orla" not in words(answer).split("quick-help")[-1]


def test_a_lead_written_down_beside_a_list_is_one_click_away(browser) -> None:
    answer = browser.post("/leads/quick", {"line": LINE, "next": "/leads?view=open"}, HTTP_HX_REQUEST="true")
    told, record = json.loads(answer["HX-Trigger"])["toast"], f"/leads/{Lead.objects.get().pk}"
    assert told["open_url"] == record
    page = words(browser.post("/leads/quick", {"line": "Zoe Berg, Berg BV", "next": "/leads"}, follow=True))
    assert f'<a href="/leads/{Lead.objects.latest("pk").pk}">Open</a>' in page
    made = browser.post("/leads/quick", {"line": "Ada Marsh, Marsh BV", "then": record}, HTTP_HX_REQUEST="true")
    assert "open_url" in made["HX-Trigger"]


def test_who_may_not_add_leads_is_refused(colleague, desk) -> None:
    from headwater.team.models import Role

    client = Client()
    client.force_login(colleague("Rita Read", Role.READ_ONLY, desk))
    assert client.post("/leads/quick", {"line": LINE}).status_code == 403


def test_the_palette_takes_a_line_as_well(browser) -> None:
    assert "/leads/quick?line=" not in words(browser.get("/search", {"q": "Orla Keane"}))
    page = words(browser.get("/search", {"q": "Orla Keane, Harrow & Pike"}))
    assert "/leads/quick?line=Orla+Keane%2C+Harrow+%26+Pike" in page
    assert 'value="Harrow &amp; Pike"' in words(browser.get("/leads/quick", {"line": "Orla Keane, Harrow & Pike"}))


def test_a_whole_line_in_the_name_is_taken_apart(browser) -> None:
    line = "Orla Keane, Harrow & Pike, orla@harrow.example, quote for 2 plotters"
    given = {"name": line, "phone": "+353 1 555 0142", "interest": "ENQUIRY"}
    besides = {"job_title": "Buyer", "arrived_at": "2026-03-02T09:30", "note": "Call after lunch.\nShe is in a hurry."}
    refused = browser.post("/leads/new", {**given, **besides})
    assert refused.status_code == 422 and "more than a name" in words(refused)
    assert not Lead.objects.exists()
    [url] = re.findall(r'href="(/leads/quick\?[^"]+)"', words(refused))
    page = words(browser.get(unescape(url)))
    for piece in ("Orla Keane", "Harrow &amp; Pike", "orla@harrow.example", "2 plotters", "+353 1 555 0142"):
        assert f'value="{piece}"' in page, piece
    assert "Call after lunch." in page and 'value="Buyer"' in page
    saved = browser.post("/leads/quick", QueryDict(unescape(url).partition("?")[2]).dict())
    assert saved.status_code == 302, words(saved)
    lead = Lead.objects.get()
    assert (lead.party.name, lead.party.job_title) == ("Orla Keane", "Buyer")
    assert timezone.localtime(lead.arrived_at).strftime("%d %H:%M") == "02 09:30"
    assert Activity.objects.get().body == besides["note"]
    assert browser.post("/leads/new", {**given, "name": "Keane, Orla"}).status_code == 302


def test_the_form_tells_of_the_line(browser) -> None:
    assert 'href="/leads/quick"' in words(browser.get("/leads/new")).partition("<form")[2]


def test_a_record_names_person_and_company_as_the_ways_to_them(browser) -> None:
    browser.post("/leads/quick", {"line": LINE})
    lead = Lead.objects.get()
    head = words(browser.get(f"/leads/{lead.pk}")).partition("<h1>")[2].partition('class="acts"')[0]
    assert f'href="/people/{lead.party_id}">Orla Keane</a>' in head
    assert f'href="/organisations/{lead.organisation_id}">Harrow &amp; Pike</a>' in head
    assert ">Person<" not in head and ">Company<" not in head


def test_a_record_says_each_moment_once(browser) -> None:
    browser.post("/leads/quick", {"line": LINE})
    lead = Lead.objects.get()
    told = words(browser.get(f"/leads/{lead.pk}"))
    assert "<dt>Arrived</dt>" in told and "<dt>Answer due</dt>" in told
    for again in ("Clock", "Entered", "In this stage since"):
        assert f"<dt>{again}</dt>" not in told
    Lead.objects.filter(pk=lead.pk).update(stage_since=now() + timedelta(hours=2), created_at=now() - timedelta(days=1))
    told = words(browser.get(f"/leads/{lead.pk}"))
    assert "<dt>Entered</dt>" in told and "<dt>In this stage since</dt>" in told


def test_a_program_is_told_what_would_not_be_kept_beside_a_party(browser, by_head) -> None:
    person = parties.add_person(name="Orla Keane", by=by_head, at=now())
    sent = {
        "party_id": person.pk,
        "interest": "ENQUIRY",
        "email": "orla@harrow.example",
        "company": "Harrow",
        "phone": "",
    }
    answer = browser.post("/api/v1/leads", {**sent, "name": "Somebody Else"}, content_type="application/json")
    assert answer.status_code == 422 and set(answer.json()["errors"]) == {"email", "company", "name"}
    assert not Lead.objects.exists()
    kept = {"party_id": person.pk, "interest": "ENQUIRY", "name": "Orla Keane", "email": None}
    assert browser.post("/api/v1/leads", kept, content_type="application/json").status_code == 201


def test_a_program_that_changes_a_lead_asks_once_for_what_it_may_choose(browser) -> None:
    browser.post("/leads/quick", {"line": LINE})
    url = f"/api/v1/leads/{Lead.objects.get().pk}"
    with CaptureQueriesContext(connection) as asked:
        assert browser.patch(url, {"title": "3 plotters"}, content_type="application/json").status_code == 200
    assert sum('FROM "acquire_source"' in query["sql"] for query in asked) <= 1
    assert Lead.objects.get().title == "3 plotters"


def test_an_address_with_a_slash_at_its_end_leads_to_the_list(browser) -> None:
    answer = browser.get("/leads/?view=mine")
    assert (answer.status_code, answer["Location"]) == (301, "/leads?view=mine")
    assert browser.post("/leads/").status_code == 405
