"""How the generic pages behave, shown on leads and sources: filters, forms, commands, undo, refusals, safety."""

import io
import json

import pytest
from django.db.models import CharField, TextField, Value
from django.db.models.functions import Cast, Concat
from django.test import Client
from django.utils.html import escape
from makers import AT

from headwater.acquire.models import Source
from headwater.parties.models import Activity, Party
from headwater.platform.models import Event, ListView
from headwater.platform.resource import REGISTRY, by_slug
from headwater.platform.testing import count_queries
from headwater.qualify.models import Lead

MARKUP = "</script><script>x</script>"
HX = {"HTTP_HX_REQUEST": "true"}


def words(answer):
    return answer.content.decode()


def toast(answer):
    return json.loads(answer["HX-Trigger"])["toast"]


@pytest.mark.parametrize("signed_in", [True, False])
def test_no_cache_hands_on_what_was_shown_to_somebody(signed_in, make, client_of):
    [pk] = make("qualify.lead")
    client = client_of("OWNER") if signed_in else Client()
    for address in (
        "/", "/leads", f"/leads/{pk}", "/leads/0", "/settings/users", "/settings/company", "/settings/work", "/nope",
        "/api/v1/leads", f"/api/v1/leads/{pk}", "/api/v1/users", "/api/v1/nope", "/api/v1/openapi.json",
    ):  # fmt: skip
        said = client.get(address)["Cache-Control"]
        assert "private" in said and ("no-cache" in said or "no-store" in said), (address, said)


# Lists ---------------------------------------------------------------------------------------------------


def test_the_address_is_the_list(make, client_of):
    first, second = make("qualify.lead", 2)
    Lead.objects.filter(pk=second).update(stage="MQL")
    client = client_of("OWNER")
    page = words(client.get("/leads?stage=MQL"))
    assert f'href="/leads/{second}' in page and f'href="/leads/{first}' not in page
    assert 'aria-current="true"' in page and "Stage: MQL" in page
    none = words(client.get("/leads?stage=SQL"))
    assert "Nothing in this view" in none and 'href="/leads"' in none
    assert "Nothing found for “zzzz”" in words(client.get("/leads?q=zzzz"))


def test_a_view_can_be_changed_in_the_address_and_keeps_its_name(make, client_of):
    make("qualify.lead")
    client = client_of("OWNER")
    page = words(client.get("/leads?view=open&stage=NEW"))
    assert "1 lead" in page and "view=open" in page
    assert client.get("/leads?view=long-gone").status_code == 404


@pytest.mark.parametrize("slug", ["opportunities", "orders", "people", "organisations"])
def test_what_other_rows_say_is_fetched_for_columns_that_show_it(slug, make, client_of):
    resource = by_slug(slug)
    make(resource.key, 2)
    client, gathered = client_of("OWNER"), [column.key for column in resource.columns if column.gathered]
    own = [column.key for column in resource.columns if not column.gathered]
    asked = {}
    for shown in (own, [*own, *gathered]):
        client.get(f"/{slug}?view=all&cols={','.join(shown)}")
        with count_queries() as asked[len(shown)]:
            client.get(f"/{slug}?view=all&cols={','.join(shown)}")
    assert len(asked[len(own)]) == len(asked[len(own) + 1]) - 1


def test_a_filter_that_means_nothing_is_refused_in_words(client_of):
    client = client_of("OWNER")
    assert "Worth, their guess is at least €1,000" in words(client.get("/leads?amount__gte=1000"))
    assert "Write a number such as" in words(client.get("/leads?amount__gte=many"))
    for wrong in ("amount__gte=many", "sort=shoe_size", "cursor=nonsense", "amount__between=5,1", "filter={}"):
        assert client.get(f"/leads?{wrong}").status_code == 422, wrong


def test_columns_are_chosen_once_and_kept(make, client_of):
    make("acquire.source")
    client = client_of("OWNER")
    answer = client.post("/sources/layout", {"cols": ["name", "note"], "query": "q=fair"})
    assert answer["Location"] == "/sources?q=fair"
    page = words(client.get("/sources"))
    assert ">Note<" in page and ">Channel<" not in page.split("<thead>")[1].split("</thead>")[0]


def test_a_fragment_is_a_part_of_the_page(make, client_of):
    make("acquire.source")
    client = client_of("OWNER")
    part = client.get("/sources", **HX)
    assert "<html" not in words(part) and 'id="list-rows"' in words(part)
    assert "HX-Request" in part["Vary"]
    whole = client.get("/sources", HTTP_HX_HISTORY_RESTORE_REQUEST="true", **HX)
    assert "<html" in words(whole), "going back needs the whole page"


@pytest.mark.parametrize("key", sorted(REGISTRY))
def test_names_from_outside_are_only_text(key, make, by, client_of):
    """Whatever stands in a noun's texts, and in those of the people and sources beside it, no page runs it."""
    resource = REGISTRY[key].now()
    [pk] = make(key)
    for model in {resource.rows(by).model, Party, Source}:
        texts = [
            field.attname
            for field in model._meta.concrete_fields
            if isinstance(field, (CharField, TextField)) and not field.choices and (field.max_length or 99) >= 40
        ]
        model._default_manager.update(**dict.fromkeys(texts, Concat(Cast("pk", CharField()), Value(MARKUP))))
    client = client_of("OWNER")
    for address in (f"/{resource.slug}", f"/{resource.slug}/{pk}", "/", "/search?q=script"):
        page = words(client.get(address))
        assert "<script>x" not in page and "</script>x" not in page, address
    assert escape(MARKUP) in words(client.get(f"/{resource.slug}/{pk}")), "the page does show it, as text"


# Forms and commands --------------------------------------------------------------------------------------


def test_a_form_creates_by_its_action_and_offers_undo(client_of):
    client = client_of("OWNER")
    answer = client.post("/campaigns/new", {"name": "Hannover 2026"}, follow=True)
    event = Event.objects.get(verb="acquire.campaign_added")
    record = f"/campaigns/{event.subject_id}"
    assert answer.redirect_chain == [(record, 302)]
    assert "Campaign added" in words(answer) and f'action="/undo/{event.pk}"' in words(answer)
    gone = client.post(f"/undo/{event.pk}", {"next": record}, follow=True)
    assert gone.redirect_chain == [("/campaigns", 302)], "the record went, so the list it is"
    assert "Undone" in words(gone)


def test_wrong_values_come_back_beside_their_fields_with_the_rest_kept(client_of):
    client = client_of("OWNER")
    answer = client.post("/sources/new", {"name": "", "channel": "TRADE_SHOW", "note": "Stand B14"}, **HX)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in words(answer) and "Stand B14" in words(answer) and "<dialog" in words(answer)
    assert client.post("/sources/new", {"name": ""}).status_code == 422


def test_a_refusal_of_the_action_stands_in_the_form(make, client_of):
    [pk] = make("acquire.source")
    name = Source.objects.get(pk=pk).name
    answer = client_of("OWNER").post("/sources/new", {"name": name, "channel": "OTHER"})
    assert answer.status_code == 409 and "already" in words(answer)


def test_a_change_is_undone_from_its_toast(make, client_of):
    [pk] = make("acquire.source")
    old = Source.objects.get(pk=pk)
    client = client_of("OWNER")
    answer = client.post(f"/sources/{pk}/edit", {"name": "Renamed", "channel": old.channel}, **HX)
    assert json.loads(answer["HX-Location"])["path"] == f"/sources/{pk}"
    assert Source.objects.get(pk=pk).name == "Renamed"
    undone = client.post(toast(answer)["undo_url"], HTTP_HX_CURRENT_URL=f"http://testserver/sources/{pk}", **HX)
    assert undone.status_code == 204 and undone["HX-Redirect"] == f"/sources/{pk}"
    assert Source.objects.get(pk=pk).name == old.name
    again = client.post(toast(answer)["undo_url"], **HX)
    assert again.status_code == 409 and "undone before" in toast(again)["message"]


def test_saving_without_a_change_says_so(make, client_of):
    [pk] = make("acquire.source")
    source = Source.objects.get(pk=pk)
    answer = client_of("OWNER").post(f"/sources/{pk}/edit", {"name": source.name, "channel": source.channel}, **HX)
    assert toast(answer) == {"message": "Nothing changed", "undo_url": "", "open_url": "", "tone": ""}


def test_only_the_fields_of_the_form_are_stored(make, client_of):
    [pk] = make("acquire.source")
    data = {"name": "New name", "channel": "OTHER", "archived_at": "2026-01-01", "id": "99", "batch_id": "7"}
    client_of("OWNER").post(f"/sources/{pk}/edit", data)
    source = Source.objects.get(pk=pk)
    assert (source.name, source.archived_at, source.batch_id) == ("New name", None, None)


def test_a_command_asks_acts_and_stays_where_one_is(make, client_of):
    [pk] = make("qualify.lead")
    client = client_of("OWNER")
    assert "<dialog" in words(client.get(f"/leads/{pk}/do/disqualify", **HX))
    data = {"reason": "NO_BUDGET", "next": "/leads?view=open"}
    answer = client.post(f"/leads/{pk}/do/disqualify", data, **HX)
    assert answer.status_code == 200, words(answer)
    assert json.loads(answer["HX-Location"])["path"] == "/leads?view=open"
    assert Lead.objects.get(pk=pk).exit == "DISQUALIFIED"
    stale = client.post(f"/leads/{pk}/do/recycle", {"wake_up_on": "2027-01-01"}, **HX)
    assert stale.status_code == 409 and toast(stale)["tone"] == "bad"


def test_many_rows_are_changed_in_one_step_and_undone_in_one(make, client_of, people):
    ids = make("qualify.lead", 3)
    rep = people["FIELD_REP"]
    client = client_of("OWNER")
    asked = client.post("/leads/do/assign", {"ids": ids[:2], "ask": "1"}, **HX)
    assert asked.status_code == 200 and words(asked).count('name="ids"') == 2
    answer = client.post("/leads/do/assign", {"ids": ids[:2], "owner_id": rep.pk}, **HX)
    assert "2 leads" in toast(answer)["message"]
    assert list(Lead.objects.order_by("pk").values_list("owner_id", flat=True))[:2] == [rep.pk, rep.pk]
    again = client.post("/leads/do/assign", {"ids": ids, "owner_id": rep.pk}, **HX)
    assert toast(again)["message"] == "Assign: 1 lead. Nothing to do for 2."
    assert client.post(toast(again)["undo_url"], **HX).status_code == 204
    assert client.post(toast(answer)["undo_url"], **HX).status_code == 204
    assert not Lead.objects.filter(owner=rep).exists()


def test_all_that_match_means_the_list_and_no_more(make, client_of, people):
    ids = make("qualify.lead", 3)
    Lead.objects.filter(pk=ids[0]).update(stage="WORKING")
    rep = people["FIELD_REP"]
    data = {"ids": ids[:1], "all": "1", "query": "stage=NEW", "owner_id": rep.pk}
    client_of("OWNER").post("/leads/do/assign", data)
    assert set(Lead.objects.filter(owner=rep).values_list("pk", flat=True)) == set(ids[1:])


@pytest.mark.parametrize("gone", ["cf_floor__gte=3", "cost=1", "shoe_size__is=44"])
def test_all_that_match_a_filter_that_is_gone_are_not_all_there_are(make, client_of, people, gone):
    """A field was retired, or a right to it taken, while somebody had the list open."""
    make("qualify.lead", 3)
    data = {"all": "1", "query": f"stage=NEW&{gone}", "owner_id": people["FIELD_REP"].pk}
    answer = client_of("OWNER").post("/leads/do/assign", data, **HX)
    assert answer.status_code == 409 and "gone by now" in toast(answer)["message"]
    assert not Lead.objects.filter(owner=people["FIELD_REP"]).exists()


def test_all_that_match_a_view_of_a_filter_that_is_gone_are_not_all_there_are(make, client_of, people):
    make("qualify.lead", 3)
    params = {"stage": "NEW", "cf_floor__gte": "3"}
    view = ListView.objects.create(
        noun="qualify.lead", owner_id=people["OWNER"].pk, name="Upstairs", params=params, created_at=AT
    )
    data = {"all": "1", "query": f"view={view.pk}", "owner_id": people["FIELD_REP"].pk}
    answer = client_of("OWNER").post("/leads/do/assign", data, **HX)
    assert answer.status_code == 409 and "this view filters by is gone" in toast(answer)["message"]
    assert not Lead.objects.filter(owner=people["FIELD_REP"]).exists()


@pytest.mark.parametrize("gone", ["cf_floor__gte=3", "cost=1"])
def test_a_file_of_a_filter_that_is_gone_is_not_one_of_all_there_are(make, client_of, people, gone):
    make("qualify.lead", 3)
    params = dict([gone.split("=")])
    view = ListView.objects.create(
        noun="qualify.lead", owner_id=people["OWNER"].pk, name="Upstairs", params=params, created_at=AT
    )
    client = client_of("OWNER")
    assert "a column that is gone" in words(client.get(f"/leads?view={view.pk}"))
    assert "a column that is gone" not in words(client.get("/leads?view=open"))
    for query in (f"stage=NEW&{gone}", f"view={view.pk}"):
        answer = client.get(f"/leads/export.csv?{query}")
        assert answer.status_code == 409 and "gone by now" in words(answer)
    assert not Event.objects.filter(verb="platform.rows_exported").exists()
    assert client.get("/leads/export.csv?stage=NEW").status_code == 200


def test_nothing_chosen_is_said_in_words(client_of):
    answer = client_of("OWNER").post("/leads/do/assign", {"owner_id": "1"}, **HX)
    assert answer.status_code == 422 and "at least one row" in toast(answer)["message"]


# Safety --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["https://evil.example/x", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_sent_to_another_site(make, client_of, address):
    [pk] = make("qualify.lead")
    client = client_of("OWNER")
    answer = client.post(f"/leads/{pk}/do/disqualify", {"reason": "NO_BUDGET", "next": address})
    assert answer.status_code == 302 and answer["Location"] == f"/leads/{pk}"


def test_writes_are_posts_with_a_token(make, client_of):
    [pk] = make("acquire.source")
    client = client_of("OWNER")
    assert client.get("/undo/1").status_code == 405
    assert client.get("/leads/do/assign").status_code == 405
    assert client.get(f"/sources/{pk}/do/archive").status_code == 200
    assert Source.objects.get(pk=pk).archived_at is None
    strict = client_of("OWNER", enforce_csrf_checks=True)
    assert strict.post(f"/sources/{pk}/do/archive").status_code == 403
    assert Source.objects.get(pk=pk).archived_at is None


def test_a_session_that_ended_sends_the_whole_page_to_the_sign_in(db, company):
    answer = Client().get("/leads?view=open", HTTP_HX_CURRENT_URL="http://testserver/leads?view=open", **HX)
    assert answer.status_code == 204 and answer["HX-Redirect"] == "/sign-in?next=/leads%3Fview%3Dopen"
    assert "Location" not in answer


def test_refusals_are_pages_with_words_and_toasts(client_of):
    client = client_of("OWNER")
    page = client.get("/leads/999999")
    assert page.status_code == 404 and "no such record" in words(page)
    assert client.get("/nothing-here").status_code == 404
    part = client.get("/leads/999999", **HX)
    assert part.status_code == 404 and part["HX-Reswap"] == "none" and "no such record" in toast(part)["message"]
    assert client.get("/leads/1/do/fly").status_code == 404


# Export --------------------------------------------------------------------------------------------------


def test_an_export_is_the_list_as_it_is_shown_and_noted(make, client_of, by):
    first, second = make("acquire.source", 2)
    Source.objects.filter(pk=first).update(name="=cmd|' /C calc'!A0", note="+353 1 555 0142")
    Source.objects.filter(pk=second).update(note="-")
    client = client_of("OWNER")
    answer = client.get("/sources/export.csv?cols=name,note&sort=-name")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert text.splitlines()[0] == "Name,Note"
    assert "'=cmd|' /C calc'!A0,'+353 1 555 0142" in text and ",'-" in text
    noted = Event.objects.get(verb="platform.rows_exported")
    assert (
        noted.data["noun"] == "acquire.source" and noted.data["rows"] == 2 and noted.data["columns"] == ["name", "note"]
    )
    assert "attachment" in answer["Content-Disposition"]


def test_numbers_are_exported_as_numbers(make, client_of):
    from python_calamine import CalamineWorkbook

    make("acquire.spend")
    client = client_of("OWNER")
    text = b"".join(client.get("/spend/export.csv?cols=amount").streaming_content).decode("utf-8-sig")
    assert text.splitlines() == ["Amount,Currency", "120.50,EUR"]
    book = b"".join(client.get("/spend/export.xlsx?cols=amount,spent_on").streaming_content)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["Amount", "Currency", "Day"] and rows[1][0] == 120.5


def test_the_rail_counts_again_after_something_was_done(make, client_of):
    [pk] = make("qualify.lead")
    client = client_of("OWNER")
    Lead.objects.filter(pk=pk).update(answered_at=None, answer_due_at=AT, exit="")
    asked = {**HX, "HTTP_HX_CURRENT_URL": f"http://testserver/leads/{pk}"}
    before = words(client.get("/rail", **asked))
    done = client.post(f"/leads/{pk}/do/disqualify", {"reason": "SPAM"}, **HX)
    assert "done" in json.loads(done["HX-Trigger"]), done.content
    after = words(client.get("/rail", **asked))
    assert 'class="ct hot"' in before and 'class="ct hot"' not in after
    assert 'href="/leads" aria-current="page"' in after


def test_the_rail_stays_after_what_was_refused_or_only_looked_at(make, client_of):
    [pk] = make("qualify.lead")
    client = client_of("OWNER")
    refused = client.post(f"/leads/{pk}/do/disqualify", {}, **HX)
    assert refused.status_code == 422 and "HX-Trigger" not in refused
    assert "HX-Trigger" not in client.get("/leads", **HX)


# My day, palette -----------------------------------------------------------------------------------------


def test_my_day_says_what_waits(make, client_of):
    client = client_of("OWNER")
    assert "Nothing needs you right now." in words(client.get("/"))
    make("qualify.lead", 2)
    assert "need" in words(client.get("/"))


def test_the_palette_finds_records_actions_and_pages(make, client_of):
    [pk] = make("qualify.lead")
    client = client_of("OWNER")
    found = words(client.get("/search?q=keane", **HX))
    assert f'href="/leads/{pk}"' in found and "/people/" in found
    here = words(client.get(f"/search?q=&path=/leads/{pk}", **HX))
    assert f"/leads/{pk}/do/" in here
    assert "/leads/new" in words(client.get("/search?q=new+lead", **HX))
    assert "Nothing found" in words(client.get("/search?q=zzzzzz", **HX))
    reader = words(client_of("SERVICE").get("/search?q=keane", **HX))
    assert "/leads/" not in reader


def test_the_palette_leads_to_ones_account_and_out(client_of):
    client = client_of("OWNER")
    assert 'href="/account"' in words(client.get("/search?q=my+account", **HX))
    assert 'action="/sign-out"' in words(client.get("/search?q=sign+out", **HX))


def test_a_record_knows_the_ones_beside_it(make, client_of):
    ids = make("acquire.source", 3)
    client = client_of("OWNER")
    page = words(client.get(f"/sources/{ids[1]}?in=sort%3Dname"))
    assert f'href="/sources/{ids[0]}?in=sort%3Dname"' in page and f'href="/sources/{ids[2]}?in=sort%3Dname"' in page


def test_columns_of_the_file_are_shown_on_the_record(make, client_of):
    [pk] = make("qualify.lead")
    Lead.objects.filter(pk=pk).update(extra={"Landing page": "/lease/plotters", "Empty": ""})
    page = words(client_of("OWNER").get(f"/leads/{pk}"))
    assert "From the file" in page and "/lease/plotters" in page and ">Empty<" not in page


def test_a_record_costs_a_bounded_number_of_queries(make, client_of, django_assert_max_num_queries):
    [pk] = make("qualify.lead")
    client = client_of("OWNER")
    client.get(f"/leads/{pk}")
    for key, limit in {"leads": 45, "search?q=keane": 30, "": 30}.items():
        with django_assert_max_num_queries(limit):
            client.get(f"/{key}/{pk}" if key == "leads" else f"/{key}")


def test_a_long_history_costs_no_more_queries_than_a_short_one(make, client_of, by):
    from headwater.parties import actions
    from headwater.qualify.actions import capture_lead

    [pk] = make("parties.person")
    client = client_of("OWNER")

    def live(times: int) -> None:
        for n in range(times):
            actions.log_activity(by=by, at=AT, party_id=pk, kind="CALL", subject=f"Call {n}")
            capture_lead(by=by, at=AT, party_id=pk, title=f"Lead {n}", interest="ENQUIRY")

    def cost() -> int:
        with count_queries() as asked:
            assert client.get(f"/people/{pk}").status_code == 200
        return len(asked)

    live(2)
    cost()
    few = cost()
    live(20)
    assert cost() == few


def test_every_noun_has_a_line_in_the_palettes_new(client_of):
    page = words(client_of("OWNER").get("/search?q=", **HX))
    for resource in REGISTRY.values():
        assert resource.create is None or f"/{resource.slug}/new" in page


def test_what_was_written_in_lines_is_shown_in_lines(make, client_of):
    [pk] = make("parties.activity")
    Activity.objects.filter(pk=pk).update(body="Two <b>plotters</b>\nby May\n\nCall first")
    page = words(client_of("OWNER").get(f"/activities/{pk}"))
    assert "Two &lt;b&gt;plotters&lt;/b&gt;<br>by May<br><br>Call first" in page
