"""Collects the texts that people read into the catalogues of every language and compiles them ("make messages").

What is to be translated is found in the code and the templates. New texts come into each ``django.po`` without a
translation, those that are gone go out, and nothing is guessed. ``--list de`` shows what is not translated yet.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from headwater.platform.translated import first_words

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "headwater"
LANGUAGES = ("de", "es")
ENGLISH_ONLY = {"cli", "tests", "migrations"}  # the command line stays English
PLAIN, PLURAL, CONTEXT = None, (1, 2), ((1, "c"), 2)
KEYWORDS: dict[str, Any] = {
    "_": PLAIN, "gettext": PLAIN, "gettext_lazy": PLAIN, "lazy": PLAIN, "noted": PLAIN,
    "ngettext": PLURAL, "ngettext_lazy": PLURAL, "pgettext": CONTEXT, "pgettext_lazy": CONTEXT,
}  # fmt: skip

DECLARING = {"job", "every", "on"}  # background work: Settings shows how its docstring begins

_LITERAL = r"""u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*\""""
_CALL = re.compile(rf"\b(_|gettext|pgettext|ngettext)\(((?:\s*(?:{_LITERAL})\s*,?)+)")


def template() -> Catalog:
    """Every text there is to translate, and the files it stands in."""
    catalog = Catalog(project="Headwater", charset="utf-8")
    for path in sorted(PACKAGE.rglob("*")):
        place = path.relative_to(PACKAGE)
        if ENGLISH_ONLY & set(place.parts):
            continue
        if path.suffix == ".py":
            found = _in_code(path)
        elif path.suffix in (".html", ".txt") and "templates" in place.parts:
            found = _in_template(path)
        else:
            continue
        for message, context in found:
            catalog.add(message, locations=[(place.as_posix(), 0)], context=context)
    return catalog


def _in_code(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    with path.open("rb") as file:
        for _line, function, found, _comments in extract_python(file, KEYWORDS, [], {"encoding": "utf-8"}):
            texts = [found] if isinstance(found, str) else list(found or ())
            yield from _message(function, texts)
    for work in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(work, ast.FunctionDef) and DECLARING & {_called(each) for each in work.decorator_list}:
            yield first_words(ast.get_docstring(work) or ""), None


def _called(decorator: ast.expr) -> str:
    """The bare name of what a decorator calls."""
    return ast.unparse(decorator.func).rpartition(".")[2] if isinstance(decorator, ast.Call) else ""


def _in_template(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    for function, literals in _CALL.findall(templatize(path.read_text(encoding="utf-8"))):
        yield from _message(function, [ast.literal_eval(each) for each in re.findall(_LITERAL, literals)])


def _message(function: str, texts: list[Any]) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    kind = KEYWORDS[function]
    if not texts or not isinstance(texts[0], str) or not texts[0].strip():
        return
    if kind is PLURAL:
        yield (texts[0], texts[1]), None
    elif kind is CONTEXT:
        yield texts[1], texts[0]
    else:
        yield texts[0], None


def catalogue_path(language: str) -> Path:
    """Where the translations into a language are written."""
    return PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    """The translations into a language, as they are written."""
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalog: Catalog) -> bytes:
    """What the server reads."""
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # the same whenever it is compiled
    file = BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def untranslated(catalog: Catalog) -> list[Message]:
    """The texts that have no translation, or not all of its plural forms."""
    texts = [message for message in catalog if message.id]
    return [text for text in texts if text.fuzzy or not all(text.string if text.pluralizable else [text.string])]


def refresh(language: str, wanted: Catalog) -> Catalog:
    """Bring a catalogue to what there is to translate; what was translated stays so."""
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog = read(language) if path.exists() else Catalog(locale=language, project="Headwater", charset="utf-8")
    catalog.update(wanted, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False  # its header
    with path.open("wb") as file:
        write_po(file, catalog, width=120, omit_header=False, include_lineno=False, sort_by_file=True)
    text = re.sub(r'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Language-Team|'
                  r'Report-Msgid-Bugs-To).*\n', "", path.read_text(encoding="utf-8"), flags=re.M)  # fmt: skip
    path.write_text(text, encoding="utf-8")
    catalog = read(language)
    path.with_suffix(".mo").write_bytes(compiled(catalog))
    return catalog


def main() -> int:
    """Refresh and compile every catalogue."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--list", choices=LANGUAGES, help="the texts of this language that are not translated")
    listed = options.parse_args().list
    if listed:
        for message in untranslated(read(listed)):
            sys.stdout.write(f"{message.id!r}  ({', '.join(place for place, _ in message.locations)})\n")
        return 0
    wanted = template()
    for language in LANGUAGES:
        catalog = refresh(language, wanted)
        sys.stdout.write(f"{language}: {len(catalog)} texts, {len(untranslated(catalog))} not translated\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
