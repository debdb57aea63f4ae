"""The unit of work: one business fact, all or nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction

from headwater.platform.errors import NotAllowed
from headwater.platform.translated import gettext_lazy as _

P = ParamSpec("P")
R = TypeVar("R")


# What a fact is about: subject type, subject id, party id, organisation id.
About = tuple[str, int, int | None, int | None]
FEW_FACTS = 100


@dataclass
class Unit:
    """The open unit of work: its id, shared by every fact it records, and whether the database numbered it.

    ``about`` is what its facts are about, as long as those are few and do not come from a file. ``rows`` are the ids
    of all rows they are about, by what facts call them, and of all parties as ``party``: kept if something asks for it.
    """

    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    has_transaction_id: bool = False
    facts: int = 0
    about: list[About] = field(default_factory=list)
    rows: dict[str, set[int]] = field(default_factory=dict)

    def note(self, about: Iterable[About]) -> None:
        """Note which rows facts are about, however many and from wherever."""
        for kind, pk, *parties in about:
            self.rows.setdefault(kind, set()).add(pk)
            self.rows.setdefault("party", set()).update(party for party in parties if party is not None)

    def tell(self, count: int, about: Iterable[About]) -> None:
        """Note that so many facts were recorded, and what they are about."""
        self.facts += count
        if self.facts <= FEW_FACTS:
            self.about.extend(about)
        else:
            self.about.clear()


# What is done in the transaction of every unit of work, after it and before it commits.
BEFORE_COMMIT: list[Callable[[Unit], None]] = []

_open: ContextVar[Unit | None] = ContextVar("headwater_unit", default=None)
_request: ContextVar[str] = ContextVar("headwater_request", default="")


@contextmanager
def one_request(request_id: str) -> Iterator[None]:
    """Units of work opened in here are portions of one step: what they record is found and taken back as one."""
    token = _request.set(request_id)
    try:
        yield
    finally:
        _request.reset(token)


class OnlyLooking(NotAllowed):
    """Somebody looks at Headwater as others see it, and does not act meanwhile."""

    code = "only_looking"
    message = _("You only look at what others see, so nothing was changed. Leave the preview to work again.")


_only_looking: ContextVar[bool] = ContextVar("headwater_only_looking", default=False)


@contextmanager
def only_looking() -> Iterator[None]:
    """In here nothing can be changed, whoever asks: no unit of work is opened, and nothing is written besides one."""
    token = _only_looking.set(True)
    try:
        with connection.execute_wrapper(_refuse_writes):
            yield
    finally:
        _only_looking.reset(token)


def _refuse_writes(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    # What is no fact, such as that a message was read, is written without an action.
    if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
        raise OnlyLooking()
    return execute(sql, params, many, context)


def action(fn: Callable[P, R]) -> Callable[P, R]:
    """Run ``fn`` as one unit of work: it happens whole or not at all.

    The outermost action owns the transaction; actions it calls join in, so a refusal anywhere undoes
    everything and no savepoint is ever taken. For the same reason an action must never catch the refusal of
    an inner one and carry on: ask first, then act.

    Raises:
        OnlyLooking: the request is one of somebody who looks on as another role or colleague.
    """

    @wraps(fn)
    def unit(*args: P.args, **kwargs: P.kwargs) -> R:
        if _open.get() is not None and connection.in_atomic_block:
            return fn(*args, **kwargs)
        if _only_looking.get():
            raise OnlyLooking()
        opened = Unit(request_id=_request.get() or uuid.uuid4().hex)
        token = _open.set(opened)
        try:
            with transaction.atomic(durable=True):
                result = fn(*args, **kwargs)
                for finish in BEFORE_COMMIT:
                    finish(opened)
                return result
        finally:
            _open.reset(token)

    unit.is_action = True  # type: ignore[attr-defined]  # read by the test that walks all actions
    return unit


def open_unit() -> Unit | None:
    """The unit of work that is open, if one is."""
    return _open.get() if connection.in_atomic_block else None


def current_unit() -> Unit:
    """The open unit of work.

    Raises:
        RuntimeError: no action is open. Facts and bulk writes exist only inside actions; this is a bug.
    """
    unit = open_unit()
    if unit is None:
        raise RuntimeError("Writes and facts belong inside an @action.")
    return unit
