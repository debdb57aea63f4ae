"""Pages in four notations and two zones: everybody reads and types in their own, and the same is stored."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from headwater.parties.models import Activity
from headwater.sell import actions

pytestmark = pytest.mark.django_db
NOTATIONS = [
    # numbers, days, clock, and what pages then say of 34,567.80, of 3 April 2026 and of 14:30
    ("1,234.56", "31/12/2026", "24", "€34,567.80", "03/04/2026", "14:30"),
    ("1.234,56", "31.12.2026", "24", "€34.567,80", "03.04.2026", "14:30"),
    ("1 234,56", "12/31/2026", "12", "€34\u202f567,80", "04/03/2026", "2:30 pm"),
    ("1’234.56", "2026-12-31", "12", "€34’567.80", "2026-04-03", "2:30 pm"),
]


@pytest.fixture
def reader(client, jonas, company):
    company.time_zone = "Europe/Amsterdam"
    company.save()
    jonas.role = "HEAD_OF_SALES"
    jonas.save()
    client.force_login(jonas)
    return jonas


@pytest.mark.parametrize(("numbers", "days", "clock", "money", "day", "at"), NOTATIONS)
def test_a_record_is_read_and_typed_in_ones_notation(client, reader, opened, numbers, days, clock, money, day, at):
    deal = opened(amount=Decimal("1.00"))
    reader.number_notation, reader.day_notation, reader.clock = numbers, days, clock
    reader.save()
    typed = {"name": "Servers", "amount": money.strip("€"), "close_date": day}
    form = client.get(f"/opportunities/{deal.pk}/edit").context["form"]
    answer = client.post(
        f"/opportunities/{deal.pk}/edit", {name: typed.get(name, form[name].value() or "") for name in form.fields}
    )
    assert answer.status_code == 302, answer.content.decode()
    deal.refresh_from_db()
    assert (deal.amount, deal.close_date) == (Decimal("34567.80"), date(2026, 4, 3))
    page = client.get(f"/opportunities/{deal.pk}").content.decode()
    assert money in page and day in page
    wrong = client.post(f"/opportunities/{deal.pk}/edit", {"name": "Servers", "close_date": "soon"}).content.decode()
    assert f"as in {days}." in wrong
    todo = {"subject": "Call", "due_at": f"{day} {at}"}
    assert client.post(f"/organisations/{deal.organisation_id}/do/todo", todo).status_code == 302
    assert Activity.objects.get(subject="Call").due_at == datetime(2026, 4, 3, 12, 30, tzinfo=UTC)


def test_days_of_lists_and_files_are_the_readers_own(client, reader, acme, by_jonas):
    late = datetime(2026, 11, 9, 23, 30, tzinfo=UTC)  # the 10th in Amsterdam, the 9th in Lisbon
    actions.place_order(party_id=acme.pk, amount=Decimal(100), ordered_at=late, by=by_jonas, at=late)
    found = {}
    for zone in ("", "Europe/Lisbon"):
        reader.time_zone = zone
        reader.save()
        found[zone] = [
            "€100" in client.get(f"/orders?ordered_at={day}").content.decode() for day in ("2026-11-09", "2026-11-10")
        ]
    assert found == {"": [False, True], "Europe/Lisbon": [True, False]}
    csv = b"".join(client.get("/orders/export.csv")).decode()
    assert "Ordered (Europe/Lisbon)" in csv and "2026-11-09 23:30" in csv
    book = CalamineWorkbook.from_filelike(BytesIO(b"".join(client.get("/orders/export.xlsx"))))
    cells = [cell for row in book.get_sheet_by_index(0).to_python() for cell in row]
    assert "Ordered (Europe/Lisbon)" in cells and datetime(2026, 11, 9, 23, 30) in cells and 100 in cells
    reader.time_zone, reader.number_notation, reader.day_notation = "", "1.234,56", "31.12.2026"
    reader.save()
    csv = b"".join(client.get("/orders/export.csv")).decode()
    assert "Ordered," in csv and "2026-11-10 00:30" in csv and "100.00" in csv  # files stay as machines read them


def test_a_filter_takes_a_day_and_an_amount_as_they_are_typed(client, reader, opened):
    opened(amount=Decimal("1500.50"), close_date=date(2026, 4, 3))
    reader.number_notation, reader.day_notation = "1.234,56", "31.12.2026"
    reader.save()
    builder = client.get("/opportunities/filter?close_date=2026-04-03").content.decode()
    assert 'value="03.04.2026"' in builder and 'type="date"' not in builder
    listed = client.get("/opportunities?close_date=2026-04-03&amount__gt=1000").content.decode()
    assert "is 03.04.2026" in listed and "is more than €1.000" in listed
    for typed, status in (("3.4.2026", 302), ("2026-04-03", 302), ("4/31/2026", 422)):
        asked = {"n.join": "all", "n.0.col": "close_date", "n.0.op": "is", "n.0.d0.p": "day", "n.0.d0.d": typed}
        sent = client.get("/opportunities/filter", asked)
        assert sent.status_code == status, typed
        said = sent.headers["Location"] if status == 302 else sent.content.decode()
        assert ("close_date=2026-04-03" if status == 302 else "as in 31.12.2026") in said
