"""The pages of imports: the list, a new file, its columns, the check, the import itself and its undo."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from headwater.intake import batches, columns, queries, undoing, uploads
from headwater.intake.errors import UnreadableFile
from headwater.intake.models import ImportBatch
from headwater.intake.profile import Profile, dump_profile, profile_from, read_profile
from headwater.intake.reader import open_table
from headwater.intake.rejects import EXAMPLES, read_rejects
from headwater.intake.suggested import find_profile
from headwater.intake.table import Table
from headwater.intake.withheld import without_withheld
from headwater.platform.clock import now
from headwater.platform.errors import DomainError, NotAllowed, NotFound
from headwater.platform.importer import Importer
from headwater.platform.models import Job
from headwater.platform.phrases import spoken
from headwater.platform.resource import Resource
from headwater.platform.translated import inside
from headwater.web.http import Request, is_htmx, render

PAGE = 25
KEPT_SHOWN = 100
State = ImportBatch.State


@require_GET
def imports(request: Request) -> HttpResponse:
    """All imports, newest first."""
    page = Paginator(queries.visible_batches(request.actor), PAGE).get_page(request.GET.get("page"))
    labels = {r.importer.kind: r.label_plural for r in queries.importable(request.actor) if r.importer}
    rows = [{"batch": b, "noun": labels.get(b.kind, b.kind), "rejects": batches.rejects_path(b)} for b in page]
    return render(request, "intake/imports.html", {"rows": rows, "page": page, "may_import": bool(labels)})


def new(request: Request) -> HttpResponse:
    """Choose what to import and the file; or try it with a sample."""
    nouns = queries.importable(request.actor)
    if not nouns or not request.actor.may("intake.batch.create"):
        raise NotAllowed()
    kinds = [(r.importer.kind, r.label_plural) for r in nouns if r.importer]
    chosen = request.POST.get("kind") or request.GET.get("kind", "")
    context: dict[str, Any] = {
        "kinds": kinds,
        "kind": chosen if chosen in dict(kinds) else kinds[0][0],
        "limit": uploads.limit_words(),
        "has_sample": "leads" in dict(kinds),
    }
    if request.method != "POST":
        return render(request, "intake/new.html", context)
    try:
        batch = _taken_in(request, context["kind"])
    except UnreadableFile as refusal:
        return render(request, "intake/new.html", {**context, "error": refusal.text}, status=422)
    return redirect("import_columns", batch.pk)


def _taken_in(request: Request, kind: str) -> ImportBatch:
    if "sample" in request.POST:
        kind, name = "leads", _("Sample file")
        path, table = uploads.keep_sample()
    else:
        upload = request.FILES.get("file")
        if getattr(request, "upload_too_large", False):
            raise UnreadableFile(
                _("The file is larger than %(limit)s. Split it, compress it as .gz, or use the command line.")
                % {"limit": uploads.limit_words()}
            )
        if upload is None:
            raise UnreadableFile(_("Choose a file first."))
        name = (upload.name or _("File"))[:200]
        path, table = uploads.keep_upload(upload)
    importer = batches.importer_of(kind).for_actor(request.actor)
    remembered = queries.remembered_for(kind, table.header)
    profile = columns.first_profile(table, importer, name=name, remembered=remembered)
    try:
        return batches.draft_batch(
            file=path.name, name=name, kind=kind, profile=columns.stored(profile), by=request.actor, at=now()
        )
    except DomainError:
        path.unlink(missing_ok=True)  # nobody knows of it
        raise


@require_GET
def batch_page(request: Request, batch_id: int) -> HttpResponse:
    """One import, wherever it is: being checked, checked, running, done, taken back."""
    batch = queries.batch_of(request.actor, batch_id)
    if batch.state == State.DRAFT:
        return redirect("import_columns", batch.pk)
    context = _context(batch)
    if batch.is_busy:
        return render(request, "intake/running.html", context | _progress(batch))
    if batch.is_dry_run:
        return render(request, "intake/check.html", context | _checked(batch))
    return render(request, "intake/result.html", context | _result(batch, request))


@require_GET
def progress(request: Request, batch_id: int) -> HttpResponse:
    """How far an import is; once it is over, the browser is sent to its result."""
    batch = queries.batch_of(request.actor, batch_id)
    if not batch.is_busy or not is_htmx(request):
        response = HttpResponse(status=204) if is_htmx(request) else redirect("import", batch.pk)
        if is_htmx(request):
            response["HX-Redirect"] = reverse("import", args=[batch.pk])
        return response
    return render(request, "intake/running.html#progress", _context(batch) | _progress(batch))


def map_columns(request: Request, batch_id: int) -> HttpResponse:
    """Where the columns go, what is wrong in them, what is stamped on every row."""
    batch = queries.batch_of(request.actor, batch_id)
    if batch.state != State.DRAFT and not (batch.is_dry_run and not batch.is_busy):
        return redirect("import", batch.pk)
    importer = batches.importer_of(batch.kind).for_actor(request.actor)
    profile, _problems = read_profile(batch.profile)
    table = _table(batch, profile)
    if request.method == "POST":
        profile, answer = _posted(request, batch, table, profile, importer)
        if answer is not None:
            return answer
        table = _table(batch, profile)
    cut = [batches.importer_of(each.kind).for_actor(request.actor) for each in profile.passes]
    profile, withheld = without_withheld(profile, table, cut)
    page = columns.mapping_view(table, profile, importer)
    context = _context(batch) | {
        "page": page,
        "targets": importer.targets,
        "profile": profile,
        "profiles": queries.profiles_for(batch.kind),
        "dialect": table.dialect,
        "notes": [*table.dialect.notes, *withheld],
        "rows": table.row_count_estimate(),
        "orders": columns.ORDERS,
        "delimiters": columns.DELIMITERS,
        "encodings": columns.ENCODINGS,
        "has_id": "external_id" in profile.main.targets,
        "further": [queries.noun_of(each.kind) for each in profile.passes[1:]],
    }
    return render(request, "intake/columns.html", context)


def _posted(
    request: Request, batch: ImportBatch, table: Table, profile: Profile, importer: Importer
) -> tuple[Profile, HttpResponse | None]:
    """Store what the columns page sent, and do what its button says."""
    then = request.POST.get("then", "")
    if then == "use":
        name = request.POST.get("profile", "")
        profile = (
            find_profile(name, importer)
            if name
            else columns.first_profile(table, importer, name=batch.name, remembered=None)
        )
    else:
        profile = columns.posted_profile(request.POST, table, profile, importer)
        again = _table(batch, profile)
        if again.header != table.header:  # another sheet, delimiter or first row
            profile = columns.suggested_anew(again, profile, importer)
    batches.map_batch(batch_id=batch.pk, profile=columns.stored(profile), by=request.actor, at=now())
    if then == "keep":
        return _keep_profile(request, batch, profile)
    if then == "leave":
        messages.success(request, _("The mapping of %(name)s is kept. Nothing is imported yet.") % {"name": batch.name})
        return profile, redirect("imports")
    if then == "check":
        view = columns.mapping_view(_table(batch, profile), profile, importer)
        if view.is_ready:
            batches.check_batch(batch_id=batch.pk, by=request.actor, at=now())
            return profile, redirect("import", batch.pk)
        return profile, None
    if is_htmx(request):
        return profile, None
    return profile, redirect("import_columns", batch.pk)


def _keep_profile(request: Request, batch: ImportBatch, profile: Profile) -> tuple[Profile, HttpResponse]:
    """Save the mapping under a name, for the next file of this kind."""
    if not request.actor.may("intake.profile.create"):
        raise NotAllowed()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", request.POST.get("profile_name", "")).strip("-.")[:80]
    if not name:
        messages.error(request, _("Give the profile a name first."))
        return profile, redirect("import_columns", batch.pk)
    data = columns.stored(profile) | {"name": name}
    kept = profile_from(data, targets=batches.targets())
    folder = settings.HOME.profiles
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.toml.part"
    part.write_text(dump_profile(kept), encoding="utf-8")
    part.replace(folder / f"{name}.toml")
    batches.map_batch(batch_id=batch.pk, profile=data, by=request.actor, at=now())
    messages.success(request, _("Saved as profile %(name)s. It is suggested for files like this one.") % {"name": name})
    return kept, redirect("import_columns", batch.pk)


@require_POST
def check(request: Request, batch_id: int) -> HttpResponse:
    """Find out what would become of every row."""
    batches.check_batch(batch_id=queries.batch_of(request.actor, batch_id).pk, by=request.actor, at=now())
    return redirect("import", batch_id)


@require_POST
def start(request: Request, batch_id: int) -> HttpResponse:
    """Import for real."""
    batches.start_batch(batch_id=queries.batch_of(request.actor, batch_id).pk, by=request.actor, at=now())
    return redirect("import", batch_id)


@require_POST
def stop(request: Request, batch_id: int) -> HttpResponse:
    """Stop where it is."""
    batch = batches.stop_batch(batch_id=queries.batch_of(request.actor, batch_id).pk, by=request.actor, at=now())
    if batch.state == State.DRAFT:
        messages.success(request, _("The check is stopped. Nothing was written."))
    else:
        messages.success(request, _("Stopped. What is imported stays; you can go on or undo it."))
    return redirect("import", batch_id)


@require_POST
def resume(request: Request, batch_id: int) -> HttpResponse:
    """Go on where it stopped."""
    batches.resume_batch(batch_id=queries.batch_of(request.actor, batch_id).pk, by=request.actor, at=now())
    return redirect("import", batch_id)


@require_POST
def undo(request: Request, batch_id: int) -> HttpResponse:
    """Take the import back."""
    undoing.start_undo(batch_id=queries.batch_of(request.actor, batch_id).pk, by=request.actor, at=now())
    return redirect("import", batch_id)


@require_POST
def discard(request: Request, batch_id: int) -> HttpResponse:
    """Forget a file that was never imported."""
    batch = queries.batch_of(request.actor, batch_id)
    batches.discard_batch(batch_id=batch.pk, by=request.actor, at=now())
    messages.success(request, _("%(name)s is discarded. Nothing of it was imported.") % {"name": batch.name})
    return redirect("imports")


@require_GET
def rejected(request: Request, batch_id: int) -> HttpResponseBase:
    """The rows that were left out, with all reasons, to be mended and imported again."""
    batch = queries.batch_of(request.actor, batch_id)
    path = batches.rejects_path(batch)
    if path is None:
        raise NotFound(_("No row of this import was left out, or the file is not kept any more."))
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", batch.name.rsplit(".", 1)[0]).strip("-.") or "import"
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=f"{stem}-left-out.csv", content_type="text/csv; charset=utf-8"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
def sample(request: Request) -> HttpResponseBase:
    """The sample file itself, to look into or change."""
    if not queries.importable(request.actor):
        raise NotAllowed()
    return FileResponse(
        uploads.SAMPLE_FILE.open("rb"), as_attachment=True, filename="headwater-sample-leads.csv",
        content_type="text/csv; charset=utf-8",
    )  # fmt: skip


# ---------------------------------------------------------------- what the templates get


def _table(batch: ImportBatch, profile: Profile) -> Table:
    path = batches.files_folder() / batch.file
    if not path.is_file():
        raise batches.FileGone()
    told = profile.file
    return open_table(path, sheet=told.sheet, delimiter=told.delimiter, encoding=told.encoding, has_header=told.header)


def _context(batch: ImportBatch) -> dict[str, Any]:
    noun = queries.noun_of(batch.kind)
    return {
        "batch": batch,
        "noun": noun,
        "nouns": inside(noun.label_plural) if noun else batch.kind,
        "steps": _steps(batch),
    }


def _steps(batch: ImportBatch) -> list[dict[str, str]]:
    """The way of a file, as arrows."""
    if batch.state == State.DRAFT:
        at = 1
    elif batch.is_dry_run:
        at = 2
    else:
        at = 3 if batch.state in (State.RUNNING, State.FAILED, State.STOPPED) else 4
    labels = (_("File"), _("Columns"), _("Check"), _("Import"))
    return [
        {"label": label, "state": "done" if place < at else "now" if place == at else "ahead"}
        for place, label in enumerate(labels)
    ]


def _progress(batch: ImportBatch) -> dict[str, Any]:
    job = Job.objects.filter(pk=batch.job_id).first() if batch.job_id else None
    share = batch.percent if batch.is_busy else None
    return {
        "job": job,
        "share": None if share is None else share / 100,
        "waits": job is not None and job.state == Job.State.QUEUED,
        "trouble": job.trouble if job is not None else "",
    }


def _checked(batch: ImportBatch) -> dict[str, Any]:
    profile, _problems = read_profile(batch.profile)
    importer = batches.importer_of(batch.kind)
    will = batch.created + batch.updated
    labels = {t.key: t.label for t in importer.targets}
    return {
        "will_write": will,
        "mapped": [
            (name, ", ".join(labels.get(key, key) for key in keys))
            for name, keys in profile.main.columns.items()
            if keys
        ],
        "kept_columns": [name for name, keys in profile.main.columns.items() if not keys],
        "stamps": [(labels.get(key, key), text) for key, text in profile.main.fixed.items()],
        "reasons": _bars(batch.reasons),
        "notes": _bars(batch.notes),
        "examples": _examples(batch),
        "guesses": batch.guesses,
        "tried": batch.checkpoint.get("tried"),
        "file_is_there": (batches.files_folder() / batch.file).is_file(),
        "earlier": ImportBatch.objects.filter(kind=batch.kind, is_dry_run=False, state=State.DONE).order_by("-pk")[:3],
    }


def _result(batch: ImportBatch, request: Request) -> dict[str, Any]:
    report = batch.undone
    kept = report.get("kept", [])
    return {
        "reasons": _bars(batch.reasons),
        "notes": _bars(batch.notes),
        "guesses": batch.guesses,
        "examples": _examples(batch),
        "may_undo": undoing.may_undo(batch, request.actor),
        "may_resume": batch.state in (State.STOPPED, State.FAILED)
        and not report
        and (batches.files_folder() / batch.file).is_file(),
        "rows_url": _rows_url(batch),
        "brought": _brought(batch, request),
        "kept": [{**row, "url": _record_url(row)} for row in kept[:KEPT_SHOWN]],
        "kept_count": len(kept),
        "report": report,
        "has_rejects": batches.rejects_path(batch) is not None,
    }


def _brought(batch: ImportBatch, request: Request) -> list[dict[str, Any]]:
    """The lists of what came in, with how much of each, for the links below the figures."""
    if batch.state == State.UNDONE:
        return []
    found = queries.brought_by(request.actor, batch)
    return [
        {
            "label": noun.label_plural if count != 1 else noun.label,
            "count": count,
            "url": f"{_list_url(noun)}?batch={batch.pk}",
        }
        for noun, count in found
    ]


def _bars(counted: dict[str, int]) -> list[dict[str, Any]]:
    """What was said of most rows, with the share of the most frequent for a bar."""
    top = list(counted.items())[:8]
    most = max((count for _, count in top), default=1)
    return [{"reason": reason, "count": count, "share": count / most} for reason, count in top]


def _examples(batch: ImportBatch) -> dict[str, Any] | None:
    path = batches.rejects_path(batch)
    if path is None:
        return None
    head, rows = read_rejects(path, EXAMPLES)
    shown = head[2:6]
    # The file is in the language of whoever began the import; the batch knows the first reasons for any reader.
    told = ["; ".join(map(spoken, reasons)) for reasons in batch.checkpoint.get("examples", [])]
    reasons = [*told, *(row[1] for row in rows[len(told) :])]
    return {
        "head": shown,
        "rows": [
            {"line": row[0], "reason": reason, "cells": row[2 : 2 + len(shown)]}
            for row, reason in zip(rows, reasons, strict=False)
        ],
    }


def _rows_url(batch: ImportBatch) -> str:
    """The list of what came in: only these rows, where the noun can filter by import."""
    noun = queries.noun_of(batch.kind)
    if noun is None:
        return ""
    return f"{_list_url(noun)}?batch={batch.pk}" if "batch" in noun.by_key else _list_url(noun)


def _list_url(noun: Resource) -> str:
    try:
        return reverse("web:list", kwargs={"slug": noun.slug})
    except NoReverseMatch:
        return ""


def _record_url(kept: dict[str, Any]) -> str:
    noun = queries.noun_of(str(kept["kind"]))
    try:
        return reverse("web:record", kwargs={"slug": noun.slug, "pk": int(kept["id"])}) if noun else ""
    except NoReverseMatch:
        return ""
