"""The page "Where our sales come from": one answer, every number open, the same figures everywhere."""

import csv
import io
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from python_calamine import CalamineWorkbook

from headwater.acquire.models import Source
from headwater.measure import mirror, queries, schema, tasks, views
from headwater.measure.rules.periods import By, ReportRequest
from headwater.measure.state import page_state
from headwater.measure.table import table_of
from headwater.platform import apart
from headwater.platform.clock import now
from headwater.platform.exports import cell_text
from headwater.platform.models import Job
from headwater.platform.testing import make_actor, query_budget
from headwater.qualify.models import Lead
from headwater.sell.models import Order
from headwater.team.actions.tokens import create_token
from headwater.team.models import User
from headwater.team.queries import actor_of

PAGE = "/where-sales-come-from"
NOW = datetime(2026, 11, 12, 10, tzinfo=UTC)  # of the history in conftest


def asked(first, *others):
    """Questions to a test that takes long: the first at once, the others with the slow tests."""
    return [first, *(pytest.param(query, marks=pytest.mark.slow) for query in others)]


@pytest.fixture
def owner(history):
    return signed_in(history.user())


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def words(response):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def body(response):
    return b"".join(response.streaming_content).decode() if response.streaming else response.content.decode()


def test_the_page_answers_its_title_with_what_the_numbers_support(owner, kestrel):
    said = words(owner.get(PAGE))
    assert "€18k won so far, from 19 customers." in said
    assert "Referrals costs 4.9 % of the money and brings 55 % of the revenue." in said.replace("\u202f", " ")
    assert "=Fair has not paid back." in said
    assert "ListCo has not paid back" not in said, "one win is too few to judge"


def test_the_kinds_of_not_knowing_stay_rows_of_their_own(owner, kestrel):
    said = words(owner.get(PAGE))
    assert "Left blank : 4 leads, 1 won" in said
    assert "No known touchpoint : €250 revenue" in said
    assert "unknown" in said


@pytest.mark.parametrize(
    "query", asked("?by=channel", "", "?by=campaign&model=last", "?by=month&basis=closed", "?width=value")
)
def test_every_address_on_the_page_opens(owner, kestrel, query):
    page = owner.get(PAGE + query).content.decode()
    addresses = {unescape(found) for found in re.findall(rf'(?:href|hx-get)="({PAGE}[^"]*)"', page)}
    rows = sorted(address for address in addresses if address.startswith(f"{PAGE}/rows"))
    assert len(rows) > 10
    # Every switch of the plain page, and a sample of the rows: hundreds would only take long.
    switches = [] if query else sorted(addresses.difference(rows))
    for address in (*switches, *rows[:: len(rows) // 8]):
        assert owner.get(address).status_code == 200, address


def test_the_rows_behind_a_number_are_as_many_as_it_says(owner, kestrel):
    key = queries.sources_report(make_actor("*"), ReportRequest(), at=now()).rows[0].key
    for metric, count in (("leads", 21), ("won", 11), ("sql", 11), ("revenue", 10), ("spend", 1)):
        said = words(owner.get(f"{PAGE}/rows?metric={metric}&key={key}"))
        assert f"{count} were counted" in said or (count == 1 and "1 was counted" in said), metric


def test_the_rows_page_says_how_many_the_reader_may_not_see(history, owner):
    mine, other = history.user("READ_ONLY"), history.user("INDEPENDENT_REP")
    history.leads(history.source("Fair"), 3, owner=mine)
    gone = history.lead(None)
    history.count_up()
    Lead.objects.filter(pk=gone.pk).update(deleted_at=now())
    said = words(owner.get(f"{PAGE}/rows?metric=leads&every=1"))
    assert "4 were counted" in said and "1 of them is not visible to you." in said
    assert "No rows" in words(signed_in(other).get(f"{PAGE}/rows?metric=leads&every=1"))


def test_page_file_api_and_json_give_the_same_numbers(owner, kestrel):
    for by in By:
        request = ReportRequest(by=by)
        wanted = json.loads(
            json.dumps(schema.sources_json(queries.fresh_sources_report(make_actor("*"), request, at=now())))
        )
        api = owner.get(f"/api/v1/reports/sources?by={by.value}").json()
        assert api == wanted
        page = queries.page_data(make_actor("*"), request, at=now()).report
        assert schema.sources_json(page)["rows"] == wanted["rows"]
        lines = list(csv.DictReader(io.StringIO(body(owner.get(f"{PAGE}.csv?by={by.value}")).removeprefix("\ufeff"))))
        for line, row in zip(lines, [*wanted["rows"], wanted["total"]], strict=True):
            assert (int(line["leads"]), int(line["won"])) == (row["leads"], row["won"])
            assert (float(line["revenue"]) if line["revenue"] else None) == row["revenue"]
            assert (float(line["return_low"]) if line["return_low"] else None) == row["return"]["low"]
    for scope in ("read", "write"):
        user = User.objects.get(role="OWNER")
        _, text = create_token(user_id=user.pk, name=scope, scopes=[scope], by=actor_of(user), at=now())
        with_key = Client(headers={"Authorization": f"Bearer {text}"})
        told = with_key.get("/api/v1/reports/sources?by=quarter").json()
        assert (told["rows"], told["total"]) == (wanted["rows"], wanted["total"]), scope
    funnel = owner.get("/api/v1/reports/funnel").json()
    assert funnel == schema.funnel_json(queries.fresh_funnel_report(make_actor("*"), ReportRequest(), at=now()))


def test_the_json_keeps_what_is_not_known_apart(kestrel):
    found = schema.sources_json(queries.sources_report(make_actor("*"), ReportRequest(), at=now()))
    rows, total = found["rows"], found["total"]
    assert (total["source"], total["unknown"], total["leads"], total["won"]) == ("All", "", 118, 19)
    by_source = {row["source"]: row for row in rows}
    assert by_source[""]["label"] == "Left blank" and by_source[""]["unknown"] == "blank"
    assert (
        by_source["No known touchpoint"]["unknown"] == "no_touchpoint"
        and by_source["No known touchpoint"]["revenue"] == 250.0
    )
    assert by_source["unknown"]["unknown"] == "" and by_source["unknown"]["spend"] is None
    fair = by_source["=Fair"]
    assert (fair["leads"], fair["won"], fair["revenue"], fair["spend"], fair["margin"]) == (
        60,
        6,
        6000.0,
        9000.0,
        1800.0,
    )
    assert fair["conversion"] == {
        "share": 0.1,
        "low": pytest.approx(0.0605, abs=1e-4),
        "high": pytest.approx(0.1608, abs=1e-4),
        "level": 0.8,
    }
    assert fair["return"]["value"] == -0.8 and fair["return"]["high"] < 0
    assert fair["days_to_win"] == {"median": 10, "mean": 10, "known": 6, "negative": 0}


def test_text_that_a_spreadsheet_would_run_is_made_harmless(owner, kestrel):
    assert "\r\n'=Fair," in body(owner.get(f"{PAGE}.csv"))


def test_before_the_first_count_the_page_says_so_and_asks_for_it_once(owner):
    for _ in range(2):
        page = owner.get(PAGE)
        assert page.status_code == 200 and "being prepared" in words(page)
    assert Job.objects.filter(kind=tasks.KIND).count() == 1


def test_with_nothing_yet_there_is_one_sentence_and_one_button(owner, history):
    history.count_up()
    said = words(owner.get(PAGE))
    assert "No lead has arrived yet" in said and "Import your leads" in said
    assert "Nothing in this period" in words(owner.get(f"{PAGE}?period=this-month"))


def test_htmx_gets_the_part_that_changes(owner, kestrel):
    part = owner.get(f"{PAGE}?model=last", headers={"HX-Request": "true"}).content.decode()
    assert part.strip().startswith('<div class="stack" id="report"') and "<html" not in part


def test_nothing_on_the_page_needs_inline_style_or_script(owner, kestrel):
    for query in ("", "?by=month", "?width=value", "?curve=1"):
        page = owner.get(PAGE + query).content.decode()
        assert " style=" not in page and "<style" not in page
        assert not re.search(r"<script(?![^>]*src=)", page) and " onclick=" not in page


def test_a_period_that_nobody_can_read_is_refused_in_words(owner, kestrel):
    refused = owner.get(f"{PAGE}?period=yesterdayish")
    assert refused.status_code == 422 and "yesterdayish" in words(refused)
    assert owner.get("/api/v1/reports/sources?peroid=2017").status_code == 422


def test_who_may_see_no_reports_sees_none(history, kestrel):
    service = signed_in(history.user("SERVICE"))
    for address in (PAGE, f"{PAGE}.csv", f"{PAGE}/rows?metric=leads&every=1", "/api/v1/reports/sources"):
        assert service.get(address).status_code == 403, address
    assert "Where sales come from" not in words(service.get("/"))


def test_a_rep_counts_only_what_is_theirs_and_is_told_so(history):
    rep = history.user("INDEPENDENT_REP")
    fair = history.source("Fair")
    history.leads(fair, 2, owner=rep)
    history.leads(fair, 5)
    history.spend(fair, "100")
    history.count_up()
    said = words(signed_in(rep).get(PAGE))
    assert "2 leads, nothing won so far." in said and "only your own and your team's" in said and "€100" not in said


def test_the_same_question_is_answered_from_memory_until_the_mirror_moves(owner, kestrel):
    first = queries.page_data(make_actor("*"), ReportRequest(), at=now())
    assert queries.page_data(make_actor("*"), ReportRequest(), at=now()).flow is first.flow
    other = queries.page_data(make_actor("measure.report.see", user_id=7), ReportRequest(), at=now())
    assert other.flow is not first.flow, "another scope is another question"
    kestrel.lead(None)
    assert queries.page_data(make_actor("*"), ReportRequest(), at=now()).report.freshness.behind == 1
    kestrel.count_up()
    assert queries.page_data(make_actor("*"), ReportRequest(), at=now()).report.total.figures.leads == 119


def test_the_page_asks_the_database_a_few_times_however_much_there_is(owner, kestrel):
    owner.get(PAGE)
    with query_budget(12):
        owner.get(PAGE)


def test_the_reader_is_told_how_fresh_the_numbers_are_and_can_refresh(owner, kestrel):
    kestrel.lead(None)
    assert "1 change since" in words(owner.get(PAGE))
    position = mirror.freshness().position
    waiting = owner.post(f"{PAGE}/refresh", {"position": position}, headers={"HX-Request": "true"})
    assert "Counting the latest changes" in words(waiting) and Job.objects.filter(kind=tasks.KIND).count() == 1
    assert "Counting" in words(owner.get(f"{PAGE}/freshness?position={position}", headers={"HX-Request": "true"}))
    kestrel.count_up()
    assert owner.get(f"{PAGE}/freshness?position={position}")["HX-Refresh"] == "true"
    plain = owner.post(f"{PAGE}/refresh", {"next": f"{PAGE}?by=month"})
    assert plain.status_code == 302 and plain["Location"] == f"{PAGE}?by=month"
    assert owner.post(f"{PAGE}/refresh", {"next": "https://elsewhere.example/"})["Location"] == PAGE


def test_the_mirror_follows_the_log_once_it_rests_or_after_a_minute(history, monkeypatch):
    monkeypatch.setattr(tasks, "_log", tasks._Log())
    at = now()
    history.lead(None)  # the log begins anywhere: ids go on from one test to the next
    tasks.keep_up(at)
    assert mirror.freshness().behind == 0, "the first time at once"
    history.lead(None)
    tasks.keep_up(at)
    assert mirror.freshness().behind == 1, "somebody is still writing"
    tasks.keep_up(at + timedelta(seconds=10))
    assert mirror.freshness().behind == 0
    for seconds in (30, 40, 50, 90):
        history.lead(None)
        tasks.keep_up(at + timedelta(seconds=seconds))
    assert mirror.freshness().behind == 0, "not put off for ever"


def test_a_process_of_its_own_does_what_it_is_named_at_the_present_moment(history):
    history.lead(None)
    apart.work("headwater.measure.mirror.refresh")
    assert mirror.freshness().behind == 0


@pytest.mark.slow
def test_work_that_fails_in_a_process_of_its_own_is_told_of(capfd):
    with pytest.raises(subprocess.CalledProcessError):
        apart.run_apart("headwater.measure.mirror.nothing")
    assert "nothing" in capfd.readouterr().err


def test_an_opportunity_without_a_lead_hides_no_lead_from_the_picture(history):
    history.leads(history.source("Fair"), 3)
    history.opportunity()
    history.opportunity(history.lead(None, sql=True), opened_at=now() - timedelta(days=3), amount=500)
    history.count_up()
    streams = queries.flow_of(make_actor("*"), ReportRequest(), at=now()).streams
    assert sum(stream.leads for stream in streams) == 4
    assert [(s.fate.outcome, s.value) for s in streams if s.fate.qualified == "qualified"] == [("open", 500)]


def test_a_mirror_of_another_version_or_zone_is_made_anew(history, monkeypatch):
    history.lead(None)
    history.count_up()
    assert mirror.refresh(at=now()) is False
    monkeypatch.setattr(mirror, "VERSION", "next")
    assert mirror.refresh(at=now()) is True


def test_a_kill_in_the_middle_of_a_refresh_leaves_the_old_mirror(history, monkeypatch):
    history.lead(None)
    history.count_up()
    (settings.HOME.mirror / "building-1.duckdb").write_bytes(b"half")
    assert mirror.freshness().behind == 0
    history.lead(None)
    assert mirror.refresh(at=now()) is True


def test_the_openapi_document_describes_the_reports(owner):
    paths = owner.get("/api/v1/openapi.json").json()["paths"]
    assert {"/api/v1/reports/sources", "/api/v1/reports/funnel"} <= set(paths)


QUESTIONS = ("", "?by=channel", "?by=campaign&model=last", "?by=month&basis=closed", "?by=quarter", "?as_of=2026-09-01")


@pytest.mark.parametrize("query", asked(*QUESTIONS))
def test_every_number_of_the_table_and_the_funnel_opens_exactly_so_many_rows(kestrel, query):
    kestrel.order(kestrel.lead(None), amount="90", days_later=20)
    Order.objects.filter(amount=90).update(currency="USD")
    alone = kestrel.opportunity(outcome="WON", closed_at=NOW, opened_at=NOW)
    order = kestrel.order(kestrel.lead(Source.objects.get(name="ListCo")), amount="70")
    Order.objects.filter(pk=order.pk).update(lead=None, opportunity=alone)
    kestrel.note("sell.order", order.pk)
    kestrel.count_up()
    params = dict(part.split("=") for part in query.removeprefix("?").split("&") if part)
    state = page_state(params, today=NOW.date())
    data = queries.page_data(make_actor("*"), state.request, at=NOW)
    table = table_of(data, state)
    opened = 0
    for line in (*table.lines, table.total):
        figures = line.row.figures
        counted = {"leads": figures.leads, "sql": figures.sql, "won": figures.won, "revenue": figures.orders}
        counted |= {"foreign": figures.orders_other_currency}
        for metric, count in counted.items():
            found = queries.rows_behind(
                make_actor("*"),
                state.request,
                metric=metric,
                key=line.row.key,
                unknown=line.row.unknown,
                every=line is table.total,
                at=NOW,
            )
            assert len(found.ids) == len(set(found.ids)) == count, (line.row.label, metric)
            assert metric == "foreign" or (metric in line.urls) == bool(count)
            opened += 1
    assert opened >= 10
    assert table.total.row.figures.orders_other_currency == 1
    for step in data.funnel.steps:
        found = queries.rows_behind(
            make_actor("*"), state.request, metric=views.FUNNEL[step.key], key=None, unknown="", every=True, at=NOW
        )
        assert len(found.ids) == step.leads, step.key


def test_orders_in_another_currency_are_told_and_open(owner, kestrel):
    assert "not in EUR" not in words(owner.get(PAGE))
    order = kestrel.order(kestrel.lead(Source.objects.get(name="ListCo")), amount="90")
    Order.objects.filter(pk=order.pk).update(currency="USD")
    kestrel.count_up()
    said = words(owner.get(PAGE))
    assert (
        "1 order is not in EUR and has no exchange rate: it is counted as won, but not in any sum of money. See them"
        in said
    )
    assert "1 was counted" in words(owner.get(f"{PAGE}/rows?metric=foreign&every=1"))
    found = owner.get("/api/v1/reports/sources").json()
    assert found["total"]["orders_other_currency"] == 1
    assert {row["source"]: row["orders_other_currency"] for row in found["rows"]}["ListCo"] == 1


def test_the_table_is_sorted_by_the_head_one_chooses(owner, kestrel):
    def labels(query):
        return re.findall(r'<span class="el">([^<]+)</span></span></th>', owner.get(PAGE + query).content.decode())

    unknown = ["Left blank", "No known touchpoint"]
    assert labels("?sort=-leads") == ["=Fair", "ListCo", "Referrals", "unknown", *unknown]
    assert labels("?sort=leads") == ["unknown", "Referrals", "ListCo", "=Fair", *unknown]
    assert labels("?sort=label") == ["=Fair", "ListCo", "Referrals", "unknown", *unknown]
    assert labels("?sort=-spend")[-3:] == ["unknown", *unknown], "what is not known stands last either way"
    assert labels("?sort=spend")[-3:] == ["unknown", *unknown]
    assert labels("?sort=nonsense") == labels("") == ["Referrals", "=Fair", "ListCo", "unknown", *unknown]
    page = owner.get(f"{PAGE}?sort=-leads").content.decode()
    assert page.count("aria-sort") == 1 and 'aria-sort="descending"' in page
    assert 'href="/where-sales-come-from?sort=leads"' in page


def test_the_report_leaves_as_a_spreadsheet_in_the_order_of_the_page(owner, kestrel):
    file = io.BytesIO(owner.get(f"{PAGE}.xlsx?sort=-leads").content)
    head, *rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(row["source"], row["leads"]) for row in found[:2]] == [("=Fair", 60), ("ListCo", 30)]
    assert (found[0]["revenue"], found[0]["conversion"], found[-1]["source"]) == (6000, 0.1, "All")
    lines = list(csv.DictReader(io.StringIO(body(owner.get(f"{PAGE}.csv?sort=-leads")).removeprefix("\ufeff"))))
    assert [line["source"] for line in lines] == [cell_text(row["source"]) for row in found]
