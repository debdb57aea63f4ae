"""Pages, refusals, files and jobs speak the language of whoever reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import translation

from headwater.platform.job import enqueue, job, run_next
from headwater.platform.resource import REGISTRY
from headwater.qualify.actions import capture_lead
from headwater.qualify.models import Lead
from headwater.team.actions.reading import change_reading
from headwater.team.actions.tokens import create_token
from headwater.team.models import Role, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def greta(company, colleague) -> User:
    """An owner who chose German."""
    company.setup_done_at = AT
    company.save()
    user = colleague("Greta Holm", Role.OWNER)
    change_reading(language="de", by=actor_of(user), at=AT)
    user.refresh_from_db()
    return user


@pytest.fixture
def lead(greta) -> Lead:
    return capture_lead(name="Orla Keane", interest="ENQUIRY", by=actor_of(greta), at=AT)


@pytest.fixture
def browser(greta) -> Client:
    client = Client()
    client.force_login(greta)
    return client


def test_lists_speak_german_to_who_chose_it(browser, lead):
    page = browser.get("/leads").content.decode()
    assert '<html lang="de" dir="ltr"' in page
    for words in ("Mein Tag", "Verkaufschancen", "Meine offenen Leads", "Nächster Schritt", "Neuer Lead"):
        assert words in page, words
    assert "My day" not in page and "New lead" not in page


def test_old_facts_are_told_in_the_language_of_today(browser, lead, greta):
    assert "Anfrage aufgenommen" in browser.get(f"/leads/{lead.pk}").content.decode()
    change_reading(language="es", by=actor_of(greta), at=AT)
    assert "Consulta registrada" in browser.get(f"/leads/{lead.pk}").content.decode()


def test_rights_stand_under_their_noun_in_the_language_of_each_reader(browser, greta):
    for language, nouns in (("en", ">Companies<"), ("de", ">Firmen<"), ("es", ">Empresas<"), ("en", ">Companies<")):
        change_reading(language=language, by=actor_of(greta), at=AT)
        assert nouns in browser.get("/settings/roles").content.decode().partition("<main")[2], language


def test_fields_say_in_german_what_may_be_typed(browser, lead):
    page = browser.get("/opportunities/new").content.decode()
    assert "Name, E-Mail-Adresse oder Telefonnummer" in page


def test_what_was_done_and_what_was_refused_is_said_in_german(browser, lead):
    done = browser.post(f"/leads/{lead.pk}/do/disqualify", {"reason": "NO_NEED"}, headers={"HX-Request": "true"})
    assert "Lead disqualifiziert" in json.loads(done.headers["HX-Trigger"])["toast"]["message"]
    wrong = browser.post("/leads/new", {"interest": "ENQUIRY"}).content.decode()
    assert "Geben Sie einen Namen, eine Firma" in wrong


def test_an_order_by_several_columns_is_read_out_in_german(browser, lead):
    page = browser.get("/leads?sort=-amount,name").content.decode()
    assert '<span class="vh">, aufsteigend</span>' in page and "ascending</span>" not in page


def test_files_have_german_headings_to_their_last_line(browser, lead):
    lines = b"".join(browser.get("/leads/export.csv").streaming_content).decode().splitlines()
    assert "Quelle" in lines[0] and "Phase" in lines[0]


def test_the_company_speaks_for_who_chose_nothing(browser, greta, company):
    change_reading(language="", by=actor_of(greta), at=AT)
    company.language = "es"
    company.save()
    assert '<html lang="es"' in browser.get("/leads").content.decode()


@pytest.mark.parametrize(("asked", "said"), [("de-AT,de;q=0.9", "Anmelden"), ("es", "Entrar"), ("fr,nl", "Sign in")])
def test_strangers_are_spoken_to_as_their_browser_asks(greta, asked, said):
    answer = Client(headers={"Accept-Language": asked}).get("/sign-in")
    assert said in answer.content.decode() and "Accept-Language" in answer.headers["Vary"]


def test_programs_are_refused_in_the_language_they_ask_for(greta):
    _token, secret = create_token(user_id=greta.pk, name="ERP", scopes=["write"], by=actor_of(greta), at=AT)
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    mine = program.get("/api/v1/leads/999").json()
    theirs = program.get("/api/v1/leads/999", headers={"Accept-Language": "es"}).json()
    assert mine["detail"] == "Einen solchen Datensatz gibt es nicht, oder Sie dürfen ihn nicht sehen."
    assert theirs["detail"].startswith("No existe ese registro") and mine["code"] == theirs["code"] == "not_found"


def test_what_is_written_for_programs_stays_english(greta, browser):
    document = browser.get("/api/v1/openapi.json", headers={"Accept-Language": "de"}).json()
    assert "Leads" in {tag for path in document["paths"].values() for each in path.values() for tag in each["tags"]}
    assert "People" in {tag for path in document["paths"].values() for each in path.values() for tag in each["tags"]}


def test_jobs_speak_to_whom_they_work_for(greta):
    said: list[str] = []
    job("tests.say")(lambda run: {"said": said.append(REGISTRY["sell.opportunity"].label)})
    enqueue("tests.say", args={}, at=AT, user_id=greta.pk)
    enqueue("tests.say", args={}, at=AT)
    run_next(at=AT)
    run_next(at=AT)
    assert said == ["Verkaufschance", "Opportunity"] and translation.get_language() == "en"


def test_one_and_many_are_told_apart():
    with translation.override("de"):
        said = [translation.ngettext("%(count)s day", "%(count)s days", n) % {"count": n} for n in (1, 3)]
    assert said == ["1 Tag", "3 Tage"]


def test_what_is_declared_once_is_read_in_any_language():
    label = REGISTRY["acquire.touchpoint"]
    with translation.override("de"):
        german = label.label_plural
    with translation.override("es"):
        assert (german, label.label_plural) == ("Kontaktpunkte", "Puntos de contacto")
    assert label.label_plural == "Touchpoints"
