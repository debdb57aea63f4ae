"""Addresses of the generic pages; every noun of the registry has them all."""

from django.urls import path, register_converter

from headwater.platform.resource import by_slug
from headwater.web import (
    board,
    cells,
    command,
    day,
    deleted,
    export,
    fieldsettings,
    filters,
    form,
    layout,
    listing,
    palette,
    rail,
    record,
    savedviews,
    undo,
)
from headwater.web.many import progress, stop

app_name = "web"


class NounConverter:
    """The slug of a noun that is registered; any other word is not found."""

    regex = "[a-z][a-z-]*"

    def to_python(self, value: str) -> str:
        """The slug, if it is one."""
        if by_slug(value) is None:
            raise ValueError(value)
        return value

    def to_url(self, value: str) -> str:
        """The slug as it stands in addresses."""
        return value


register_converter(NounConverter, "noun")

urlpatterns = [
    path("", day.day, name="day"),
    path("search", palette.search, name="search"),
    path("rail", rail.rail, name="rail"),
    path("undo/<int:event_id>", undo.undo, name="undo"),
    path("undo/<int:event_id>/all", undo.undo_all, name="undo_all"),
    path("bulk/<int:job_id>", progress, name="many"),
    path("bulk/<int:job_id>/stop", stop, name="stop_many"),
    path("settings", rail.settings, name="settings"),
    path("settings/fields", fieldsettings.fields, name="fields"),
    path("settings/fields/formula", fieldsettings.new_formula, name="field_formula"),
    path("settings/fields/<int:field_id>", fieldsettings.field, name="field"),
    path("settings/fields/<int:field_id>/<slug:what>", fieldsettings.act, name="field_act"),
    path("settings/recently-deleted", deleted.deleted, name="deleted"),
    path("settings/recently-deleted/<noun:slug>/<int:pk>", deleted.restore, name="restore_deleted"),
    path("<noun:slug>", listing.listing, name="list"),
    path("<noun:slug>/", listing.without_slash, name="list_without_slash"),
    path("<noun:slug>/counts", listing.counts, name="counts"),
    path("<noun:slug>/totals", listing.totals, name="totals"),
    path("<noun:slug>/group", listing.group, name="group"),
    path("<noun:slug>/board", board.board, name="board"),
    path("<noun:slug>/<int:pk>/board", board.move, name="board_move"),
    path("<noun:slug>/layout", layout.layout, name="layout"),
    path("<noun:slug>/widths", layout.widths, name="widths"),
    path("<noun:slug>/views/new", savedviews.new, name="view_new"),
    path("<noun:slug>/views/start", savedviews.start, name="view_start"),
    path("<noun:slug>/views/move", savedviews.move, name="view_move"),
    path("<noun:slug>/views/<int:pk>/edit", savedviews.edit, name="view_edit"),
    path("<noun:slug>/views/<int:pk>/save", savedviews.save, name="view_save"),
    path("<noun:slug>/views/<int:pk>/delete", savedviews.delete, name="view_delete"),
    path("<noun:slug>/filter", filters.builder, name="filter"),
    path("<noun:slug>/new", form.create, name="create"),
    path("<noun:slug>/export.<slug:kind>", export.export, name="export"),
    path("<noun:slug>/do/<slug:key>", command.bulk, name="bulk"),
    path("<noun:slug>/<int:pk>", record.record, name="record"),
    path("<noun:slug>/<int:pk>/edit", form.edit, name="edit"),
    path("<noun:slug>/<int:pk>/cell/<slug:field>", cells.cell, name="cell"),
    path("<noun:slug>/<int:pk>/history", record.history, name="history"),
    path("<noun:slug>/<int:pk>/panel/<slug:key>", record.panel, name="panel"),
    path("<noun:slug>/<int:pk>/do/<slug:key>", command.command, name="command"),
]
