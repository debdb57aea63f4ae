"""Rows of every noun for tests that walk the registry, made by the rooms' own actions. A new noun adds its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from headwater.acquire import actions as acquire
from headwater.parties import actions as parties
from headwater.platform.actor import Actor
from headwater.platform.custom.declared import fields_of, read_again
from headwater.platform.custom.kinds import FieldKind
from headwater.platform.models import CustomField
from headwater.platform.resource import REGISTRY
from headwater.sell import actions as sell

AT = datetime(2026, 11, 12, 9, 20, tzinfo=UTC)
SOON = ("sell.opportunity",)
_numbers = count(1)


def nouns_in_turn() -> list[Any]:
    """Every noun for tests that take long: one at once, the others with the slow tests."""
    return [pytest.param(key, marks=() if key in SOON else pytest.mark.slow) for key in sorted(REGISTRY)]


def make_person(by: Actor) -> int:
    n = next(_numbers)
    return parties.add_person(
        by=by, at=AT, first_name="Orla", last_name=f"Keane {n}", email=f"orla{n}@harrow.example",
        phone=f"+353 1 555 {n:04}", employer_name=f"Harrow {n}", job_title="Office manager", city="Dublin",
        owner_id=by.user_id,
    ).pk  # fmt: skip


def make_organisation(by: Actor) -> int:
    n = next(_numbers)
    return parties.add_organisation(by=by, at=AT, name=f"Vantaa Timber {n}", city="Vantaa", owner_id=by.user_id).pk


def make_activity(by: Actor) -> int:
    n = next(_numbers)
    due = AT + timedelta(days=n)
    return parties.plan_todo(by=by, at=AT, party_id=make_person(by), subject=f"Call {n}", due_at=due, owner_id=None).pk


def make_source(by: Actor) -> int:
    return acquire.add_source(by=by, at=AT, name=f"Fair {next(_numbers)}", channel="TRADE_SHOW").pk


def make_campaign(by: Actor) -> int:
    return acquire.add_campaign(
        by=by, at=AT, name=f"Managed print {next(_numbers)}", source_ids=[make_source(by)], starts_on=date(2026, 3, 1),
        budget=Decimal("5000"), owner_id=by.user_id,
    ).pk  # fmt: skip


def make_spend(by: Actor) -> int:
    day = date(2026, 1, 1) + timedelta(days=next(_numbers) % 300)
    return acquire.add_spend(by=by, at=AT, source_id=make_source(by), spent_on=day, amount=Decimal("120.50")).pk


def make_touchpoint(by: Actor) -> int:
    return acquire.record_touchpoint(
        by=by,
        at=AT,
        party_id=make_person(by),
        kind="VISIT",
        source_id=make_source(by),
        occurred_at=AT - timedelta(hours=1),
    ).pk


def make_lead(by: Actor) -> int:
    n = next(_numbers)
    command = REGISTRY["qualify.lead"].now().create
    assert command is not None
    lead = command.run(
        by=by, at=AT, party_id=make_person(by), source_id=make_source(by), title=f"Printers {n}",
        interest="QUOTE_REQUEST", amount=Decimal("34000"), owner_id=by.user_id,
        **own_values("qualify.lead", by, leave_out=n),
    )  # fmt: skip
    return int(lead.pk)


def make_product(by: Actor) -> int:
    n = next(_numbers)
    return sell.add_product(by=by, at=AT, name=f"Server {n}", family="Servers", list_price=Decimal("900")).pk


def make_opportunity(by: Actor) -> int:
    n = next(_numbers)
    return sell.open_opportunity(by=by, at=AT, party_id=make_person(by), name=f"Refresh {n}", amount=Decimal("9000")).pk


def make_order(by: Actor) -> int:
    number = f"O-{next(_numbers)}"
    return sell.place_order(by=by, at=AT, party_id=make_person(by), amount=Decimal("420"), number=number).pk


MAKERS: dict[str, Callable[[Actor], int]] = {
    "parties.person": make_person,
    "parties.organisation": make_organisation,
    "parties.activity": make_activity,
    "acquire.source": make_source,
    "acquire.campaign": make_campaign,
    "acquire.spend": make_spend,
    "acquire.touchpoint": make_touchpoint,
    "qualify.lead": make_lead,
    "sell.product": make_product,
    "sell.opportunity": make_opportunity,
    "sell.order": make_order,
}


EVERY_KIND: dict[str, Any] = {
    "TEXT": "Third floor", "NUMBER": "12.5", "MONEY": "1300.00", "DATE": "2026-03-01", "CHOICE": "OAK",
    "CHOICES": ["OAK", "ELM"], "LINK": "https://vantaa.example/plan",
}  # fmt: skip
WOODS = [{"code": "OAK", "label": "Oak"}, {"code": "ELM", "label": "Elm"}]


def own_values(noun: str, by: Actor, *, leave_out: int) -> dict[str, Any]:
    """A value for every field of the company's own but one, another one for each row."""
    fields = [field for field in fields_of(noun) if field.key == own_key(noun, field.kind) and not field.formula]
    values = {**EVERY_KIND, "PERSON": by.user_id}
    return {f.key: values[f.kind] for at, f in enumerate(fields) if at != leave_out % (len(fields) + 1)}


def own_key(noun: str, kind: str) -> str:
    """What the field of a kind is called."""
    return f"cf_{noun.rpartition('.')[2]}_{kind.lower()}"


def own_fields(noun: str) -> dict[str, str]:
    """One field of every kind for a noun, written at once; their keys by kind."""
    table = REGISTRY[noun].searched.model._meta.db_table
    rows = [
        CustomField(
            noun=noun, table=table, key=own_key(noun, kind), label=f"Own {kind.lower()}",
            kind=kind, position=at, created_at=AT, choices=WOODS if kind.startswith("CHOICE") else [],
            **({"formula": f"{own_key(noun, 'NUMBER')} * 2", "result": "NUMBER"} if kind == FieldKind.FORMULA else {}),
        )
        for at, kind in enumerate(FieldKind)
    ]  # fmt: skip
    CustomField.objects.bulk_create(rows)
    read_again()
    return {row.kind: row.key for row in rows}
