"""What the rows of a file name, found for a whole chunk at once: buyers, products, owners, leads, stages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model

from headwater.parties.actions.file_cells import email_faults
from headwater.parties.actions.matching import PartyDraft, match_parties
from headwater.platform.actor import Actor
from headwater.platform.batch import stays_deleted
from headwater.platform.bulk import in_parts
from headwater.platform.identity import known_ids
from headwater.platform.importer import Batch, CleanRow, Outcome, RowResult
from headwater.platform.models import Event
from headwater.platform.money import UnknownCurrency, currency_code, in_cents
from headwater.platform.translated import gettext as _
from headwater.sell.actions.steps import PRODUCT_ROW
from headwater.sell.models import Product
from headwater.sell.rules import fold_name
from headwater.team import queries as team


@dataclass
class FileRow:
    """One row on its way: what the file says, what was found for it, and what became of it."""

    row: CleanRow
    external_id: str
    party_id: int | None = None
    organisation_id: int | None = None
    lead_id: int | None = None
    product_id: int | None = None
    owner_id: int | None = None
    team_id: int | None = None
    extra: dict[str, str] = field(default_factory=dict)
    outcome: Outcome = Outcome.UNCHANGED
    object_id: int | None = None
    is_left: bool = False
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def get(self, key: str, default: Any = None) -> Any:
        """The typed value of a target, or the default where the file is blank."""
        return self.row.values.get(key, default)

    def text(self, key: str) -> str:
        """The text of a target without surrounding space; blank is empty."""
        return str(self.row.values.get(key) or "").strip()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with the row so far, and it is not about what people deleted."""
        return not self.errors and not self.is_left

    def leave(self, what: str, object_id: int, since: datetime, zone: str) -> None:
        """People deleted what the row is about: it changes nothing."""
        self.object_id, self.is_left = object_id, True
        self.notes.append(stays_deleted(what, since, zone))

    def result(self) -> RowResult:
        """What became of the row, for the import's report."""
        if self.errors:
            return RowResult(self.row.line, Outcome.REJECTED, None, tuple(self.errors))
        return RowResult(self.row.line, self.outcome, self.object_id, tuple(self.notes))


def waves(rows: Sequence[CleanRow], key_of: Mapping[int, str]) -> Iterator[list[CleanRow]]:
    """The rows in waves in which no key stands twice, so that a later row finds what an earlier one wrote."""
    rest = list(rows)
    while rest:
        seen: set[str] = set()
        wave: list[CleanRow] = []
        later: list[CleanRow] = []
        for row in rest:
            key = key_of[row.line]
            (later if key in seen else wave).append(row)
            seen.add(key)
        yield wave
        rest = later


def own_id(row: CleanRow, *keys: str) -> str:
    """What the row is called in its system, or, where it has no id, what it says in ``keys``, shortened."""
    given = str(row.values.get("external_id") or "").strip()
    if given:
        return given
    said = "\x1f".join(str(row.values.get(key, "")).strip().casefold() for key in keys)
    return f"row:{hashlib.sha256(said.encode()).hexdigest()[:24]}"


def check_amounts(row: FileRow, *keys: str) -> None:
    """Refuse a row with an amount below zero or a currency that does not exist."""
    for key in keys:
        value = row.get(key)
        if value is not None and value < 0:
            row.errors.append(
                _("{key}: {value} is below zero.").format(key=key.replace("_", " ").capitalize(), value=value)
            )
    if row.get("quantity") is not None and row.get("quantity") <= 0:
        row.errors.append(_("Quantity: it must be more than zero."))
    if code := row.text("currency"):
        try:
            row.row.values["currency"] = currency_code(code)
        except UnknownCurrency as error:
            row.errors.append(_("Currency: {error}").format(error=error))


def check_email(row: FileRow) -> None:
    """Tell of the address of a row that is left out anyway: the search for the buyer is not asked about it."""
    if row.errors:
        row.errors.extend(email_faults(row.row.values))


def faults_found(check: Callable[[FileRow], None], values: Mapping[str, Any]) -> list[str]:
    """What ``check`` finds wrong with values by themselves, and with their e-mail address."""
    row = FileRow(CleanRow(0, dict(values), {}), "")
    check(row)
    return [*row.errors, *email_faults(values)]


def find_buyers(rows: Sequence[FileRow], *, batch: Batch, kind_key: str, by: Actor, at: datetime) -> None:
    """Say for each row who buys: a company by its id in the system or its name, a person by e-mail or name.

    Who is not known is added. A row that names nobody keeps none. One about a record that is here is no worse for a
    buyer whom people deleted.
    """
    names = sorted({row.text("organisation") for row in rows} - {""})
    ids = known_ids(batch.system, "parties.organisation", names) if names else {}
    drafts: dict[tuple[str, str, str], list[FileRow]] = {}
    for row in rows:
        who = (row.text("organisation"), row.text("person"), row.text("email"))
        if row.ok and row.lead_id is None and any(who):
            drafts.setdefault(who, []).append(row)
    if not drafts:
        return
    matches = match_parties(
        [
            PartyDraft(
                name=person, email=email, company="" if name in ids else name,
                company_external_id=name if name in ids else "",
            )
            for name, person, email in drafts
        ],
        batch=batch,
        kind_key=kind_key,
        by=by,
        at=at,
    )  # fmt: skip
    for match, about in zip(matches, drafts.values(), strict=True):
        for row in about:
            is_fine = match.deleted_id is not None and row.object_id is not None
            (row.notes if is_fine else row.errors).extend(match.errors)
            row.notes.extend(match.reasons)
            row.party_id, row.organisation_id = match.party_id, match.organisation_id


def find_products(rows: Iterable[FileRow], *, system: str) -> None:
    """Point each row at the product of the catalogue it names; a name that is not there stays to decide."""
    texts = sorted({row.text("product") for row in rows} - {""})
    ids = known_ids(system, PRODUCT_ROW, texts) if texts else {}
    live = set(Product.objects.filter(pk__in=ids.values(), deleted_at=None).values_list("pk", flat=True))
    keys = {text: fold_name(text) for text in texts}
    named = dict(Product.objects.filter(name_key__in=set(keys.values()), deleted_at=None).values_list("name_key", "pk"))
    for row in rows:
        if text := row.text("product"):
            by_id = ids.get(text)
            row.product_id = by_id if by_id in live else named.get(keys[text])


def find_owners(rows: Iterable[FileRow]) -> None:
    """Point each row at the colleague it names; a name that nobody here has is kept with the record."""
    names = {row.text("owner_name") for row in rows} - {""}
    users = team.users_by_name(names) if names else {}
    for row in rows:
        name = row.text("owner_name")
        if name in users:
            row.owner_id, row.team_id = users[name].pk, users[name].team_id
        elif name:
            row.extra["owner_name"] = name


def touched_by_hand(row_type: str, ids: Sequence[int]) -> set[int]:
    """Those of the rows that somebody changed outside of any import."""
    found: set[int] = set()
    for part in in_parts(ids):
        events = Event.objects.filter(subject_type=row_type, subject_id__in=part, batch_id=None)
        events = events.exclude(verb__in=("sell.opportunity_opened", "sell.order_placed", "sell.product_added"))
        found.update(events.values_list("subject_id", flat=True).distinct())
    return found


def is_blank(value: Any) -> bool:
    """Whether nothing is known in a field yet."""
    return value is None or value == ""


def left_open(known: Model, wanted: Mapping[str, Any], *amounts: str) -> dict[str, Any]:
    """Those of a file's values that fill what nobody said so far.

    ``amounts`` share one currency: another one is taken where none of them is known, else no amount in it is.
    """
    fills = {name: new for name, new in wanted.items() if name == "extra" or is_blank(getattr(known, name))}
    if "currency" in wanted:
        if all(is_blank(getattr(known, name)) for name in amounts):
            fills["currency"] = wanted["currency"]
        else:
            fills = {name: new for name, new in fills.items() if name not in amounts}
    return fills


def price_each(amount: Decimal | None, quantity: Decimal) -> Decimal | None:
    """What one piece costs, where the amount divides evenly."""
    if amount is None:
        return None
    each = in_cents(amount / quantity)
    return each if each * quantity == amount else None
