"""Leads of files: created, updated, unchanged, left out, taken back and brought back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.acquire.models import Campaign, Source, Touchpoint
from headwater.intake.mapping import suggest
from headwater.intake.values import choice_parser
from headwater.parties.models import Grant, Party, PartyTag
from headwater.platform.actor import Actor
from headwater.platform.errors import NotAllowed
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.models import Event, ExternalId, Span
from headwater.platform.testing import count_queries
from headwater.qualify import actions, imports
from headwater.qualify.models import Lead
from headwater.team.models import User

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

CREATED, UPDATED, UNCHANGED, REJECTED = Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED, Outcome.REJECTED


def batch(number: int = 1) -> Batch:
    return Batch(number, "crm", "UTC", "EUR", "NL")


def row(line: int = 2, **values: Any) -> CleanRow:
    return CleanRow(line, values, {})


def orla(**changes: Any) -> CleanRow:
    values = {
        "external_id": "L1", "name": "Orla Keane", "email": "orla@harrowpike.example", "company": "Harrow & Pike",
        "source": "Site form", "arrived_at": LONG_AGO, "interest": "QUOTE_REQUEST", "amount": Decimal("34000"),
        "title": "2 printers",
    }  # fmt: skip
    return row(**{**values, **changes})


def run(by: Actor, *rows: CleanRow, number: int = 1, at: datetime = AT) -> list[RowResult]:
    return list(imports.LEADS.apply(rows, batch=batch(number), by=by, at=at))


def outcomes(results: list[RowResult]) -> list[Outcome]:
    return [result.outcome for result in results]


def undo(by: Actor, number: int = 1) -> Any:
    return imports.LEADS.undo(batch_id=number, by=by, at=AT + timedelta(hours=1))


def test_a_row_becomes_a_lead_with_everything_behind_it(by_head: Actor) -> None:
    results = run(by_head, orla(campaign="Managed print"))
    assert outcomes(results) == [CREATED]
    lead = Lead.objects.get(pk=results[0].object_id)
    assert (lead.party.name, lead.organisation.name, lead.source.name) == ("Orla Keane", "Harrow & Pike", "Site form")
    assert (lead.interest, lead.amount, lead.currency, lead.title) == ("QUOTE_REQUEST", 34000, "EUR", "2 printers")
    assert (lead.stage, lead.stage_since, lead.batch_id) == ("NEW", LONG_AGO, 1)
    assert lead.answer_due_at is None  # it arrived long ago: the clock does not start
    assert list(Campaign.objects.get().sources.all()) == [lead.source]
    touch = Touchpoint.objects.get()
    assert (touch.kind, touch.occurred_at, touch.campaign) == ("QUOTE_REQUEST", LONG_AGO, lead.campaign)
    assert ExternalId.objects.get(kind="qualify.lead").object_id == lead.pk
    event = Event.objects.get(verb="qualify.lead_captured")
    assert (event.occurred_at, event.batch_id, event.party_id) == (LONG_AGO, 1, lead.party_id)
    assert Span.objects.get(subject_type="qualify.lead").from_at == LONG_AGO


def test_a_fresh_lead_of_a_file_has_its_clock(by_head: Actor) -> None:
    run(by_head, orla(arrived_at=AT - timedelta(days=2)))
    assert Lead.objects.get().answer_due_at is not None


def test_importing_twice_changes_nothing(by_head: Actor) -> None:
    rows = [orla(), row(3, external_id="L2", company="Vantaa Timber", source="Expo"), row(4, external_id="L3")]
    run(by_head, *rows)
    before = (Lead.objects.count(), Party.objects.count(), Touchpoint.objects.count(), Event.objects.count())
    assert outcomes(run(by_head, *rows, number=2)) == [UNCHANGED] * 3
    after = (Lead.objects.count(), Party.objects.count(), Touchpoint.objects.count(), Event.objects.count())
    assert after == before


def test_a_changed_row_updates_and_blanks_take_nothing_away(by_head: Actor) -> None:
    run(by_head, orla())
    changed = row(external_id="L1", title="3 printers", phone="+31 20 123 4567", company="Harrow Pike Keane")
    assert outcomes(run(by_head, changed, number=2)) == [UPDATED]
    lead = Lead.objects.get()
    assert (lead.title, lead.amount, lead.interest) == ("3 printers", 34000, "QUOTE_REQUEST")
    assert (lead.party.phone, lead.party.email) == ("+31201234567", "orla@harrowpike.example")
    assert lead.organisation.name == lead.party.employer.name == "Harrow Pike Keane"
    assert outcomes(run(by_head, changed, number=3)) == [UNCHANGED]
    fact = Event.objects.filter(verb="platform.changed", subject_type="qualify.lead").get()
    assert (fact.batch_id, "organisation_id" in fact.data["fields"]) == (2, True)
    assert fact.personal.data["personal_fields"]["title"] == ["2 printers", "3 printers"]


def test_a_file_does_not_overrule_what_was_known_of_a_person_before_it(by_head: Actor) -> None:
    first = actions.capture_lead(by=by_head, at=AT, name="Orla Keane", email="orla@harrowpike.example")
    rows = [orla(job_title="Office manager")]
    assert outcomes(run(by_head, *rows)) == [CREATED]
    assert outcomes(run(by_head, *rows, number=2)) == [UNCHANGED]
    party = Party.objects.get(pk=first.party_id)
    assert (party.job_title, party.batch_id) == ("", None)


def test_stage_and_owner_of_a_known_lead_stay_with_the_people_who_work_on_it(by_head: Actor, marta: User) -> None:
    run(by_head, orla(stage="MQL", owner="marta kowalska"))
    lead = Lead.objects.get()
    assert (lead.stage, lead.owner_id, lead.team_id) == ("MQL", marta.pk, marta.team_id)
    assert Grant.objects.filter(reason=f"lead:{lead.pk}").count() == 4
    assert Span.objects.filter(kind="owner").get().value == str(marta.pk)
    assert outcomes(run(by_head, orla(stage="NEW", owner="nobody"), number=2)) == [UPDATED]  # only the note of the name
    lead.refresh_from_db()
    assert (lead.stage, lead.owner_id, lead.extra) == ("MQL", marta.pk, {"owner": "nobody"})


def test_an_unknown_owner_leaves_the_lead_in_the_pool_with_a_note(by_head: Actor) -> None:
    results = run(by_head, orla(owner="Jonas Weber"))
    lead = Lead.objects.get()
    assert lead.in_pool
    assert lead.extra == {"owner": "Jonas Weber"}
    assert "pool" in results[0].reasons[0]


def test_a_source_left_blank_stays_blank_and_unknown_is_a_source(by_head: Actor) -> None:
    blank, unknown = orla(source=""), orla(external_id="L2", email="b@x.example", name="Bas", source="unknown")
    run(by_head, blank, unknown)
    assert Lead.objects.get(source=None).title == "2 printers"
    assert Source.objects.get().name == "unknown"
    assert Source.objects.get().channel == "OTHER"


def test_the_channel_of_a_new_source_comes_from_the_file_or_is_guessed(by_head: Actor) -> None:
    run(by_head, orla(channel="Trade show"), orla(external_id="L2", source="google_ads"))
    assert dict(Source.objects.values_list("name", "channel")) == {
        "Site form": "TRADE_SHOW", "google_ads": "PAID_ADVERTISING",
    }  # fmt: skip


def test_bad_rows_are_left_out_with_all_their_reasons_and_stop_nobody(by_head: Actor) -> None:
    results = run(
        by_head,
        orla(amount=Decimal("-1"), arrived_at=AT + timedelta(days=9)),
        orla(external_id="L2", email="not an address"),
        row(4, title="Nobody asks"),
        orla(external_id="L4"),
    )
    assert outcomes(results) == [REJECTED, REJECTED, REJECTED, CREATED]
    assert len(results[0].reasons) == 2
    assert Lead.objects.count() == 1


def test_without_an_id_a_lead_is_the_same_by_party_source_and_arrival(by_head: Actor) -> None:
    one = orla(external_id="")
    other_day = orla(external_id="", arrived_at=LONG_AGO + timedelta(days=1))
    results = run(by_head, one, one, other_day)
    assert outcomes(results) == [CREATED, UNCHANGED, CREATED]
    assert results[0].object_id == results[1].object_id
    assert outcomes(run(by_head, one, other_day, number=2)) == [UNCHANGED, UNCHANGED]


def test_rows_with_the_same_id_in_one_file_are_one_lead(by_head: Actor) -> None:
    results = run(by_head, orla(), orla(title="3 printers"))
    assert outcomes(results) == [CREATED, UPDATED]
    assert Lead.objects.get().title == "3 printers"


def test_a_lead_may_have_no_name_and_no_known_arrival(by_head: Actor) -> None:
    run(by_head, CleanRow(2, {"external_id": "dac32acd4db4"}, {"landing_page_id": "88740e"}))
    lead = Lead.objects.get()
    assert lead.party.name == "Unnamed, crm dac32a"
    assert (lead.arrived_at, lead.extra) == (None, {"landing_page_id": "88740e"})
    assert Touchpoint.objects.get().occurred_at is None
    assert Span.objects.get(subject_type="qualify.lead").from_at is None


def test_referrers_are_found_and_tags_are_put(by_head: Actor) -> None:
    run(by_head, orla())
    bas = row(
        3, external_id="L2", name="Bas de Wit", email="bas@polder.example", referrer="Orla Keane", tag="fair; vip"
    )  # fmt: skip
    nobody = row(4, external_id="L3", name="Ilse Claes", email="ilse@x.example", referrer="Somebody Else")
    run(by_head, bas, nobody, number=2)
    lead = Lead.objects.get(party__name="Bas de Wit")
    assert lead.referrer.name == "Orla Keane"
    tags = PartyTag.objects.filter(party=lead.party).values_list("tag__name", flat=True)
    assert set(tags) == {"fair", "vip"}
    assert Lead.objects.get(party__name="Ilse Claes").extra == {"referrer": "Somebody Else"}


def test_importing_takes_the_right(by_marta: Actor) -> None:
    with pytest.raises(NotAllowed):
        run(by_marta, orla())
    with pytest.raises(NotAllowed):
        undo(by_marta)


def test_an_undo_takes_leads_touchpoints_and_people_back_and_importing_again_revives_them(by_head: Actor) -> None:
    rows = [orla(), row(3, external_id="L2", company="Vantaa Timber", source="Expo")]
    run(by_head, *rows)
    result = undo(by_head)
    assert (result.removed, result.kept) == (2, ())
    assert not Lead.objects.filter(deleted_at=None).exists()
    assert not Touchpoint.objects.filter(deleted_at=None).exists()
    assert not Party.objects.filter(deleted_at=None).exists()

    assert outcomes(run(by_head, *rows, number=2)) == [CREATED, CREATED]
    assert Lead.objects.filter(deleted_at=None, batch_id=2).count() == Lead.objects.count() == 2
    assert Touchpoint.objects.filter(deleted_at=None).count() == Touchpoint.objects.count() == 2
    assert Party.objects.filter(deleted_at=None).count() == Party.objects.count() == 3
    assert undo(by_head, 2).removed == 2


def test_an_undo_leaves_what_people_worked_on_and_says_why(by_head: Actor, by_marta: Actor) -> None:
    run(by_head, orla(), row(3, external_id="L2", name="Bas de Wit", email="bas@polder.example"))
    worked = Lead.objects.get(party__name="Orla Keane")
    actions.claim_lead(lead_id=worked.pk, by=by_marta, at=AT)
    result = undo(by_head)
    assert result.removed == 1
    assert [(kept.title, kept.reason) for kept in result.kept] == [
        ("Orla Keane", "somebody claimed it since"),
        ("Site form", "records come from it"),
    ]
    assert list(Lead.objects.filter(deleted_at=None)) == [worked]
    assert list(Touchpoint.objects.filter(deleted_at=None).values_list("party_id", flat=True)) == [worked.party_id]
    assert set(Party.objects.filter(deleted_at=None).values_list("name", flat=True)) == {"Orla Keane", "Harrow & Pike"}


def test_an_undo_gives_back_what_a_file_changed_unless_it_changed_again(by_head: Actor) -> None:
    run(by_head, orla(), orla(external_id="L2", name="Bas", email="bas@x.example", title="Labels"))
    run(by_head, orla(title="9 printers"), orla(external_id="L2", title="9 labels", name="", email=""), number=2)
    bas = Lead.objects.get(title="9 labels")
    actions.change_lead(lead_id=bas.pk, title="By hand", by=by_head, at=AT)
    result = undo(by_head, 2)
    assert (result.removed, result.restored, [kept.object_id for kept in result.kept]) == (0, 1, [bas.pk])
    assert set(Lead.objects.values_list("title", flat=True)) == {"2 printers", "By hand"}


def test_a_chunk_costs_the_same_queries_however_long_it_is(by_head: Actor) -> None:
    def rows(count: int, start: int) -> list[CleanRow]:
        return [
            orla(external_id=f"X{n}", name=f"Person Number{n}", email=f"p{n}@firm{n}.example", company=f"Firm {n}")
            for n in range(start, start + count)
        ]

    run(by_head, *rows(2, 0))
    with count_queries() as few:
        run(by_head, *rows(5, 100), number=2)
    with count_queries() as many:
        run(by_head, *rows(150, 1000), number=3)
    assert len(many) == len(few)


_CELLS = {
    "external_id": st.sampled_from(["", "A", "B", "C"]),
    "name": st.sampled_from(["", "Orla Keane", "Bas de Wit"]),
    "email": st.sampled_from(["", "orla@x.example", "bas@y.example", "wrong"]),
    "company": st.sampled_from(["", "Harrow & Pike", "Polder"]),
    "source": st.sampled_from(["", "Site form", "site_form", "Expo"]),
    "arrived_at": st.sampled_from([None, LONG_AGO, AT]),
    "title": st.sampled_from(["", "Printers", "Labels"]),
}


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.fixed_dictionaries(_CELLS), min_size=1, max_size=6))
def test_any_file_imported_again_creates_nothing_and_undone_leaves_nothing(
    by_head: Actor, cells: list[dict[str, Any]]
) -> None:
    Lead.objects.all().delete()
    ExternalId.objects.all().delete()
    rows = [row(n + 2, **{k: v for k, v in cell.items() if v}) for n, cell in enumerate(cells)]
    number = (Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    first = run(by_head, *rows, number=number)
    assert [result.line for result in first] == [r.line for r in rows]
    count = Lead.objects.count()
    again = run(by_head, *rows, number=number + 1)
    assert not {CREATED, UPDATED} & set(outcomes(again))
    assert [r.outcome is REJECTED for r in again] == [r.outcome is REJECTED for r in first]
    assert Lead.objects.count() == count
    undo(by_head, number + 1)
    imports.LEADS.undo(batch_id=number, by=by_head, at=AT)
    kept = Lead.objects.filter(deleted_at=None)
    assert not kept.exists()


def test_a_row_without_an_id_may_be_about_the_lead_of_one_with_an_id(by_head: Actor) -> None:
    without, with_id = orla(external_id="", title="3 printers"), orla(title="")
    assert outcomes(run(by_head, without, with_id)) == [UPDATED, CREATED]
    assert Lead.objects.get().title == "3 printers"
    assert outcomes(run(by_head, without, with_id, number=2)) == [UNCHANGED, UNCHANGED]


def test_a_file_gives_no_leads_to_colleagues_who_do_not_work_on_them(by_head: Actor, reader: User) -> None:
    result = run(by_head, orla(owner=reader.email))[0]
    assert Lead.objects.get().owner is None
    assert "Nobody here who works on leads is called “rea.only@kestrel.example”" in result.reasons[0]


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Anfrage", "ENQUIRY"), ("Angebotsanfrage", "QUOTE_REQUEST"), ("Solicitud de presupuesto", "QUOTE_REQUEST"),
        ("Consulta", "ENQUIRY"), ("Demande de devis", "QUOTE_REQUEST"), ("Demande", "ENQUIRY"),
        ("Offerteaanvraag", "QUOTE_REQUEST"), ("Vraag", "ENQUIRY"), ("Quote request", "QUOTE_REQUEST"),
    ],
)  # fmt: skip
def test_the_interest_is_understood_in_the_languages_of_the_headers(word: str, code: str) -> None:
    target = imports.LEADS.target("interest")
    assert target is not None and choice_parser(target.choices)(word) == code


@pytest.mark.parametrize(
    "name", ["Lead-Nr", "Lead Nr.", "LeadNr", "Lead-Nummer", "Kundennummer", "Kunden-Nr.", "Nº de cliente", "Klantnr."]
)
def test_the_numbers_of_other_systems_are_ids_in_the_languages_of_the_headers(name: str) -> None:
    rows = [["4711", "Orla Keane"], ["4712", "Bas de Wit"]]
    assert suggest([name, "Name"], rows, imports.LEADS.targets)[0].target == "external_id"
