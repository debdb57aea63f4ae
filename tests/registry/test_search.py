"""Anything is found: every noun by its declared text, by who may see it, at once by hand and soon by file."""

from dataclasses import replace
from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps
from makers import AT
from searched import brought_by_a_file, listed, titles

from headwater.acquire import actions as acquire
from headwater.parties import actions as parties
from headwater.parties.models import ContactPoint
from headwater.platform import job
from headwater.platform.filter import Condition
from headwater.platform.models import Event, ExternalId, Job, SearchEntry, SearchProgress
from headwater.platform.resource import REGISTRY, filtered
from headwater.platform.search import finding, index, keeping, store
from headwater.platform.search.everywhere import find_anything
from headwater.platform.search.finding import find
from headwater.platform.testing import make_actor, query_budget
from headwater.platform.undo import undo_event
from headwater.qualify import actions as qualify
from headwater.qualify.models import Lead
from headwater.sell import actions as sell
from headwater.team.queries import actor_of

# What is found ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_every_noun_declares_text_that_its_rows_have(make, key):
    [pk] = make(key)
    with query_budget(2):  # its own columns, and what rows of all other tables add
        texts = keeping.texts_of(REGISTRY[key], [pk])
    assert set(texts) == {pk} and len(texts[pk]) > 6


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_every_row_made_by_hand_has_its_entry_when_its_action_commits(make, key):
    [pk] = make(key)
    entry = SearchEntry.objects.get(pk=index.first_id(key) + pk)
    assert entry.text == keeping.texts_of(REGISTRY[key], [pk])[pk]


@pytest.mark.parametrize(
    "text",
    ["orla", "KEANE", "keane orla", "orla.keane@harrow-pike.example", "pike.exam", "@harrow", "harrow & pike",
     "office man", "+353 1 679 0832", "0035316790832", "01 679 0832", "(01) 679-0832", "01.679.0832", "6790832"],
)  # fmt: skip
def test_a_person_is_found_by_whatever_one_remembers(by, orla, text):
    assert listed("parties.person", by, text) == [orla.pk]
    assert titles(by, text)[0] in ("Orla Keane", "Harrow & Pike Ltd") and "Orla Keane" in titles(by, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [("王小明", "小明"), ("王小明", "王"), ("ヤマダ電機", "やまだ"), ("Ольга", "ОЛЬ"), ("Γιώργος", "γιωργοσ"),
     ("أحمد", "احمد"), ("สมชาย", "มชา"), ("김민수", "민수"), ("Jörg Müller", "mueller"), ("Joerg Mueller", "müller"),
     ("Jorg Muller", "mueller")],
)  # fmt: skip
def test_names_are_found_in_every_script(by, name, text):
    person = parties.add_person(by=by, at=AT, name=name)
    parties.add_person(by=by, at=AT, name="Somebody Else")
    assert listed("parties.person", by, text) == [person.pk]


def test_numbers_notes_file_columns_and_other_systems_ids_are_found(by, orla):
    order = sell.place_order(
        party_id=orla.pk, number="AB-2026/118", by=by, at=AT, amount=100, note="Leave at reception"
    )
    note = parties.log_activity(party_id=orla.pk, kind="NOTE", subject="Called", body="wants a mörser", by=by, at=AT)
    lead = qualify.capture_lead(party_id=orla.pk, by=by, at=AT, title="Plotters")
    ExternalId.objects.create(system="web", kind="qualify.lead", external_id="web-00042", object_id=lead.pk)
    Lead.objects.filter(pk=lead.pk).update(extra={"Landing page": "/lease/plotters-7", "utm": ["spring", {"x": 4711}]})
    keeping.rebuild()
    assert listed("sell.order", by, "ab2026118") == listed("sell.order", by, "AB-2026/118") == [order.pk]
    assert listed("sell.order", by, "reception keane") == [order.pk]
    assert listed("parties.activity", by, "morser") == [note.pk]
    for text in ("web-00042", "plotters-7", "spring", "4711", "harrow plotters"):
        assert listed("qualify.lead", by, text) == [lead.pk], text
    assert "Called" in titles(by, "moerser")


def test_signs_and_single_letters_find_what_begins_so_or_nothing(by, orla):
    assert listed("parties.person", by, "o") == [orla.pk]
    assert listed("parties.person", by, "z") == []
    assert listed("parties.person", by, "!!") == []
    assert listed("parties.person", by, '"orla" NOT keane*') == []
    assert listed("parties.person", by, "100%_") == []


# Who finds it -------------------------------------------------------------------------------------------------


def test_nobody_finds_what_they_may_not_see_not_by_count_nor_by_a_mistake(by, people, orla):
    for party in (orla, orla.employer):
        parties.change_party(party_id=party.pk, owner_id=people["OWNER"].pk, by=by, at=AT)
    lead = qualify.capture_lead(party_id=orla.pk, by=by, at=AT, title="Plotters", owner_id=people["OWNER"].pk)
    rep = replace(actor_of(people["INDEPENDENT_REP"]), team_ids=frozenset())  # nobody opened anything to a team
    for text in ("orla", "kaene", "keane", "plotters", "harrow", "6790832"):
        hits = find_anything(rep, text)
        assert (hits.records, hits.similar, hits.more) == ([], [], []), text
        for key in ("parties.person", "parties.organisation", "qualify.lead"):
            if rep.may(REGISTRY[key].verb("see")):
                found = find(REGISTRY[key], text)
                assert found.count_among(REGISTRY[key].rows(rep), 10) == 0
                assert finding.similar({key: REGISTRY[key]}, {key: REGISTRY[key].rows(rep)}, found.words, 5) == []
    assert listed("qualify.lead", by, "keane") == [lead.pk]


def test_a_noun_without_the_right_is_not_asked(by, orla):
    assert titles(make_actor("parties.organisation.see"), "harrow") == ["Harrow & Pike Ltd"]
    assert titles(make_actor(), "harrow") == []


# At once, and soon --------------------------------------------------------------------------------------------


def test_a_change_is_found_at_once_wherever_the_name_is_shown(by, orla):
    lead = qualify.capture_lead(party_id=orla.pk, by=by, at=AT, title="Plotters")
    parties.change_party(party_id=orla.pk, name="Orla Castellan", by=by, at=AT)
    assert listed("qualify.lead", by, "castellan") == [lead.pk]
    assert listed("qualify.lead", by, "keane") == [] or "keane@" in orla.email.replace("orla.", "")
    parties.change_party(party_id=orla.employer_id, name="Kestrel BV", by=by, at=AT)
    assert listed("parties.person", by, "kestrel bv") == [orla.pk]
    event = Event.objects.filter(verb="platform.changed", subject_id=orla.employer_id).latest("pk")
    undo_event(event_id=event.pk, by=by, at=AT)
    assert listed("parties.person", by, "kestrel bv") == []


def test_addresses_and_tags_given_later_are_found_and_removed_ones_are_not(by, orla):
    parties.add_contact_point(party_id=orla.pk, kind="EMAIL", value="ok@second.example", by=by, at=AT)
    parties.tag_party(party_id=orla.pk, tag="Key account", by=by, at=AT)
    assert listed("parties.person", by, "second.ex") == [orla.pk]
    assert listed("parties.person", by, "#key") == [orla.pk] and listed("parties.person", by, "#account") == []
    point = ContactPoint.objects.get(normalised="ok@second.example")
    parties.remove_contact_point(party_id=orla.pk, contact_point_id=point.pk, by=by, at=AT)
    assert listed("parties.person", by, "second.ex") == []


def test_what_was_deleted_drops_out_and_comes_back_with_its_undo(by, orla):
    parties.delete_party(party_id=orla.pk, by=by, at=AT)
    assert listed("parties.person", by, "keane") == [] and "Orla Keane" not in titles(by, "keane")
    undo_event(event_id=Event.objects.filter(verb="parties.person_deleted").latest("pk").pk, by=by, at=AT)
    assert listed("parties.person", by, "keane") == [orla.pk]


def test_rows_of_a_file_are_found_before_and_after_they_are_indexed(by, orla):
    ids = brought_by_a_file(30)
    assert not SearchEntry.objects.filter(pk=index.first_id("parties.person") + ids[-1]).exists()
    assert listed("parties.person", by, "import") == ids
    assert len(find_anything(by, "import", per_noun=10).records) == 10
    assert keeping.lag().rows["parties.person"] == 30
    while keeping.catch_up():
        pass
    assert not keeping.lag() and not keeping.is_behind()
    assert listed("parties.person", by, "import") == ids
    assert find(REGISTRY["parties.person"], "import").unindexed == []


def test_rows_of_other_nouns_in_the_same_table_are_not_looked_through_at_every_search(by, orla):
    people = brought_by_a_file(3)
    while keeping.catch_up():
        pass
    assert SearchProgress.objects.get(pk="parties.organisation").position >= people[-1]


def test_a_list_says_when_more_rows_wait_than_it_compared(by, client_of, orla, monkeypatch):
    brought_by_a_file(8)
    monkeypatch.setattr(finding, "TAIL", 5)
    monkeypatch.setattr("headwater.platform.search.everywhere.TAIL", 5)
    client = client_of("OWNER")
    assert "just imported" in client.get("/people?q=import").content.decode()
    assert "just imported" in client.get("/search?q=import", headers={"HX-Request": "true"}).content.decode()
    assert client.get("/api/v1/search?q=import").json()["is_partial"] is True
    while keeping.catch_up():
        pass
    assert "just imported" not in client.get("/people?q=import").content.decode()


def test_a_crash_in_the_middle_of_catching_up_loses_nothing(by, monkeypatch):
    ids = brought_by_a_file(120)
    monkeypatch.setattr(keeping, "PORTION", 50)
    written, write = [], store.write

    def breaks_at_the_second(noun, texts):
        written.append(noun)
        if written.count("parties.person") == 2:
            raise KeyboardInterrupt
        write(noun, texts)

    monkeypatch.setattr(store, "write", breaks_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        keeping.catch_up()
    assert 0 < SearchProgress.objects.get(pk="parties.person").position < ids[-1]
    monkeypatch.setattr(store, "write", write)
    while keeping.catch_up():
        pass
    assert listed("parties.person", by, "import") == ids and find(REGISTRY["parties.person"], "import").unindexed == []


def test_rows_that_take_long_follow_in_smaller_portions_and_all_of_them(by, monkeypatch):
    ids = brought_by_a_file(450)
    turn = keeping._Turn(0)
    monkeypatch.setattr(keeping, "LOCK_SECONDS", 0)  # nothing is quick enough: each portion is the smallest
    turn.write_all(REGISTRY["parties.person"], ids)
    assert turn.portion < keeping.PORTION and keeping.lag().rows["parties.person"] == 0


def test_names_in_other_letters_that_were_indexed_before_are_found_in_latin_ones(by, client_of):
    anna = parties.add_person(by=by, at=AT, name="Анна Иванова", employer_name="Ромашка")
    jan = parties.add_person(by=by, at=AT, name="Jan Ivanova")
    old = SearchEntry.objects.get(pk=index.first_id("parties.person") + anna.pk)
    SearchEntry.objects.filter(pk=old.pk).update(text=old.text.replace("ivanova", "").replace("iwanowa", ""))
    assert listed("parties.person", by, "ivanova") == [jan.pk] and listed("parties.person", by, "iwanowa") == []
    for name in ("0011_names_in_latin_letters", "0012_names_as_german_texts_write_them"):
        import_module(f"headwater.platform.migrations.{name}").renew(apps, None)
    [asked] = Job.objects.filter(kind=keeping.ROMANISE_JOB)
    job.run_next(at=asked.run_after)
    assert listed("parties.person", by, "iwanowa") == [anna.pk]
    assert listed("parties.person", by, "ivanova") == listed("parties.person", by, "Иванова") == [anna.pk, jan.pk]
    assert listed("parties.person", by, "romashka") == [anna.pk]


def test_what_is_searched_since_an_upgrade_is_found_before_and_after_entries_are_made_again(by):
    person, column = REGISTRY["parties.person"], Condition("last_name", "contains", "berg")
    lou = parties.add_person(by=by, at=AT, name="Dr. Lou", first_name="Lou", last_name="Vandenberg")
    entry = SearchEntry.objects.get(pk=index.first_id(person.key) + lou.pk)
    assert listed(person.key, by, "vandenberg") == [lou.pk] and entry.text.count(" lou ") == 1
    while keeping.catch_up():
        pass
    SearchEntry.objects.filter(pk=entry.pk).update(text=entry.text.replace("vandenberg", ""))
    import_module("headwater.platform.migrations.0014_names_apart").renew(apps, None)
    assert not finding.narrowed(person, "last_name", "berg"), "the entry lacks it"
    assert filtered(person, by, column).get().pk == lou.pk
    job.run_next(at=Job.objects.get(kind=finding.REMAKE_JOB).run_after)
    assert listed(person.key, by, "vandenberg") == [lou.pk]
    assert finding.narrowed(person, "last_name", "berg") and filtered(person, by, column).get().pk == lou.pk


def test_while_a_file_comes_in_the_database_is_left_to_it(by):
    ids = brought_by_a_file(3)
    job = Job.objects.create(kind="x", state="RUNNING", queued_at=AT, run_after=AT, heartbeat_at=keeping.now())
    assert keeping.catch_up() is False and keeping.lag().rows["parties.person"] == 3
    Job.objects.filter(pk=job.pk).update(heartbeat_at=keeping.now() - timedelta(minutes=5))
    keeping.catch_up()
    assert not keeping.lag() and listed("parties.person", by, "import") == ids


@pytest.mark.slow
def test_many_changed_rows_follow_from_the_log(by, people, orla):
    others = [parties.add_person(by=by, at=AT, name=f"Worker {n}", employer_id=orla.employer_id) for n in range(120)]
    keeping.rebuild()
    parties.change_party(party_id=orla.employer_id, name="Kestrel BV", by=by, at=AT)
    assert keeping.is_behind()
    while keeping.catch_up():
        pass
    assert set(listed("parties.person", by, "kestrel")) == {orla.pk, *(other.pk for other in others)}


def test_the_index_heals_by_itself_and_can_be_made_again(by, orla):
    keeping.rebuild()
    first = index.first_id("parties.person")
    SearchEntry.objects.filter(pk=first + orla.pk).delete()
    SearchEntry.objects.create(pk=first + 99_999, text="\x02 ghost \n  ")
    keeping.mend(AT)
    assert listed("parties.person", by, "keane") == [orla.pk]
    assert not SearchEntry.objects.filter(pk=first + 99_999).exists()
    before = SearchEntry.objects.count()
    assert keeping.rebuild() == before and listed("parties.person", by, "keane") == [orla.pk]


# Best first, and with a mistake -------------------------------------------------------------------------------


def test_exact_names_come_before_beginnings_and_those_before_the_rest(by):
    for name in ("Forecast Ltd", "Castellan Logistics", "Cast", "Old Castle"):
        parties.add_organisation(by=by, at=AT, name=name)
    note_only = parties.add_organisation(by=by, at=AT, name="Zebra", sector="casting")
    assert titles(by, "cast") == ["Cast", "Castellan Logistics", "Old Castle", "Forecast Ltd"]
    assert note_only.pk in listed("parties.organisation", by, "cast")


@pytest.mark.parametrize(
    "typed", ["castelan", "castellna", "cstellan", "castellann", "kastellan", "castellan logitsic"]
)
def test_a_mistyped_name_is_offered_where_nothing_fits(by, typed):
    parties.add_organisation(by=by, at=AT, name="Castellan Logistics")
    parties.add_organisation(by=by, at=AT, name="Aegis Notaries")
    keeping.rebuild()
    assert [hit.resource.title(hit.row) for hit in find_anything(by, typed).similar] == ["Castellan Logistics"]


def test_nothing_alike_is_offered_for_something_else(by, orla):
    assert find_anything(by, "zzzzzz").similar == []
    assert find_anything(by, "orange").similar == []


def test_an_empty_list_and_the_palette_offer_what_was_meant(by, client_of):
    company = parties.add_organisation(by=by, at=AT, name="Castellan Logistics")
    client = client_of("OWNER")
    page = client.get("/organisations?q=castelan+logistics").content.decode()
    assert "Did you mean" in page and f'href="/organisations/{company.pk}"' in page
    assert "Similar names" in client.get("/search?q=castelan", headers={"HX-Request": "true"}).content.decode()


# Palette, API, speed ------------------------------------------------------------------------------------------


def test_a_name_typed_in_latin_letters_ranks_as_if_it_were_written_in_them(by):
    for name in ("Сергей Достоевский", "Юлия Смирнова", "Sergeyeva Maria", "Ann Dostoevskaya"):
        parties.add_person(by=by, at=AT, name=name)
    parties.add_person(by=by, at=AT, name="Bob Reed", email="sergey.dostoevsky@reed.example")
    assert titles(by, "sergey dostoevsky") == ["Сергей Достоевский", "Bob Reed"]
    assert titles(by, "dostoevsky") == ["Сергей Достоевский", "Bob Reed"]
    assert titles(by, "yulia smirnova") == titles(by, "Iuliia Smirnova") == ["Юлия Смирнова"]
    assert [hit.fit for hit in find_anything(by, "smirnova yulia").records] == [0]
    assert [hit.fit for hit in find_anything(by, "smirn").records] == [2]


def test_the_palette_offers_what_to_do_with_the_best_record_and_the_records_opened_last(by, client_of, orla):
    client = client_of("OWNER")
    found = client.get("/search?q=orla", headers={"HX-Request": "true"}).content.decode()
    assert "Do, for Orla Keane" in found and f"/people/{orla.pk}/do/log" in found and "<mark>Orla</mark>" in found
    assert "Opened last" not in client.get("/search?q=", headers={"HX-Request": "true"}).content.decode()
    client.get(f"/people/{orla.pk}")
    again = client.get("/search?q=", headers={"HX-Request": "true"}).content.decode()
    assert "Opened last" in again and "Orla Keane" in again
    parties.delete_party(party_id=orla.pk, by=by, at=AT)
    assert "Orla Keane" not in client.get("/search?q=", headers={"HX-Request": "true"}).content.decode()


def test_a_command_called_so_comes_before_records_that_only_mention_it(by, client_of, orla):
    parties.add_person(by=by, at=AT, name="Bob Reed", note="Wants us to log a call")
    palette = {"headers": {"HX-Request": "true"}}
    mentioned = client_of("OWNER").get(f"/search?q=log+a+call&path=/people/{orla.pk}", **palette).content.decode()
    assert -1 < mentioned.index(f"/people/{orla.pk}/do/log") < mentioned.index("Bob Reed")
    parties.add_person(by=by, at=AT, name="Log Callum")
    called = client_of("OWNER").get(f"/search?q=log&path=/people/{orla.pk}", **palette).content.decode()
    assert called.index("Callum") < called.index(f"/people/{orla.pk}/do/log"), "a name comes first"


@pytest.mark.parametrize("typed", ["keane", "keane, orla"])
def test_a_family_name_finds_who_is_called_so_before_what_can_be_done(typed, client_of, orla):
    """The first answer is what Enter takes: no command that nobody asked for."""
    page = client_of("OWNER").get("/search", {"q": typed}, headers={"HX-Request": "true"}).content.decode()
    assert -1 < page.index(f'"/people/{orla.pk}"') < page.index(f"/people/{orla.pk}/do/")


def test_the_records_opened_last_stay_with_whoever_opened_them(by, client_of, people, orla):
    client = client_of("OWNER")
    client.get(f"/people/{orla.pk}")
    client.force_login(people["HEAD_OF_SALES"])
    assert "Opened last" not in client.get("/search?q=", headers={"HX-Request": "true"}).content.decode()
    client.cookies["hw_recent"] = (
        f"{people['HEAD_OF_SALES'].pk}.people_{orla.pk}.people_x.none_1.people_999999999999999999"
    )
    assert "Orla Keane" in client.get("/search?q=", headers={"HX-Request": "true"}).content.decode()


def test_the_api_finds_anything_too(by, client_of, orla):
    client = client_of("OWNER")
    found = client.get("/api/v1/search?q=keane").json()
    first = found["items"][0]
    assert (first["noun"], first["id"], first["url"]) == ("people", orla.pk, f"/people/{orla.pk}")
    assert client.get("/api/v1/people?q=keane").json()["items"][0]["id"] == orla.pk
    assert client.get("/api/v1/people/count?q=keane").json() == {"count": 1, "is_more": False}
    assert client.get("/api/v1/search?q=keane&limit=0").status_code == 422
    assert client.get("/api/v1/search?word=keane").status_code == 422
    assert client.get("/api/v1/search?q=keane&limit=1").json()["items"] == [first]


def test_a_source_renamed_is_found_by_its_spend(by):
    source = acquire.add_source(by=by, at=AT, name="Hannover fair", channel="TRADE_SHOW")
    spend = acquire.add_spend(by=by, at=AT, source_id=source.pk, amount=100, spent_on=AT.date())
    assert listed("acquire.spend", by, "hannover") == [spend.pk]
    acquire.change_source(source_id=source.pk, name="Utrecht fair", by=by, at=AT)
    assert listed("acquire.spend", by, "utrecht") == [spend.pk]
