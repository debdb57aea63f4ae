"""The filter builder: conditions in groups, as a dialog or a page; what it makes is an address of the list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpResponse, QueryDict
from django.utils.html import escape
from django.utils.translation import gettext as _

from headwater.platform.column import Column
from headwater.platform.errors import Invalid, NotFound
from headwater.platform.filter import MAX_CONDITIONS, MAX_DEPTH, Group, Tree, params_of, tree_from_params
from headwater.platform.lists.kept import AS, BOARD
from headwater.platform.resource import Resource, filtered
from headwater.platform.translated import inside
from headwater.web.filterrows import ConditionRow, Offer, row_of, row_read
from headwater.web.filterwords import rooted, url_with
from headwater.web.http import Request, go, is_htmx, local_url, render, resource_of
from headwater.web.liststate import ListState, path_of, state_of
from headwater.web.notation import reading_days
from headwater.web.totals import spoken_count

ROOT = "n"
_NODE = re.compile(r"(n(?:\.\d{1,3}){0,8})\.(?:join|col)")


@dataclass
class GroupBox:
    """A group as the builder shows it: how it joins, and what is in it."""

    name: str
    join: str
    parts: list[ConditionRow | GroupBox] = field(default_factory=list)
    is_group: bool = True

    @property
    def depth(self) -> int:
        """How many groups it stands in."""
        return self.name.count(".")

    @property
    def may_nest(self) -> bool:
        """Whether a group still fits into it."""
        return self.depth + 1 < MAX_DEPTH


@dataclass
class Builder:
    """The filter of a list while somebody builds it."""

    request: Request
    offer: Offer
    root: GroupBox
    focus: str = ""
    problem: str = ""

    def rows(self) -> Iterator[ConditionRow]:
        """Every condition, from top to bottom."""
        yield from _rows(self.root)

    def tree(self) -> tuple[Tree, bool]:
        """The filter that was built, and whether everything in it can be understood; each row keeps its reason."""
        is_fine = True
        for row in self.rows():
            row.check()
            if row.column is not None and not row.error:
                self._try(row)
            is_fine = is_fine and not row.error
        tree = _tree(self.root)
        try:  # an address can hold less than can be put together here
            tree_from_params(params_of(tree), self.offer.resource.by_key)
        except Invalid as refusal:
            self.problem = refusal.text
        return tree, is_fine and not self.problem

    def _try(self, row: ConditionRow) -> None:
        """Ask the list itself whether it takes the condition."""
        condition = row.condition()
        if condition is None:
            return
        try:
            filtered(self.offer.resource, self.request.actor, condition, **reading_days())
        except Invalid as refusal:
            row.error = " ".join(reason for reasons in refusal.fields.values() for reason in reasons)


def builder(request: Request, slug: str) -> HttpResponse:
    """The form of a list's filter; sent, it leads to the list that has the filter in its address.

    Raises:
        NotFound: it should begin with a column that is not there, or that nobody can filter by.
    """
    resource = resource_of(slug, request)
    if f"{ROOT}.join" not in request.GET:
        return _opened(request, resource)
    told = {key: value for key, value in request.GET.dict().items() if key != "do" and not _is_ours(key)}
    state = state_of(resource, told, path_of(resource, told), request.actor)
    offer = Offer(resource, request.actor)
    built = Builder(request, offer, _read(request.GET, offer))
    what, _sep, name = request.GET.get("do", "apply").partition(":")
    if what == "count":
        return _counted(request, state, built)
    if what == "apply":
        tree, is_fine = built.tree()
        if is_fine:
            return go(request, url_with(state, tree))
        built.focus = next((row.name for row in built.rows() if row.error), ROOT)
        return _shown(request, built, told, status=422)
    _change(built, what, name)
    return _shown(request, built, told)


def _counted(request: Request, state: ListState, built: Builder) -> HttpResponse:
    """How many rows the filter would find, beside the button that shows them; nothing while it is not finished."""
    tree, is_fine = built.tree()
    if not is_fine:
        return HttpResponse("")
    params = dict(parse_qsl(urlsplit(url_with(state, tree)).query, keep_blank_values=True))
    count = state_of(state.resource, params, state.path, request.actor).count(request)
    nouns = inside(state.resource.label if count == 1 else state.resource.label_plural)
    return HttpResponse(escape(f"{spoken_count(count)} {nouns}"))


def _opened(request: Request, resource: Resource) -> HttpResponse:
    """The builder with the filter the list has, and a new condition to fill in."""
    params = request.GET.dict()
    at, key = params.pop("at", ""), params.pop("column", "")
    offer = Offer(resource, request.actor)
    column = offer.column(key)
    if key and column is None:
        raise NotFound(_("This column cannot be filtered."))
    state = state_of(resource, params, path_of(resource, params), request.actor)
    built = Builder(request, offer, _boxed(rooted(state.tree), ROOT, offer))
    if not at:
        _add(built, built.root, column)
    else:
        built.focus = at
    return _shown(request, built, _besides(state), back=url_with(state, state.tree))


def _shown(
    request: Request, built: Builder, told: dict[str, str], *, status: int = 200, back: str = ""
) -> HttpResponse:
    resource = built.offer.resource
    _number(built.root, ROOT)
    rows = list(built.rows())
    for row in rows:
        row.has_focus = row.name == built.focus
    context = {
        "resource": resource,
        "root": built.root,
        "columns": built.offer.columns(),
        "told": told,
        "back": back or local_url(request, request.GET.get(f"{ROOT}.back", ""), f"/{resource.slug}"),
        "may_add": len(rows) < MAX_CONDITIONS,
        "is_wrong": status == 422,
        "problem": built.problem,
        "focus": built.focus,
        "again": f"/{resource.slug}/filter",
    }
    if not is_htmx(request):
        return render(request, "web/filter.html", context, status=status)
    is_change = request.headers.get("HX-Target") == "filter-body"
    part = "change" if is_change else "dialog"
    return render(request, f"web/filter.html#{part}", {**context, "is_change": is_change}, status=status)


def _besides(state: ListState) -> dict[str, str]:
    """What the address says besides the filter."""
    place = {AS: BOARD} if state.is_board else {}
    return {**place, **{key: value for key, value in state.params().items() if key not in state.own}}


def _is_ours(key: str) -> bool:
    return key.startswith(f"{ROOT}.")


# What was sent -------------------------------------------------------------------------------------------------


def _read(data: QueryDict, offer: Offer) -> GroupBox:
    """The conditions and groups that were sent, however they are numbered; deeper or more than allowed is left out."""
    found = {match[1] for key in data if (match := _NODE.fullmatch(key))}
    children: dict[str, list[str]] = {}
    for name in found:
        parent, dot, _number = name.rpartition(".")
        if dot:
            children.setdefault(parent, []).append(name)

    def box(name: str, depth: int) -> GroupBox:
        group = GroupBox(name, "any" if data.get(f"{name}.join") == "any" else "all")
        for child in sorted(children.get(name, ()), key=lambda each: int(each.rpartition(".")[2])):
            if f"{child}.join" not in data:
                group.parts.append(row_read(data, child, offer))
            elif depth < MAX_DEPTH:
                group.parts.append(box(child, depth + 1))
        return group

    return box(ROOT, 0)


def _boxed(tree: Group, name: str, offer: Offer) -> GroupBox:
    box = GroupBox(name, tree.join)
    for at, part in enumerate(tree.parts):
        inner = f"{name}.{at}"
        if isinstance(part, Group):
            box.parts.append(_boxed(part, inner, offer))
        else:
            box.parts.append(row_of(part, inner, offer))
    return box


def _tree(box: GroupBox) -> Group:
    parts: list[Tree] = []
    for part in box.parts:
        if isinstance(part, GroupBox):
            parts.append(_tree(part))
        elif (condition := part.condition()) is not None:
            parts.append(condition)
    return Group("any" if box.join == "any" else "all", tuple(parts))


# Changing it ---------------------------------------------------------------------------------------------------


def _change(built: Builder, what: str, name: str) -> None:
    """One step of building; a step on something that is not there changes nothing."""
    group = _find(built.root, name)
    parent = _find(built.root, name.rpartition(".")[0])
    if what == "add" and isinstance(group, GroupBox):
        _add(built, group, None)
    elif what == "group" and isinstance(group, GroupBox) and group.may_nest:
        inner = GroupBox("", "any" if group.join == "all" else "all")
        group.parts.append(inner)
        _add(built, inner, None)
    elif group is not None and isinstance(parent, GroupBox):
        at = next(at for at, part in enumerate(parent.parts) if part is group)
        if what == "drop":
            del parent.parts[at]
            _number(built.root, ROOT)
            left = parent.parts[min(at, len(parent.parts) - 1)] if parent.parts else parent
            built.focus = left.name
        elif what == "copy" and isinstance(group, ConditionRow) and len(list(built.rows())) < MAX_CONDITIONS:
            copied = group.copied()
            parent.parts.insert(at + 1, copied)
            _number(built.root, ROOT)
            built.focus = copied.name


def _add(built: Builder, group: GroupBox, column: Column | None) -> None:
    if len(list(built.rows())) < MAX_CONDITIONS:
        row = ConditionRow.new("", built.offer, column)
        group.parts.append(row)
        _number(built.root, ROOT)
        built.focus = row.name


def _find(box: GroupBox, name: str) -> ConditionRow | GroupBox | None:
    if box.name == name:
        return box
    for part in box.parts:
        found = _find(part, name) if isinstance(part, GroupBox) else part if part.name == name else None
        if found is not None:
            return found
    return None


def _number(box: GroupBox, name: str) -> None:
    box.name = name
    for at, part in enumerate(box.parts):
        if isinstance(part, GroupBox):
            _number(part, f"{name}.{at}")
        else:
            part.name = f"{name}.{at}"


def _rows(box: GroupBox) -> Iterator[ConditionRow]:
    for part in box.parts:
        if isinstance(part, GroupBox):
            yield from _rows(part)
        else:
            yield part
