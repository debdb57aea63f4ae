"""The list, record and sections of leads: right columns, fixed numbers of queries, no page without an answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from headwater.acquire.actions import add_source
from headwater.parties.actions import plan_todo
from headwater.platform.actor import Actor
from headwater.platform.filter import tree_from_params
from headwater.platform.paging import page_of
from headwater.platform.resource import filtered
from headwater.platform.search.keeping import rebuild
from headwater.platform.testing import count_queries
from headwater.qualify import actions
from headwater.qualify.cells import clock
from headwater.qualify.models import Lead
from headwater.qualify.resources import LEADS
from headwater.team.models import Company, User
from headwater.web.drawn import Cell

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 12, 10, 0, tzinfo=UTC)


@pytest.fixture
def add(by_head: Actor) -> Callable[[int], list[Lead]]:
    def many(count: int) -> list[Lead]:
        found = []
        for _ in range(count):
            number = Lead.objects.count()
            source = add_source(name=f"Source {number}", channel="REFERRAL", by=by_head, at=AT)
            lead = actions.capture_lead(
                by=by_head, at=AT, name=f"Orla Keane{number}", email=f"orla{number}@x.example", title="Labels",
                company=f"Harrow {number}", source_id=source.pk, owner_id=by_head.user_id if number % 2 else None,
            )  # fmt: skip
            plan_todo(
                party_id=lead.party_id, subject="Call", due_at=AT + timedelta(days=1), owner_id=None, by=by_head, at=AT
            )
            found.append(lead)
        return found

    return many


def view(key: str, by: Actor) -> set[int]:
    saved = next(v for v in LEADS.views if v.key == key)
    rows = filtered(LEADS, by, tree_from_params(saved.params, LEADS.by_key))
    return {row.pk for row in page_of(rows, LEADS, sort=saved.sort).rows}


def test_the_list_costs_the_same_queries_for_two_rows_and_for_thirty(
    client: Client, add: Callable[[int], list[Lead]], head: User
) -> None:
    client.force_login(head)
    Company.objects.update(setup_done_at=AT)
    add(2)
    client.get("/leads")
    with count_queries() as few:
        assert client.get("/leads").status_code == 200
    add(28)
    with count_queries() as many:
        page = client.get("/leads").content.decode()
    assert len(many) == len(few)
    assert page.count("<tr data-row") == 30


def test_the_record_and_my_day_show_what_is_to_be_done(
    client: Client, add: Callable[[int], list[Lead]], head: User
) -> None:
    client.force_login(head)
    Company.objects.update(setup_done_at=AT)
    lead = add(2)[1]
    page = client.get(f"/leads/{lead.pk}").content.decode()
    for words in ("Next best step", "Journey", "First touch", "First came from Source 1", "Harrow 1"):
        assert words in page
    day = client.get("/").content.decode()
    assert "Waiting for a first answer" in day
    assert "Unclaimed pool" in day
    assert "style=" not in page + day


def test_taking_the_next_lead_opens_it(client: Client, add: Callable[[int], list[Lead]], head: User) -> None:
    client.force_login(head)
    Company.objects.update(setup_done_at=AT)
    (lead,) = add(1)
    assert client.post("/leads/claim-next").headers["Location"] == f"/leads/{lead.pk}"
    lead.refresh_from_db()
    assert lead.owner_id == head.pk
    assert client.post("/leads/claim-next").status_code == 409


def test_the_saved_views_hold_what_they_say(add: Callable[[int], list[Lead]], by_head: Actor, priya: User) -> None:
    pool, mine = add(2)
    answered = actions.capture_lead(by=by_head, at=AT, name="Bas", interest="QUOTE_REQUEST", owner_id=by_head.user_id)
    actions.log_response(lead_id=answered.pk, kind="MEETING", by=by_head, at=AT)
    gone = actions.capture_lead(by=by_head, at=AT, name="Ilse", owner_id=by_head.user_id)
    actions.disqualify_lead(lead_id=gone.pk, reason="SPAM", by=by_head, at=AT)
    back = actions.capture_lead(by=by_head, at=AT, name="Gwen", owner_id=by_head.user_id)
    actions.move_lead(lead_id=back.pk, stage="MQL", by=by_head, at=AT)
    actions.hand_over_lead(lead_id=back.pk, to_id=priya.pk, by=by_head, at=AT)
    actions.send_back_lead(lead_id=back.pk, reason="NOT_READY", by=by_head, at=AT)
    assert view("mine", by_head) == {mine.pk, answered.pk, back.pk}
    assert view("waiting", by_head) == {pool.pk, mine.pk, back.pk}
    assert view("quotes", by_head) == {answered.pk}
    assert view("pool", by_head) == {pool.pk}
    assert view("sent_back", by_head) == {back.pk}
    assert view("open", by_head) == {pool.pk, mine.pk, answered.pk, back.pk}


@pytest.mark.parametrize("words", ["orla keane1", "ORLA1@X", "labels", "harrow 1", "landing-7"])
def test_leads_are_found_by_name_address_company_wish_and_columns_of_the_file(
    add: Callable[[int], list[Lead]], by_head: Actor, words: str
) -> None:
    lead = add(2)[1]
    Lead.objects.exclude(pk=lead.pk).update(title="")
    Lead.objects.filter(pk=lead.pk).update(extra={"page": "landing-7"})
    rebuild()
    found = filtered(LEADS, by_head, tree_from_params({}, LEADS.by_key), search=words)
    assert [row.pk for row in found] == [lead.pk]


def test_every_sortable_column_sorts(add: Callable[[int], list[Lead]], by_head: Actor) -> None:
    add(3)
    rows = filtered(LEADS, by_head, tree_from_params({}, LEADS.by_key))
    for column in LEADS.columns:
        if column.sortable:
            first = page_of(rows, LEADS, sort=f"-{column.key}", size=2)
            rest = page_of(rows, LEADS, sort=f"-{column.key}", size=2, cursor=first.next or "")
            assert len({row.pk for row in [*first.rows, *rest.rows]}) == 3


def test_the_answer_clock_of_a_listed_lead_follows_office_hours(
    add: Callable[[int], list[Lead]], by_head: Actor, company: Company
) -> None:
    from headwater.qualify.queries import clock_of, listed_leads

    add(1)
    lead = listed_leads(by_head).get()
    clock = clock_of(lead, company, at=AT + timedelta(minutes=22))
    assert clock is not None
    assert (clock.left, clock.allowed, clock.is_late) == (480, 1800, False)
    late = clock_of(lead, company, at=AT + timedelta(days=1))
    assert late is not None
    assert late.is_late


def test_a_list_says_how_long_a_lead_stands_in_its_stage(
    add: Callable[[int], list[Lead]], by_head: Actor, company: Company
) -> None:
    [lead] = add(1)
    Lead.objects.filter(pk=lead.pk).update(answered_at=AT, stage_since=AT)
    row = LEADS.rows(by_head).get(pk=lead.pk)
    cell = Cell(row, None, "/leads/1", by_head, company, AT + timedelta(hours=4, minutes=38))
    assert "4 h 38 in stage" in clock(cell)
