"""The rules of ARCHITECTURE.md that a linter does not know, checked on the source itself."""

import ast
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "headwater"
ROOMS = ("tell", "team", "parties", "acquire", "qualify", "sell", "measure")
WRITES = {"save", "bulk_create", "bulk_update", "get_or_create", "update_or_create"}
RECORDS = {"record", "record_many", "record_bulk", "change_row", "change_rows", "undo_at_once"}
RECORDS |= {"put_away", "bring_back", "take_back_adding"}  # a shelf records what it does
TRANSLATES = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy", "noted"}


def modules(*rooms):
    for room in rooms:
        for path in sorted((SOURCE / room).rglob("*.py")):
            if "tests" not in path.parts and "migrations" not in path.parts:
                yield path


def calls(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node


def called_name(call):
    func = call.func
    return func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")


def is_action_module(path):
    return path.name == "actions.py" or "actions" in path.parts


@pytest.mark.parametrize(
    "path", [p for p in modules(*ROOMS) if not is_action_module(p)], ids=lambda p: str(p.relative_to(SOURCE))
)
def test_only_actions_write(path):
    for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        name = called_name(call)
        writes = name in WRITES or (
            name in ("create", "delete", "update")
            and isinstance(call.func, ast.Attribute)
            and ".objects" in ast.unparse(call.func.value)
        )
        assert not writes, f"{path.name}:{call.lineno} writes with {name}(); that belongs into an action"


def room_functions(room):
    """Every function of a room's action modules by name, and what it calls."""
    found = {}
    for path in modules(room):
        if is_action_module(path):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef):
                    found.setdefault(node.name, node)
    return found


def actions_of_other_rooms(room):
    """Names a room's action modules take from the actions of other rooms; those record for themselves."""
    found = set()
    for path in modules(room):
        if is_action_module(path):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.ImportFrom)
                    and ".actions" in (node.module or "")
                    and f".{room}." not in node.module
                ):
                    found |= {alias.asname or alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_action_records_a_fact_and_names_actor_and_time(room):
    functions, foreign = room_functions(room), actions_of_other_rooms(room)
    decorated = {
        name for name, node in functions.items() if any("action" in ast.unparse(d) for d in node.decorator_list)
    }

    def records(name, seen):
        if name in seen or name not in functions:
            return False
        seen.add(name)
        names = {called_name(call) for call in calls(functions[name])}
        # Calling an action of another room records there.
        outside = any(
            isinstance(c.func, ast.Attribute) and ast.unparse(c.func.value).endswith(("actions", "_actions"))
            for c in calls(functions[name])
        )
        return bool(names & (RECORDS | foreign)) or outside or any(records(n, seen) for n in names)

    for name in sorted(decorated):
        arguments = {a.arg for a in functions[name].args.kwonlyargs}
        assert {"by", "at"} <= arguments, f"{room}.{name} must take by= and at="
        assert records(name, set()), f"{room}.{name} writes without recording a fact"


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in modules(*ROOMS, "platform", "intake")
        if is_action_module(p) or p.name == "imports.py" or "intake" in p.parts
    ],
    ids=lambda p: str(p.relative_to(SOURCE)),
)
def test_what_is_said_of_rows_can_be_stored_for_every_language(path):
    if path.name in ("apps.py", "batch_column.py", "events.py", "models.py", "views.py"):
        return
    told = re.search(r"from django.utils.translation import .*\bgettext(_lazy)?\b", path.read_text(encoding="utf-8"))
    assert told is None, "take it from headwater.platform.translated: what refuses a row may be read in any language"


@pytest.mark.parametrize(
    "path", list(modules(*ROOMS, "platform", "web", "api", "intake")), ids=lambda p: str(p.relative_to(SOURCE))
)
def test_time_comes_in_as_an_argument(path):
    if path.name == "clock.py":
        return
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"timezone\.now\(|datetime\.now\(|date\.today\(|utcnow\(", text), (
        "use clock.now() at the edge, at= below"
    )
    if is_action_module(path) or path.name in ("queries.py", "rules.py", "models.py"):
        assert "clock.now()" not in text and "import now" not in text, "actions and queries take at="


@pytest.mark.parametrize(
    "path",
    list(modules(*ROOMS, "platform", "web", "api", "intake", "demo", "cli", "config")),
    ids=lambda p: str(p.relative_to(SOURCE)),
)
def test_no_signals_no_save_overrides_and_short_files(path):
    text = path.read_text(encoding="utf-8")
    assert "django.dispatch" not in text and "post_save" not in text
    assert not re.search(r"def save\(self|def delete\(self", text)
    assert len(text.splitlines()) <= 520, "cut it by noun"
    assert path.stem not in ("utils", "helpers", "common", "misc", "manager", "service")


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE)))
def test_texts_stand_where_they_are_found_for_translation(path):
    for text in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(text, ast.JoinedStr):
            asked = {called_name(call) for call in calls(text)} & TRANSLATES
            assert not asked, f"{path.name}:{text.lineno} translates inside an f-string, where nobody looks for texts"
    for call in calls(ast.parse(path.read_text(encoding="utf-8"))):
        if called_name(call) in TRANSLATES:
            filled = [each for each in call.args if isinstance(each, (ast.JoinedStr, ast.BinOp))]
            assert not filled, f"{path.name}:{call.lineno} fills a text before it is translated"


def test_every_source_folder_is_a_package_and_no_test_folder_is():
    for folder in SOURCE.rglob("*"):
        if folder.is_dir() and any(folder.glob("*.py")):
            if folder.name == "tests":
                assert not (folder / "__init__.py").exists(), f"{folder} must not be a package"
            elif "tests" not in folder.parts:
                assert (folder / "__init__.py").exists(), f"{folder} lacks __init__.py: import-linter would not see it"


def test_the_map_names_every_idea_of_platform():
    rows = (SOURCE.parents[1] / "ARCHITECTURE.md").read_text(encoding="utf-8").partition("## platform")[2]
    told = set(re.findall(r"`(\w+\.py|\w+/)`", rows.partition("\n## ")[0]))
    platform = SOURCE / "platform"
    files = {path.name for path in platform.glob("*.py")} - {"__init__.py", "apps.py"}
    folders = {f"{path.parent.name}/" for path in platform.glob("*/__init__.py")} - {"migrations/"}
    assert told == files | folders


def test_names_of_this_workplace_stay_out():
    words = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org")
    for path in SOURCE.parents[1].rglob("*"):
        parts = path.parts
        if (
            path.is_file()
            and path.suffix in (".py", ".md", ".toml", ".lock", ".json", ".html", ".yml")
            and not {
                ".venv",
                "node_modules",
                ".git",
                "var",
                ".mypy_cache",
                ".ruff_cache",
            }
            & set(parts)
            and path.name != Path(__file__).name
        ):
            assert not words.search(path.read_text(encoding="utf-8", errors="replace")), path
