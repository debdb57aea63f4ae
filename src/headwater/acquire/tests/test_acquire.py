"""Sources, campaigns, spend and touchpoints: by hand, from files, and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from headwater.acquire import actions, imports, queries
from headwater.acquire.actions.campaigns import CampaignExists
from headwater.acquire.actions.sources import SourceExists
from headwater.acquire.actions.touchpoints import CorrectedAlready
from headwater.acquire.models import Campaign, Source, SpendEntry, Touchpoint
from headwater.parties.actions import add_person
from headwater.parties.models import Party
from headwater.platform.actor import Actor
from headwater.platform.errors import Invalid, NotAllowed, NotFound, NotUndoable
from headwater.platform.importer import Batch, CleanRow, Importer, Outcome
from headwater.platform.models import Event
from headwater.platform.testing import count_queries
from headwater.platform.undo import undo_event
from headwater.team.models import Company, Role, User
from headwater.team.queries import actor_of

AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)
DAY = date(2026, 11, 1)


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(pk=1, name="Kestrel", currency="EUR", country="NL", setup_done_at=AT)


def make(name: str, role: str) -> User:
    return User.objects.create(email=f"{name}@kestrel.example", name=name, role=role, created_at=AT)


@pytest.fixture
def user(company: Company) -> User:
    return make("Mia", Role.MARKETER)


@pytest.fixture
def by(user: User) -> Actor:
    return actor_of(user)


@pytest.fixture
def reader(company: Company) -> Actor:
    return actor_of(make("Rea", Role.READ_ONLY))


@pytest.fixture
def fair(by: Actor) -> Source:
    return actions.add_source(name="Hannover fair", channel="TRADE_SHOW", by=by, at=AT)


@pytest.fixture
def orla(by: Actor) -> Party:
    return add_person(name="Orla Keane", email="orla@x.example", by=by, at=AT)


def last(verb: str) -> int:
    return Event.objects.filter(verb=verb).order_by("-pk").values_list("pk", flat=True)[0]


def undo(verb: str, by: Actor) -> None:
    undo_event(event_id=last(verb), by=by, at=AT)


def run(importer: Importer, by: Actor, *values: dict[str, Any], number: int = 1) -> list[Outcome]:
    rows = [CleanRow(n + 2, v, {}) for n, v in enumerate(values)]
    results = importer.apply(rows, batch=Batch(number, "crm", "UTC", "EUR", "NL"), by=by, at=AT)
    assert [r.line for r in results] == [r.line for r in rows]
    return [result.outcome for result in results]


# --- rights -----------------------------------------------------------------------------------------------

WRITES: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (actions.add_source, {"name": "X", "channel": "OTHER"}),
    (actions.change_source, {"source_id": 1, "note": "x"}),
    (actions.archive_source, {"source_id": 1}),
    (actions.restore_source, {"source_id": 1}),
    (actions.ensure_sources, {"names": {"New": ""}}),
    (actions.add_campaign, {"name": "X"}),
    (actions.change_campaign, {"campaign_id": 1}),
    (actions.delete_campaign, {"campaign_id": 1}),
    (actions.restore_campaign, {"campaign_id": 1}),
    (actions.ensure_campaigns, {"names": ["New"]}),
    (actions.add_spend, {"source_id": 1, "spent_on": DAY, "amount": Decimal(1)}),
    (actions.change_spend, {"spend_id": 1, "note": "x"}),
    (actions.delete_spend, {"spend_id": 1}),
    (actions.restore_spend, {"spend_id": 1}),
    (actions.record_touchpoint, {"party_id": 1, "kind": "CALL"}),
    (actions.correct_touchpoint, {"touchpoint_id": 1, "kind": "CALL"}),
]


@pytest.mark.parametrize(("write", "values"), WRITES, ids=[write.__name__ for write, _ in WRITES])
def test_a_reader_writes_nothing(reader: Actor, write: Callable[..., Any], values: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        write(by=reader, at=AT, **values)


@pytest.mark.parametrize("importer", [imports.SOURCES, imports.CAMPAIGNS, imports.SPEND, imports.TOUCHPOINTS])
def test_a_reader_imports_and_undoes_nothing(reader: Actor, importer: Importer) -> None:
    with pytest.raises(NotAllowed):
        run(importer, reader, {"name": "X"})
    with pytest.raises(NotAllowed):
        importer.undo(batch_id=1, by=reader, at=AT)


# --- sources ----------------------------------------------------------------------------------------------


def test_a_source_is_known_once_whatever_the_spelling(by: Actor, fair: Source) -> None:
    with pytest.raises(SourceExists):
        actions.add_source(name="hannover_FAIR", channel="OTHER", by=by, at=AT)
    with pytest.raises(Invalid):
        actions.add_source(name=" ", channel="OTHER", by=by, at=AT)
    with pytest.raises(Invalid):
        actions.add_source(name="Expo", channel="MAGIC", by=by, at=AT)


def test_a_source_is_changed_archived_and_all_of_it_undone(by: Actor, fair: Source) -> None:
    actions.change_source(source_id=fair.pk, name="Hannover Messe", channel="PARTNER", by=by, at=AT)
    undo("platform.changed", by)
    fair.refresh_from_db()
    assert (fair.name, fair.name_key, fair.channel) == ("Hannover fair", "hannover fair", "TRADE_SHOW")
    actions.archive_source(source_id=fair.pk, by=by, at=AT)
    assert queries.source_choices(by) == []
    undo("acquire.source_archived", by)
    assert queries.source_choices(by) == [(str(fair.pk), "Hannover fair")]


def test_a_name_that_was_taken_meanwhile_is_not_given_back(by: Actor, fair: Source) -> None:
    actions.change_source(source_id=fair.pk, name="Messe", by=by, at=AT)
    actions.add_source(name="Hannover fair", channel="OTHER", by=by, at=AT)
    change = Event.objects.get(verb="platform.changed")
    with pytest.raises(NotUndoable):
        undo_event(event_id=change.pk, by=by, at=AT)


def test_sources_of_a_file_are_found_or_added_in_few_queries(by: Actor, fair: Source) -> None:
    with count_queries() as few:
        actions.ensure_sources({"Expo": ""}, by=by, at=AT)
    names = {f"Source {n}": "OTHER" for n in range(50)} | {"HANNOVER FAIR": "", "google_ads": "", "  ": ""}
    with count_queries() as many:
        found = actions.ensure_sources(names, by=by, at=AT)
    assert len(many) == len(few)
    assert found["HANNOVER FAIR"] == fair.pk
    assert Source.objects.get(pk=found["google_ads"]).channel == "PAID_ADVERTISING"
    assert len(found) == 52


def test_files_of_sources_are_imported_once_and_undone(by: Actor, fair: Source) -> None:
    rows = [{"name": "Expo", "channel": "Trade show"}, {"name": "hannover fair", "note": "Each April"}]
    assert run(imports.SOURCES, by, *rows) == [Outcome.CREATED, Outcome.UPDATED]
    assert run(imports.SOURCES, by, *rows, number=2) == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    result = imports.SOURCES.undo(batch_id=1, by=by, at=AT)
    assert (result.removed, result.restored) == (1, 1)
    assert Source.objects.get(name="Expo").archived_at == AT
    fair.refresh_from_db()
    assert fair.note == ""
    assert run(imports.SOURCES, by, rows[0], number=3) == [Outcome.CREATED]


# --- campaigns --------------------------------------------------------------------------------------------


def test_a_campaign_runs_through_several_sources_and_changes_are_undone(by: Actor, fair: Source) -> None:
    web = actions.add_source(name="Site form", channel="WEB_FORM", by=by, at=AT)
    campaign = actions.add_campaign(name="Managed print", source_ids=[fair.pk], budget=Decimal(5000), by=by, at=AT)
    assert campaign.currency == "EUR"
    actions.change_campaign(
        campaign_id=campaign.pk, source_ids=[fair.pk, web.pk], goal="40 quote requests", by=by, at=AT
    )
    assert set(campaign.sources.all()) == {fair, web}
    undo("acquire.campaign_sources_changed", by)
    undo("platform.changed", by)
    campaign.refresh_from_db()
    assert (list(campaign.sources.all()), campaign.goal) == ([fair], "")


def test_a_campaign_ends_after_it_starts_and_has_a_name_of_its_own(by: Actor) -> None:
    with pytest.raises(Invalid):
        actions.add_campaign(name="Spring", starts_on=DAY, ends_on=DAY - timedelta(days=1), by=by, at=AT)
    spring = actions.add_campaign(name="Spring", by=by, at=AT)
    with pytest.raises(CampaignExists):
        actions.add_campaign(name="spring", by=by, at=AT)
    actions.delete_campaign(campaign_id=spring.pk, by=by, at=AT)
    actions.add_campaign(name="spring", by=by, at=AT)
    with pytest.raises(CampaignExists):
        actions.restore_campaign(campaign_id=spring.pk, by=by, at=AT)
    for gone in (spring.pk, 999):
        with pytest.raises(NotFound):
            actions.change_campaign(campaign_id=gone, name="Summer", by=by, at=AT)


def test_what_was_changed_is_undone_though_the_campaign_was_deleted_since(by: Actor, fair: Source) -> None:
    spring = actions.add_campaign(name="Spring", by=by, at=AT)
    actions.change_campaign(campaign_id=spring.pk, goal="40 quotes", source_ids=[fair.pk], by=by, at=AT)
    actions.delete_campaign(campaign_id=spring.pk, by=by, at=AT)
    undo("platform.changed", by)
    undo("acquire.campaign_sources_changed", by)
    spring.refresh_from_db()
    assert spring.deleted_at is not None
    assert (spring.goal, list(spring.sources.all())) == ("", [])


def test_files_of_campaigns_are_imported_once_and_undone(by: Actor) -> None:
    spring = {"external_id": "C1", "name": "Spring", "source": "Expo; Site form", "budget": Decimal("900.5")}
    wrong = {"name": "Autumn", "starts_on": DAY, "ends_on": DAY - timedelta(days=1)}
    assert run(imports.CAMPAIGNS, by, spring, wrong) == [Outcome.CREATED, Outcome.REJECTED]
    assert run(imports.CAMPAIGNS, by, spring, number=2) == [Outcome.UNCHANGED]
    renamed = {**spring, "name": "Spring sale", "goal": "10 servers"}
    assert run(imports.CAMPAIGNS, by, renamed, number=3) == [Outcome.UPDATED]
    campaign = Campaign.objects.get()
    assert (campaign.name, campaign.goal, campaign.budget) == ("Spring sale", "10 servers", Decimal("900.50"))
    assert campaign.sources.count() == 2
    assert imports.CAMPAIGNS.undo(batch_id=3, by=by, at=AT).restored == 1
    campaign.refresh_from_db()
    assert (campaign.name, campaign.goal) == ("Spring", "")


# --- spend ------------------------------------------------------------------------------------------------


def test_money_spent_names_its_source_and_is_taken_out_again(by: Actor, fair: Source) -> None:
    entry = actions.add_spend(source_id=fair.pk, spent_on=DAY, amount=Decimal("1200"), by=by, at=AT)
    assert queries.spend_total(queries.visible_spend(by)) == [("EUR", Decimal("1200"))]
    undo("acquire.spend_entered", by)
    assert not queries.visible_spend(by).exists()
    actions.restore_spend(spend_id=entry.pk, by=by, at=AT)
    assert queries.visible_spend(by).exists()
    with pytest.raises(Invalid):
        actions.add_spend(source_id=fair.pk, spent_on=DAY, amount=Decimal(0), by=by, at=AT)
    with pytest.raises(NotFound):
        actions.add_spend(source_id=999, spent_on=DAY, amount=Decimal(1), by=by, at=AT)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"spent_on": AT.date() + timedelta(days=1)}, "spent_on"),
        ({"amount": Decimal(-100)}, "note"),
        ({"amount": Decimal(0)}, "amount"),
    ],
)
def test_money_is_spent_on_a_day_that_has_come_and_a_refund_says_of_what(
    by: Actor, fair: Source, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        actions.add_spend(**{"source_id": fair.pk, "spent_on": DAY, "amount": Decimal(5), **values}, by=by, at=AT)
    assert list(refused.value.fields) == [field]
    actions.add_spend(source_id=fair.pk, spent_on=DAY, amount=Decimal(-100), note="Refund", by=by, at=AT)


def test_money_of_a_campaign_is_spent_on_one_of_its_sources(by: Actor, fair: Source) -> None:
    other = actions.add_source(name="Inbound phone", channel="INBOUND_CALL", by=by, at=AT)
    campaign = actions.add_campaign(name="Spring fairs", source_ids=[fair.pk], by=by, at=AT)
    spent: dict[str, Any] = {"campaign_id": campaign.pk, "spent_on": DAY, "amount": Decimal(5), "by": by, "at": AT}
    actions.add_spend(source_id=fair.pk, **spent)
    with pytest.raises(Invalid, match="does not run through “Inbound phone”"):
        actions.add_spend(source_id=other.pk, **spent)


def test_a_file_of_spend_leaves_out_days_to_come_and_amounts_of_nothing(by: Actor) -> None:
    entry = {"source": "Expo", "spent_on": DAY, "amount": Decimal("9.90")}
    rows = [{**entry, "spent_on": AT.date() + timedelta(days=3650)}, entry, {**entry, "amount": Decimal(0)}]
    assert run(imports.SPEND, by, *rows) == [Outcome.REJECTED, Outcome.CREATED, Outcome.REJECTED]


def test_files_of_spend_are_imported_once_and_undone(by: Actor) -> None:
    entry = {"source": "Expo", "campaign": "Spring", "spent_on": DAY, "amount": Decimal("99.90")}
    with_id = {**entry, "external_id": "S1", "note": "Stand"}
    assert run(imports.SPEND, by, entry, entry, with_id) == [Outcome.CREATED] * 3  # two equal clicks are two
    assert run(imports.SPEND, by, entry, entry, with_id, number=2) == [Outcome.UNCHANGED] * 3
    assert run(imports.SPEND, by, {**with_id, "amount": Decimal(100)}, number=3) == [Outcome.UPDATED]
    assert list(Campaign.objects.get().sources.values_list("name", flat=True)) == ["Expo"]
    result = imports.SPEND.undo(batch_id=1, by=by, at=AT)
    assert (result.removed, [kept.title for kept in result.kept][1:]) == (2, ["Spring", "Expo"])
    assert run(imports.SPEND, by, entry, number=4) == [Outcome.CREATED]
    assert SpendEntry.objects.filter(deleted_at=None).count() == 2


@pytest.mark.parametrize(
    "corrected",
    [{"amount": Decimal(110)}, {"currency": "USD"}, {"spent_on": DAY - timedelta(days=3)}, {"note": "Posters"}],
)
def test_an_entry_that_people_corrected_is_known_again_by_what_its_file_said(
    by: Actor, corrected: dict[str, Any]
) -> None:
    said = {"source": "Expo", "spent_on": DAY, "amount": Decimal(100), "note": "Stand"}
    assert run(imports.SPEND, by, said) == [Outcome.CREATED]
    entry = SpendEntry.objects.get()
    actions.change_spend(spend_id=entry.pk, amount=Decimal(105), by=by, at=AT)  # more than once
    actions.change_spend(spend_id=entry.pk, **{"amount": Decimal(100), **corrected}, by=by, at=AT)
    later = {**said, "spent_on": DAY + timedelta(days=1)}
    assert run(imports.SPEND, by, said, later, number=2) == [Outcome.UNCHANGED, Outcome.CREATED]
    entry.refresh_from_db()
    assert {name: getattr(entry, name) for name in corrected} == corrected
    assert SpendEntry.objects.count() == 2


def test_what_people_entered_themselves_is_known_by_what_it_says_alone(by: Actor, fair: Source) -> None:
    entry = actions.add_spend(source_id=fair.pk, spent_on=DAY, amount=Decimal(100), by=by, at=AT)
    actions.change_spend(spend_id=entry.pk, amount=Decimal(110), by=by, at=AT)
    other = {"source": fair.name, "spent_on": DAY, "amount": Decimal(100)}
    assert run(imports.SPEND, by, other, {**other, "amount": Decimal(110)}) == [Outcome.CREATED, Outcome.UNCHANGED]


def test_a_file_leaves_what_people_corrected_of_an_entry_and_says_so(by: Actor) -> None:
    said = {"source": "Expo", "spent_on": DAY, "amount": Decimal(100), "external_id": "S1"}
    run(imports.SPEND, by, said)
    entry = SpendEntry.objects.get()
    actions.change_spend(spend_id=entry.pk, amount=Decimal(110), by=by, at=AT)
    rows = [CleanRow(2, {**said, "note": "Stand"}, {})]
    (result,) = imports.SPEND.apply(rows, batch=Batch(2, "crm", "UTC", "EUR", "NL"), by=by, at=AT)
    entry.refresh_from_db()
    assert (entry.amount, entry.note) == (110, "Stand"), "what nobody said so far is filled in"
    assert "by hand" in result.reasons[0]


def test_a_file_without_a_currency_says_nothing_of_the_currency_of_an_entry(by: Actor) -> None:
    said = {"source": "Expo", "spent_on": DAY, "amount": Decimal(100), "external_id": "S1"}
    run(imports.SPEND, by, {**said, "currency": "USD"})
    assert run(imports.SPEND, by, said, number=2) == [Outcome.UNCHANGED]
    assert run(imports.SPEND, by, {**said, "currency": "CHF"}, number=3) == [Outcome.UPDATED]
    assert SpendEntry.objects.get().currency == "CHF"


# --- touchpoints ------------------------------------------------------------------------------------------


def test_a_touchpoint_is_corrected_by_a_later_entry_and_never_edited(by: Actor, fair: Source, orla: Party) -> None:
    wrong = actions.enter_touchpoint(party_id=orla.pk, kind="CALL", source_id=fair.pk, by=by, at=AT)
    right = actions.correct_touchpoint(touchpoint_id=wrong.pk, kind="STAND_VISIT", source_id=fair.pk, by=by, at=AT)
    assert list(queries.visible_touchpoints(by)) == [right]
    with pytest.raises(CorrectedAlready):
        actions.correct_touchpoint(touchpoint_id=wrong.pk, kind="EMAIL", by=by, at=AT)
    undo("acquire.touchpoint_corrected", by)
    assert list(queries.visible_touchpoints(by)) == [wrong]


def test_the_time_of_a_touchpoint_may_be_unknown(by: Actor, orla: Party) -> None:
    known = actions.record_touchpoint(party_id=orla.pk, kind="VISIT", by=by, at=AT)
    unknown = actions.record_touchpoint(party_id=orla.pk, kind="VISIT", occurred_at=None, by=by, at=AT)
    assert (known.occurred_at, unknown.occurred_at) == (AT, None)
    assert queries.first_touchpoint(by, orla.pk) == known
    with pytest.raises(Invalid):
        actions.record_touchpoint(party_id=orla.pk, kind="MAGIC", by=by, at=AT)
    with pytest.raises(NotFound):
        actions.enter_touchpoint(party_id=999, kind="VISIT", by=by, at=AT)


def test_a_contact_that_is_still_to_come_is_no_touchpoint(by: Actor, orla: Party) -> None:
    tomorrow = AT + timedelta(days=1)
    known = actions.enter_touchpoint(party_id=orla.pk, kind="CALL", by=by, at=AT)
    with pytest.raises(Invalid, match="still to come"):
        actions.enter_touchpoint(party_id=orla.pk, kind="CALL", is_outbound=True, occurred_at=tomorrow, by=by, at=AT)
    with pytest.raises(Invalid, match="still to come"):
        actions.correct_touchpoint(touchpoint_id=known.pk, kind="CALL", occurred_at=tomorrow, by=by, at=AT)


def test_touchpoints_of_parties_out_of_reach_are_out_of_sight(by: Actor, orla: Party) -> None:
    rep, other = make("Rep", Role.INDEPENDENT_REP), make("Other", Role.FIELD_REP)
    actions.record_touchpoint(party_id=orla.pk, kind="VISIT", by=by, at=AT)
    assert queries.visible_touchpoints(actor_of(rep)).count() == 1
    Party.objects.update(owner=other)
    assert not queries.visible_touchpoints(actor_of(rep)).exists()


def test_files_of_touchpoints_are_imported_once_and_undone(by: Actor, orla: Party) -> None:
    visit = {"email": "orla@x.example", "name": "Orla Keane", "kind": "VISIT", "source": "Expo", "occurred_at": AT}
    click = {**visit, "external_id": "T1", "kind": "AD_CLICK", "cost": Decimal("2.14")}
    late = {**visit, "occurred_at": AT + timedelta(days=3)}
    rows = [visit, visit, click, late, {"kind": "VISIT"}]
    first = [Outcome.CREATED, Outcome.UNCHANGED, Outcome.CREATED, Outcome.REJECTED, Outcome.REJECTED]
    assert run(imports.TOUCHPOINTS, by, *rows) == first
    assert run(imports.TOUCHPOINTS, by, visit, click, number=2) == [Outcome.UNCHANGED] * 2
    assert set(Touchpoint.objects.values_list("party_id", "currency")) == {(orla.pk, ""), (orla.pk, "EUR")}
    assert imports.TOUCHPOINTS.undo(batch_id=1, by=by, at=AT).removed == 2
    assert not queries.visible_touchpoints(by).exists()
    assert run(imports.TOUCHPOINTS, by, visit, click, number=3) == [Outcome.CREATED] * 2
    assert Touchpoint.objects.count() == 2


# --- pages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["sources", "campaigns", "spend", "touchpoints"])
def test_the_lists_cost_the_same_queries_for_two_rows_and_for_thirty(
    client: Client, user: User, by: Actor, slug: str
) -> None:
    client.force_login(user)

    def add(start: int, count: int) -> None:
        for n in range(start, start + count):
            source = actions.add_source(name=f"Source {n}", channel="OTHER", by=by, at=AT)
            campaign = actions.add_campaign(name=f"Campaign {n}", source_ids=[source.pk], by=by, at=AT)
            amount = Decimal(n + 1)
            actions.add_spend(source_id=source.pk, campaign_id=campaign.pk, spent_on=DAY, amount=amount, by=by, at=AT)
            person = add_person(name=f"Person Number{n}", email=f"p{n}@x.example", by=by, at=AT)
            actions.record_touchpoint(party_id=person.pk, kind="VISIT", source_id=source.pk, by=by, at=AT)

    add(0, 2)
    client.get(f"/{slug}")
    with count_queries() as few:
        assert client.get(f"/{slug}").status_code == 200
    add(2, 28)
    with count_queries() as many:
        page = client.get(f"/{slug}").content.decode()
    assert len(many) == len(few)
    assert page.count("<tr data-row") == 30
    pk = {"sources": Source, "campaigns": Campaign, "spend": SpendEntry, "touchpoints": Touchpoint}[slug]
    first = pk.objects.order_by("pk").values_list("pk", flat=True)[0]  # type: ignore[attr-defined]
    assert client.get(f"/{slug}/{first}").status_code == 200
    assert client.get(f"/{slug}?q=source+1").status_code == 200


def test_sources_and_campaigns_are_entered_and_edited_on_their_pages(client: Client, user: User) -> None:
    client.force_login(user)
    client.post("/sources/new", {"name": "Expo", "channel": "TRADE_SHOW"})
    source = Source.objects.get()
    client.post("/campaigns/new", {"name": "Spring", "source_ids": [source.pk], "budget": "900"})
    campaign = Campaign.objects.get()
    assert list(campaign.sources.all()) == [source]
    assert f'value="{source.pk}" selected' in client.get(f"/campaigns/{campaign.pk}/edit").content.decode()
    client.post(f"/sources/{source.pk}/edit", {"name": "Expo Rotterdam", "channel": "TRADE_SHOW"})
    source.refresh_from_db()
    assert source.name == "Expo Rotterdam"
    refused = client.post("/sources/new", {"name": "expo rotterdam", "channel": "OTHER"})
    assert refused.status_code == 409
    assert "There is a source" in refused.content.decode()
