"""Every page of the product as a list of stops: from the registry for the generic pages, by name for the others.

``test_pages.py`` fails when an address of the product is neither a stop here nor named as no page.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

# Addresses that show no page of their own: files, posts, parts of a page.
NOT_PAGES = {
    "web:search", "web:rail", "web:settings", "settings_fill_holidays", "settings_remove_holiday", "sign_out",
    "web:list_without_slash",
    "first_run_demo", "first_run_progress", "first_run_finish", "settings_switch_user", "settings_revoke_token",
    "qualify_claim_next", "pipeline_move", "opportunity_step", "opportunity_remove_line", "opportunity_decide",
    "order_decide", "sources-refresh", "sources-freshness", "sources-csv", "import_sample", "import_progress",
    "import_check", "import_start", "import_stop", "import_resume", "import_undo", "import_discard",
    "web:many", "web:stop_many", "web:board_move",
    "import_rejected", "web:undo", "web:undo_all", "web:counts", "web:totals", "web:group", "web:export", "web:panel",
    "sources-xlsx",
    "parties_suggest", "settings_retry", "settings_deliver", "settings_drop", "settings_demo_remove",
    "settings_demo_job", "settings_hand_over", "notice_done", "record_comment_delete", "record_colleagues",
    "record_follow", "record_unfollow", "end_session", "end_other_sessions", "settings_unlock", "settings_sign_out",
    "settings_remove_factor", "sign_in_code", "settings_dissolve_team",
    "settings_put_back_role", "settings_retire_role", "settings_bring_back_role", "see_as_role", "see_as_user",
    "end_looking",
    "settings_unlink", "single_sign_on", "single_sign_on_back", "passkey_options", "sign_in_passkey",
    "second_step_options", "second_step_passkey", "passkey_add_options", "passkey_add", "passkey_rename",
    "passkey_remove", "prove_options", "prove_passkey",
    "record_comments", "record_files", "record_file", "record_thumbnail", "record_file_delete", "record_presence",
    "web:restore_deleted", "web:view_start", "web:view_move", "web:view_save", "web:view_delete", "web:layout",
    "web:widths", "web:view_edit", "web:cell", "merge_chosen_people", "merge_chosen_organisations",
    "settings_webhook_act", "settings_webhook_again", "web:field_act",
    "settings_rates_file", "settings_remove_rates", "use_zone",
    "latest_notifications", "waiting_notifications", "mark_notifications", "open_notification",
    "settings_backups_under_way", "settings_backups_make", "settings_backups_check", "settings_backups_take",
    "settings_invite", "settings_mail_again", "settings_mail_test", "settings_put_back_words",
}  # fmt: skip
# The addresses that every noun has.
GENERIC = {"web:list", "web:create", "web:record", "web:edit", "web:history"}
AN_OR = [
    {"column": "amount", "operator": "between", "value": [1_000, 5_000]},
    {"column": "arrived_at", "operator": "lt", "value": "30_days_ago"},
    {"column": "owner", "operator": "in", "value": ["me", "my_team"]},
]
TREE = urlencode({"filter": json.dumps({"any": AN_OR})})
FIRST_RUN = {"first_run", "first_run_company", "first_run_start"}
FIRST_STEPS: dict[str, dict[str, str]] = {  # the pages of the first run, and what is typed there
    "first-run": {"name": "Erik Haas", "email": "erik@kestrel.example", "password": "three quiet rivers 7"},
    "first-run-company": {
        "name": "Kestrel Office IT",
        "country": "NL",
        "currency": "EUR",
        "time_zone": "Europe/Amsterdam",
    },
    "first-run-start": {},
}


@dataclass(frozen=True)
class Stop:
    """A page, or a state of a page after ``do``."""

    name: str
    path: str = ""  # "" stays on the page where the walk is
    do: Callable[[Any], None] | None = None
    who: str = "erik"


def generic(places: dict[str, Any]) -> Iterator[Stop]:
    """List, new, record, edit, and each command's dialog, of every noun."""
    for slug, at in places.items():
        yield Stop(f"{slug}-list", f"/{slug}")
        yield Stop(f"{slug}-new", f"/{slug}/new")
        if at["edit"]:
            yield Stop(f"{slug}-edit", f"/{slug}/{at['edit']}/edit")
        yield Stop(f"{slug}-record", f"/{slug}/{at['record']}")
        for key, pk in at["commands"].items():
            yield Stop(f"{slug}-do-{key}", do=_dialog(f"/{slug}/{pk}/do/{key}"))
        if at["bulk"]:
            yield Stop(f"{slug}-selected", f"/{slug}", do=_select)
            yield Stop(f"{slug}-bulk-{at['bulk']}", do=_bulk(at["bulk"]))
        yield Stop(f"{slug}-history", f"/{slug}/{at['record']}/history")


def of_rooms(places: dict[str, Any], link_in_a_mail: str) -> Iterator[Stop]:
    """The rooms' own pages, and the states of pages that are not in their address."""
    lead = places["leads"]
    yield Stop("day", "/")
    yield Stop("day-of-a-rep", "/", who="jonas")
    yield Stop("new-menu", "/", do=_click("[popovertarget=new-menu]:visible"))
    yield Stop("phone-menu", "/leads#rail")
    yield Stop("palette", "/", do=_palette(""))
    yield Stop("palette-found", "/leads", do=_palette("print"))
    yield Stop("palette-nothing", "/leads", do=_palette("zzzzzz"))
    yield Stop("help", f"/leads/{lead['record']}", do=_press("?"))
    yield Stop("search", "/search?q=print")
    yield Stop("history-of-a-value", f"/leads/{lead['record']}", do=_first_history)
    yield Stop("mention", f"/leads/{lead['record']}", do=_mention)
    yield Stop("talk", f"/leads/{lead['record']}", do=_talk)
    yield Stop("comment-edit", do=_edit_comment)
    yield Stop("leads-nothing", "/leads?q=zzzzzz")
    yield Stop("leads-filtered", "/leads?stage=WORKING&view=open")
    yield Stop("leads-filter-menu", "/leads", do=_click("summary.chip >> visible=true"))
    yield Stop("leads-view-new", "/leads/views/new?stage=NEW")
    yield Stop("leads-view-menu", "/leads?view=mine&stage=NEW", do=_click("#view-menu"))
    yield Stop("leads-columns", "/leads", do=_click("summary:has-text('Columns')"))
    yield Stop("leads-sort-menu", "/leads?sort=-amount,name", do=_click("#sort-menu"))
    yield Stop("leads-group-menu", "/leads?group=stage", do=_click("#group-menu"))
    yield Stop("leads-groups", "/leads?view=all&group=owner&cols=name,amount,stage,owner")
    yield Stop("orders-months", "/orders?group=ordered_at")
    yield Stop("quick", "/leads/quick?line=Orla+Keane,+Harrow+%26+Pike,+orla@harrow.example,+quote+for+2+plotters")
    yield Stop("quick-dialog", "/leads", do=_quick)
    yield Stop("cell", "/opportunities?view=open&cols=party,amount,next_step", do=_cell("amount", ""))
    yield Stop("cell-wrong", "/opportunities?view=open&cols=party,amount,next_step", do=_cell("amount", "a lot"))
    yield Stop("value", f"/leads/{lead['record']}", do=_value)
    yield Stop("filter", "/leads/filter?column=amount")
    yield Stop("filter-words", f"/leads?stage=NEW,WORKING&{TREE}")
    yield Stop("filter-builder", do=_edit_filter)
    yield Stop("filter-values", do=_click("dialog.dlg-filter summary"))
    yield Stop("filter-wrong", f"/leads/filter?n.join=all&n.0.col=amount&n.0.op=gt&n.0.v=many&{TREE}")
    yield Stop("command", f"/leads/{lead['commands']['move']}/do/move")
    yield Stop("form-wrong", "/settings/users/new", do=_send_empty)
    yield Stop("bulk", "/leads", do=_bulk_page)
    yield Stop("pipeline", "/pipeline")
    yield Stop("board", "/leads/board?view=open")
    yield Stop("journey", f"/parties/{lead['parties']}/journey")
    yield Stop("sources-report", "/where-sales-come-from")
    yield Stop("sources-rows", do=_first_rows)
    yield Stop("imports", "/imports")
    yield Stop("import-new", "/imports/new?kind=leads")
    yield Stop("import-columns", do=_import_sample)
    yield Stop("import-check", do=_click_and_wait("Check the file", r"button:text-matches('Import \\d+ rows')"))
    yield Stop("import-done", do=_click_and_wait("Import ", "button:has-text('Undo this import')"))
    yield Stop(
        "import-undone", do=_click_and_wait("Undo this import", "h1:has-text('undone'), main:has-text('undone')")
    )
    yield Stop("imports-some", "/imports")
    yield Stop("account", "/account")
    yield Stop("account-second-factor", "/account/second-factor")
    yield Stop("account-second-factor-scan", do=_begin_second_factor)
    yield Stop("account-sign-ins", "/account/sign-ins")
    yield Stop("settings-sign-ins", "/settings/sign-ins")
    yield Stop("account-passkeys", "/account/passkeys")
    yield Stop("account-prove", "/account/prove?next=/account/passkeys")
    yield Stop("settings-single-sign-on", "/settings/single-sign-on")
    yield Stop("settings-company", "/settings/company")
    yield Stop("settings-users", "/settings/users")
    yield Stop("settings-add-user", "/settings/users/new")
    yield Stop("settings-user", do=_other_user(""))
    yield Stop("settings-user-work", do=_other_user("/work"))
    yield Stop("settings-password", do=_other_user("/password", of="tr:not(:has-text('left'))"))
    yield Stop("settings-link", do=_click_and_wait("Make a link", "h1:has-text('A link to hand over')"))
    yield Stop("choose-password", do=_follow_link)
    yield Stop("settings-roles", "/settings/roles")
    yield Stop("settings-role", "/settings/roles/FIELD_REP")
    yield Stop("seeing-as", "/settings/roles/ADMINISTRATOR", do=_click_and_wait("See as this role", ".looking"))
    yield Stop("seen-as", do=_click_and_wait("Be myself again", "body:not(.looks)"))
    yield Stop("settings-add-role", "/settings/roles/new")
    yield Stop("settings-teams", "/settings/teams")
    yield Stop("settings-add-team", "/settings/teams/new")
    yield Stop("settings-team", "/settings/teams", do=_follow("Field Germany"))
    yield Stop("settings-work", "/settings/work")
    yield Stop("settings-holidays", "/settings/holidays")
    yield Stop("settings-fields", "/settings/fields?of=leads")
    yield Stop("settings-formula", "/settings/fields/formula?of=leads", do=_try_formula)
    yield Stop("settings-field", do=_add_field)
    yield Stop("settings-currencies", "/settings/currencies")
    yield Stop("settings-webhooks", "/settings/webhooks")
    yield Stop("settings-webhook-new", do=_add_webhook)
    yield Stop("settings-webhook", do=_click_and_wait("New secret", "code:has-text('whsec_')"))
    yield Stop("settings-backups", "/settings/backups")
    yield Stop("settings-mail", "/settings/mail")
    yield Stop("settings-mail-on", do=_set_up_mail)
    yield Stop("settings-words", "/settings/mail/words")
    yield Stop("settings-words-of", "/settings/mail/words/INVITATION")
    yield Stop("notifications", "/notifications")
    yield Stop("bell", "/leads", do=_bell)
    yield Stop("account-notifications", "/account/notifications")
    yield Stop("settings-demo", "/settings/demo")
    yield Stop("deleted", "/settings/recently-deleted")
    yield Stop("duplicates", "/duplicates")
    for slug in ("people", "organisations"):
        at = places[slug]
        yield Stop(f"{slug}-merge-with", f"/{slug}/{at['record']}/do/merge")
        yield Stop(f"{slug}-merge", f"/{slug}/merge?ids={at['record']},{at['other']}")
        yield Stop(f"{slug}-merged", do=_click_and_wait("Merge M", "#merged-title"))
        yield Stop(f"{slug}-take-apart", do=_follow("Take apart"))
        yield Stop(f"{slug}-taken-apart", do=_click_and_wait("Take apart", "main:not(:has(#merged-title))"))
    yield Stop("settings-tokens", "/settings/tokens")
    yield Stop("api-docs", "/api/v1/docs")
    yield Stop("not-found", "/nothing-here")
    yield Stop("record-not-found", "/leads/99999999")
    yield Stop("refused", "/settings/users", who="tom")
    yield Stop("sign-in", "/sign-in", who="")
    yield Stop("sign-in-wrong", do=_sign_in_wrong, who="")
    yield Stop("forgotten", "/sign-in/forgotten", who="")
    yield Stop("forgotten-asked", do=_forget, who="")
    yield Stop("stop-mails", link_in_a_mail, who="")
    yield Stop("mails-stopped", do=_click_and_wait("Stop these mails", ".banner"), who="")
    yield Stop("stop-mails-unknown", "/mails/stop/of-nobody", who="")


def by_person(stops: Iterable[Stop]) -> list[Stop]:
    """The stops in an order that signs in as few times as possible."""
    return sorted(stops, key=lambda stop: ("erik", "jonas", "tom", "").index(stop.who))


# What is done at a stop -----------------------------------------------------------------------------------


def _bell(tab: Any) -> None:
    """What opens under the bell."""
    tab.locator("#bell").click()
    tab.locator("#bell-latest > *").first.wait_for()


def _set_up_mail(tab: Any) -> None:
    tab.get_by_label("Mail server").fill("mail.kestrel.example")
    tab.get_by_label("Sender's address").fill("headwater@kestrel.example")
    tab.get_by_label("Address of Headwater").fill("https://crm.kestrel.example")
    tab.locator("main").get_by_role("button", name="Save").click()
    tab.get_by_role("button", name="Send me a test").wait_for()


def _forget(tab: Any) -> None:
    tab.fill("[name=email]", "nobody@kestrel.example")
    tab.keyboard.press("Enter")
    tab.get_by_text("a link to choose a new password is on its way").wait_for()


def _press(keys: str) -> Callable[[Any], None]:
    return lambda tab: tab.keyboard.press(keys)


def _click(selector: str) -> Callable[[Any], None]:
    return lambda tab: tab.locator(selector).first.click()


def _edit_filter(tab: Any) -> None:
    tab.locator("#says-edit").click()
    tab.locator("dialog.dlg-filter[open]").wait_for()


def _dialog(address: str) -> Callable[[Any], None]:
    """The form as a dialog over the page where one is."""

    def do(tab: Any) -> None:
        tab.evaluate("document.querySelectorAll('dialog[open]').forEach((dialog) => dialog.close())")
        tab.evaluate("(url) => htmx.ajax('GET', url, {target: '#dialog-place'})", address)
        tab.locator("dialog[data-arrives][open]").wait_for()

    return do


def _select(tab: Any) -> None:
    tab.locator("[data-select-row]").first.check()
    tab.locator("[data-select-row]").nth(1).check()


def _quick(tab: Any) -> None:
    tab.keyboard.press("q")
    tab.locator("#quick-line").wait_for()
    with tab.expect_response(lambda answer: "/leads/quick" in answer.url):
        tab.keyboard.type("Orla Keane, Harrow & Pike, orla@harrow.example, quote for 2 plotters")
    tab.locator(".piece [name=name][value='Orla Keane']").wait_for()


def _cell(field: str, typed: str) -> Callable[[Any], None]:
    """A cell that is edited; on a phone, where lists have no cells, the list."""

    def do(tab: Any) -> None:
        cell = tab.locator(f"[data-cell={field}]").first
        cell.dblclick()
        if tab.viewport_size["width"] <= 760:
            return
        tab.locator("[data-cell-form]").wait_for()
        if typed:
            tab.keyboard.type(typed)
            tab.keyboard.press("Enter")
            tab.locator("#cell-place .errs").wait_for()

    return do


def _value(tab: Any) -> None:
    """A value of a record that is edited: in place, or in the dialog of a phone."""
    tab.locator("dd[data-cell] > a").first.click()
    tab.locator("[data-cell-form], dialog[data-arrives][open]").first.wait_for()


def _first_history(tab: Any) -> None:
    tab.locator(".was").first.focus()
    tab.keyboard.press("Enter")
    tab.locator("dialog[data-arrives][open]").wait_for()


def _mention(tab: Any) -> None:
    tab.locator("#comment-text").fill("@")
    tab.locator("#comment-text-list [role=option]").first.wait_for()


def _talk(tab: Any) -> None:
    """Something said and a picture put there."""
    tab.locator("#comment-text").fill("They want it before Christmas, @")
    tab.locator("#comment-text-list [role=option]").first.wait_for()
    tab.keyboard.press("Enter")
    tab.keyboard.press("Control+Enter")
    tab.locator(".talk li").first.wait_for()
    dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
    tab.set_input_files("#add-files", {"name": "plan.png", "mimeType": "image/png", "buffer": b64decode(dot)})
    tab.locator(".files img").first.wait_for()


def _edit_comment(tab: Any) -> None:
    tab.goto(tab.locator(".talk a[href*='/comments/']").first.get_attribute("href"))


def _bulk(key: str) -> Callable[[Any], None]:
    def do(tab: Any) -> None:
        tab.locator(f"[data-bulk] [formaction$='/do/{key}'], [data-bulk] [hx-post$='/do/{key}']").first.click()
        tab.locator("dialog[data-arrives][open]").wait_for()

    return do


def _bulk_page(tab: Any) -> None:
    """Without script the form of a bulk step is a page."""
    tab.evaluate(
        """() => {
          const form = document.createElement("form");
          form.method = "post"; form.action = "/leads/do/move";
          const given = {ask: 1, ids: document.querySelector("[data-select-row]").value,
            csrfmiddlewaretoken: JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"]};
          for (const [name, value] of Object.entries(given)) {
            const field = document.createElement("input");
            field.type = "hidden"; field.name = name; field.value = value; form.append(field);
          }
          document.body.append(form); form.submit();
        }"""
    )
    tab.wait_for_url("**/leads/do/move")


def _palette(typed: str) -> Callable[[Any], None]:
    def do(tab: Any) -> None:
        tab.keyboard.press("Control+k")
        tab.locator("#palette-list [role=option]").first.wait_for()
        if typed:
            with tab.expect_response(lambda answer: f"q={typed}" in answer.url):
                tab.keyboard.type(typed)
            tab.wait_for_timeout(150)

    return do


def _send_empty(tab: Any) -> None:
    tab.locator("main form").last.evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
    tab.locator("[aria-invalid=true]").first.wait_for()


def _first_rows(tab: Any) -> None:
    link = tab.locator("main a[href*='where-sales-come-from/rows']").first.get_attribute("href")
    tab.goto(link)


def _add_webhook(tab: Any) -> None:
    """A name that leads nowhere: nothing is sent anywhere."""
    tab.get_by_label("Address").fill("https://erp.example/headwater")
    tab.get_by_role("button", name="Add it").click()
    tab.locator("code:has-text('whsec_')").wait_for()
    tab.goto(tab.locator("main").get_by_role("link", name="erp.example").first.get_attribute("href"))


def _add_field(tab: Any) -> None:
    """A field of choices, and its page."""
    tab.goto(tab.url.split("/settings")[0] + "/settings/fields?of=opportunities")
    tab.get_by_label("Name", exact=True).fill("Delivery")
    tab.get_by_label("Kind").select_option("CHOICE")
    tab.get_by_label("Choices").fill("By van\nBy post")
    tab.get_by_role("button", name="Add it").click()
    link = tab.locator("main").get_by_role("link", name="Delivery").first
    link.wait_for()
    tab.goto(link.get_attribute("href"))


def _try_formula(tab: Any) -> None:
    """A formula and what it gives, before it is added."""
    tab.get_by_label("Name", exact=True).fill("Tenth")
    tab.get_by_label("Gives").select_option("MONEY")
    tab.get_by_label("Formula", exact=True).fill("ROUND(amount / 10, 2)")
    tab.get_by_role("button", name="Preview").click()
    tab.get_by_role("heading", name="Preview").wait_for()


def _import_sample(tab: Any) -> None:
    tab.get_by_role("button", name="Try the sample file").click()
    tab.get_by_role("button", name="Check the file").wait_for()


def _click_and_wait(button: str, then: str) -> Callable[[Any], None]:
    def do(tab: Any) -> None:
        tab.get_by_role("button", name=button).first.click()
        tab.locator(then).first.wait_for(timeout=60_000)

    return do


def _follow(link: str) -> Callable[[Any], None]:
    """Open a link of the page's main part."""

    def do(tab: Any) -> None:
        tab.goto(tab.locator("main").get_by_role("link", name=link).first.get_attribute("href"))

    return do


def _other_user(below: str, *, of: str = "tr") -> Callable[[Any], None]:
    """The last colleague of the list, or the last of some rows."""

    def do(tab: Any) -> None:
        tab.goto("/settings/users")
        link = tab.locator(f"main {of} th a[href*='/settings/users/']").last.get_attribute("href")
        tab.goto(link.removesuffix("/password") + below)

    return do


def _begin_second_factor(tab: Any) -> None:
    tab.fill("main [name=current]", "headwater-demo")
    tab.get_by_role("button", name="Set it up").click()
    tab.locator(".qr").wait_for()


def _follow_link(tab: Any) -> None:
    tab.goto(tab.input_value("#the-link"))


def _sign_in_wrong(tab: Any) -> None:
    tab.fill("[name=email]", "nobody@kestrel.example")
    tab.fill("[name=password]", "not this one")
    tab.keyboard.press("Enter")
    tab.locator(".banner, .errs").first.wait_for()
