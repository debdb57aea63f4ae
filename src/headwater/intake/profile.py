"""Import profiles: what a kind of file means, kept as readable TOML so that it is decided once.

```toml
name = "olist-leads"
kind = "leads"                # what the rows become
system = "olist"              # the system whose ids the external ids are
[file]                        # all optional
delimiter = ";"
encoding = "cp1252"
sheet = "Leads"
header = true                 # whether the first row names the columns
decimal = ","                 # the mark before the decimals
date_order = "dmy"            # dmy, mdy or ymd
timezone = "Europe/Berlin"    # of times that name none; the company's otherwise
blank = ["Select"]            # words that mean "not answered" here
[columns]                     # file column -> target; "" or absent: kept with the record; "-": ignored
mql_id = ["external_id", "lead"]   # one column may feed several targets
origin = "source"
[fixed]                       # stamped on every row
interest = "ENQUIRY"
[values.product]              # by target: what the file says -> what it means; "" on either side is blank
"GTXPro" = "GTX Pro"
[[also]]                      # a further pass over the same rows into another kind
kind = "orders"
where = { Converted = "1" }   # only rows whose columns say this
[also.columns]
"Prospect ID" = "lead"
```

Shipped profiles are in ``headwater/intake/profiles``; a company's own, in the folder ``profiles`` of its
installation, come first.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from headwater.intake.values import DateOrder
from headwater.platform.errors import DomainError
from headwater.platform.translated import gettext

SHIPPED = Path(__file__).parent / "profiles"
IGNORED = "-"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,79}")
_TOP = {"name", "kind", "system", "file", "columns", "fixed", "values", "also"}
_PASS = {"kind", "system", "where", "columns", "fixed", "values"}


class ProfileError(DomainError):
    """A profile cannot be used; ``problems`` lists everything that is wrong with it, not only the first."""

    code, status = "profile_invalid", 422

    def __init__(self, name: str, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__(
            gettext("The import profile {name} cannot be used: {problems}").format(
                name=name, problems=" ".join(self.problems)
            )
        )


@dataclass(frozen=True)
class FileOptions:
    """How the file is written, as far as it is not left to be found out."""

    delimiter: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    header: bool | None = None
    decimal: Literal[".", ","] | None = None
    date_order: DateOrder | None = None
    timezone: str | None = None
    blank: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pass:
    """One reading of the rows into one kind. Every file value is text, fixed ones too."""

    kind: str
    system: str
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    fixed: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def targets(self) -> frozenset[str]:
        """Every target this pass fills."""
        return frozenset(target for targets in self.columns.values() for target in targets) | set(self.fixed)

    def missing(self, header: Iterable[str]) -> list[str]:
        """Columns the profile speaks of and the file does not have."""
        there = set(header)
        spoken = [*(name for name, targets in self.columns.items() if targets), *self.where]
        return [name for name in dict.fromkeys(spoken) if name not in there]


@dataclass(frozen=True)
class Profile:
    """What a kind of file means: how it is written and the passes over its rows, the main one first."""

    name: str
    passes: tuple[Pass, ...]
    file: FileOptions = FileOptions()

    @property
    def main(self) -> Pass:
        """The pass the file is imported for."""
        return self.passes[0]

    @property
    def kind(self) -> str:
        """What the rows become."""
        return self.main.kind

    @property
    def system(self) -> str:
        """The system whose ids the external ids are."""
        return self.main.system


def load_profile(
    name: str | Path,
    search_path: Sequence[str | Path] = (),
    *,
    targets: Mapping[str, Iterable[str]] | None = None,
) -> Profile:
    """The profile in a file, or of a name, looked for in ``search_path`` and then among those shipped.

    ``targets`` (by kind, what can be imported) makes unknown kinds and targets a problem too.

    Raises:
        ProfileError: there is none, or it is wrong; all problems are listed.
    """
    path = _find(str(name), search_path)
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(path.name, [gettext("It is not valid TOML: {error}.").format(error=error)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(path.name, [gettext("It cannot be read: {error}.").format(error=error)]) from None
    return profile_from(data, name=path.stem, targets=targets)


def profile_names(search_path: Sequence[str | Path] = ()) -> list[str]:
    """The profiles there are to choose from, the company's own and those shipped."""
    folders = [*map(Path, search_path), SHIPPED]
    return sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.toml")})


def _find(name: str, search_path: Sequence[str | Path]) -> Path:
    if _NAME.fullmatch(name):
        file = name if name.endswith(".toml") else f"{name}.toml"
        for folder in (*search_path, SHIPPED):
            if (path := Path(folder) / file).is_file():
                return path
    path = Path(name)
    if name.endswith(".toml") and path.is_file():
        return path
    known = ", ".join(profile_names(search_path))
    raise ProfileError(name, [gettext("There is no such profile. Known are: {known}.").format(known=known)])


def profile_from(
    data: Mapping[str, Any], *, name: str = "", targets: Mapping[str, Iterable[str]] | None = None
) -> Profile:
    """A profile from its parsed TOML (or the same as JSON, as a batch keeps it).

    Raises:
        ProfileError: it is wrong; all problems are listed.
    """
    profile, problems = read_profile(data, name=name, targets=targets)
    if problems:
        raise ProfileError(profile.name or "without a name", problems)
    return profile


def read_profile(
    data: Mapping[str, Any], *, name: str = "", targets: Mapping[str, Iterable[str]] | None = None
) -> tuple[Profile, list[str]]:
    """A profile as far as it can be read, and everything that is wrong with it: one that is being written."""
    problems: list[str] = []
    named = _text(data, "name", problems) or name
    for key in data.keys() - _TOP:
        problems.append(
            gettext('"{key}" is not known at the top; allowed are {known}.').format(
                key=key, known=", ".join(sorted(_TOP))
            )
        )
    if not _NAME.fullmatch(named):
        problems.append(gettext("name must be letters, digits, points, hyphens and underscores."))
    main = {key: data[key] for key in _PASS & data.keys() - {"where"}}
    passes = [_pass(main, "", _text(data, "system", problems), problems, targets)]
    also = data.get("also", [])
    if not isinstance(also, list) or not all(isinstance(each, Mapping) for each in also):
        problems.append(gettext("also must be written as [[also]]."))
        also = []
    for number, each in enumerate(also, 1):
        where = f"also {number}: "
        problems += [where + gettext('"{key}" is not known.').format(key=key) for key in each.keys() - _PASS]
        passes.append(_pass(each, where, passes[0].system, problems, targets))
    file = _file(_table(data, "file", problems), problems)
    return Profile(named, tuple(passes), file), problems


def _pass(
    data: Mapping[str, Any],
    where: str,
    system: str,
    problems: list[str],
    targets: Mapping[str, Iterable[str]] | None,
) -> Pass:
    kind = _text(data, "kind", problems, where)
    system = _text(data, "system", problems, where) or system
    if not kind:
        problems.append(where + gettext("kind is missing: what do the rows become?"))
    columns, ignored = _columns(data, where, problems)
    fixed = _texts(data, "fixed", problems, where)
    values: dict[str, dict[str, str]] = {
        target: _texts(_table(data, "values", problems, where), target, problems, f"{where}values.")
        for target in _table(data, "values", problems, where)
    }
    fed = _fed(columns, where, problems)
    problems += [
        where + gettext('"{target}" is fed by "{column}" and fixed at once.').format(target=t, column=fed[t])
        for t in fixed
        if t in fed
    ]
    problems += [
        where + gettext("[values.{target}] decides on a target that nothing feeds.").format(target=t)
        for t in values
        if t not in fed
    ]
    if "external_id" in fed and not system:
        problems.append(where + gettext("system is missing: whose ids are the external ids?"))
    if not columns:
        problems.append(where + gettext("[columns] is empty: no column feeds anything."))
    if targets is not None and kind:
        problems += [where + told for told in _not_taken(kind, [*fed, *fixed], targets)]
    return Pass(kind, system, columns, ignored, fixed, values, _texts(data, "where", problems, where))


def _columns(
    data: Mapping[str, Any], where: str, problems: list[str]
) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """What each column feeds, and the columns that are ignored."""
    columns: dict[str, tuple[str, ...]] = {}
    ignored = set()
    for column, said in _table(data, "columns", problems, where).items():
        listed = said if isinstance(said, list) else [said]
        if not all(isinstance(target, str) for target in listed):
            problems.append(
                where + gettext('column "{column}" must name a target or a list of targets.').format(column=column)
            )
        elif IGNORED in listed:
            ignored.add(column)
            if len(listed) > 1:
                problems.append(where + gettext('column "{column}" is ignored and used at once.').format(column=column))
        else:
            columns[column] = tuple(target for target in listed if target)
    return columns, frozenset(ignored)


def _fed(columns: Mapping[str, Iterable[str]], where: str, problems: list[str]) -> dict[str, str]:
    """Which column feeds each target; of several the last."""
    fed: dict[str, str] = {}
    for column, listed in columns.items():
        for target in listed:
            if target in fed:
                problems.append(
                    where
                    + gettext('"{target}" is fed by "{first}" and by "{column}".').format(
                        target=target, first=fed[target], column=column
                    )
                )
            fed[target] = column
    return fed


def _not_taken(kind: str, wanted: Iterable[str], targets: Mapping[str, Iterable[str]]) -> list[str]:
    """What is wrong where rows cannot become that kind, or the kind takes no such values."""
    if kind not in targets:
        known = ", ".join(sorted(targets))
        return [gettext('kind "{kind}" is unknown; there are {known}.').format(kind=kind, known=known)]
    taken = set(targets[kind])
    return [
        gettext('"{target}" is nothing that {kind} can take.').format(target=target, kind=kind)
        for target in wanted
        if target not in taken
    ]


def _file(data: Mapping[str, Any], problems: list[str]) -> FileOptions:
    known = FileOptions.__dataclass_fields__
    problems += [
        gettext('[file] "{key}" is not known; allowed are {known}.').format(key=key, known=", ".join(known))
        for key in data.keys() - known
    ]
    said = {key: _text(data, key, problems, "[file] ") or None for key in ("encoding", "sheet", "timezone")}
    delimiter, decimal = (_text(data, key, problems, "[file] ", strip=False) for key in ("delimiter", "decimal"))
    order = _text(data, "date_order", problems, "[file] ")
    header, blank = data.get("header"), data.get("blank", [])
    if len(delimiter) > 1:
        problems.append(
            gettext("[file] delimiter must be one character, not {delimiter}.").format(delimiter=repr(delimiter))
        )
    if decimal not in ("", ".", ","):
        problems.append(gettext('[file] decimal must be "." or ",".'))
    if order and order not in set(DateOrder):
        problems.append(gettext("[file] date_order must be dmy, mdy or ymd."))
    if header is not None and not isinstance(header, bool):
        problems.append(gettext("[file] header must be true or false."))
    if not isinstance(blank, list) or not all(isinstance(word, str) for word in blank):
        problems.append(gettext("[file] blank must be a list of words."))
        blank = []
    if encoding := said["encoding"]:
        try:
            "".encode(encoding)
        except LookupError:
            problems.append(gettext('[file] there is no encoding "{encoding}".').format(encoding=encoding))
    if timezone := said["timezone"]:
        try:
            ZoneInfo(timezone)
        except (KeyError, ValueError, OSError):
            problems.append(gettext('[file] there is no time zone "{timezone}".').format(timezone=timezone))
    return FileOptions(
        delimiter=delimiter or None,
        encoding=said["encoding"],
        sheet=said["sheet"],
        header=header if isinstance(header, bool) else None,
        decimal="." if decimal == "." else "," if decimal == "," else None,
        date_order=DateOrder(order) if order in set(DateOrder) else None,
        timezone=said["timezone"],
        blank=tuple(blank),
    )


def _text(data: Mapping[str, Any], key: str, problems: list[str], where: str = "", *, strip: bool = True) -> str:
    value = data.get(key, "")
    if not isinstance(value, str):
        problems.append(where + gettext("{key} must be a text.").format(key=key))
        return ""
    return value.strip() if strip else value


def _table(data: Mapping[str, Any], key: str, problems: list[str], where: str = "") -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, Mapping):
        if (problem := where + gettext("[{key}] must be a table.").format(key=key)) not in problems:
            problems.append(problem)
        return {}
    return value


def _texts(data: Mapping[str, Any], key: str, problems: list[str], where: str = "") -> dict[str, str]:
    """A table of texts; numbers, dates and true are taken as they would stand in a file."""
    found = {}
    for name, value in _table(data, key, problems, where).items():
        if isinstance(value, Mapping | list):
            problems.append(where + gettext('[{key}] "{name}" must be one value.').format(key=key, name=name))
        else:
            found[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def profile_data(profile: Profile) -> dict[str, Any]:
    """A profile as plain data: what its TOML says, to be kept as JSON with a batch."""
    data: dict[str, Any] = {"name": profile.name, **_pass_data(profile.main, "")}
    options = {
        key: value for key in FileOptions.__dataclass_fields__ if (value := getattr(profile.file, key)) is not None
    }
    options = {key: list(value) if key == "blank" else value for key, value in options.items() if value != ()}
    if "date_order" in options:
        options["date_order"] = str(options["date_order"])
    if options:
        data["file"] = options
    if len(profile.passes) > 1:
        data["also"] = [_pass_data(each, profile.system) for each in profile.passes[1:]]
    return data


def _pass_data(each: Pass, inherited: str) -> dict[str, Any]:
    columns: dict[str, Any] = {
        name: targets[0] if len(targets) == 1 else list(targets) or "" for name, targets in each.columns.items()
    }
    columns |= dict.fromkeys(sorted(each.ignored), IGNORED)
    data: dict[str, Any] = {"kind": each.kind}
    if each.system and each.system != inherited:
        data["system"] = each.system
    data |= {"where": dict(each.where)} if each.where else {}
    data["columns"] = columns
    data |= {"fixed": dict(each.fixed)} if each.fixed else {}
    data |= {"values": {t: dict(v) for t, v in each.values.items()}} if each.values else {}
    return data


def dump_profile(profile: Profile) -> str:
    """A profile as TOML that people can read and change; loading it gives the same profile."""
    data = profile_data(profile)
    also = data.pop("also", [])
    lines = [f"{key} = {_toml(data.pop(key))}" for key in ("name", "kind", "system") if key in data]
    if "file" in data:
        lines += _table_lines("file", data.pop("file"))
    lines += _pass_lines(data, "")
    for each in also:
        lines += ["", "[[also]]"]
        lines += [f"{key} = {_toml(each.pop(key))}" for key in ("kind", "system") if key in each]
        if "where" in each:
            said = ", ".join(f"{_key(name)} = {_toml(value)}" for name, value in each.pop("where").items())
            lines.append(f"where = {{ {said} }}")
        lines += _pass_lines(each, "also.")
    return "\n".join(lines) + "\n"


def _pass_lines(data: dict[str, Any], prefix: str) -> list[str]:
    lines = _table_lines(f"{prefix}columns", data["columns"])
    if "fixed" in data:
        lines += _table_lines(f"{prefix}fixed", data["fixed"])
    for target, decisions in data.get("values", {}).items():
        lines += _table_lines(f"{prefix}values.{_key(target)}", decisions)
    return lines


def _table_lines(title: str, table: Mapping[str, Any]) -> list[str]:
    return ["", f"[{title}]", *(f"{_key(name)} = {_toml(value)}" for name, value in table.items())]


def decisions_as_toml(target: str, decided: Mapping[str, str], choices: Sequence[str]) -> str:
    """Decisions on the words of a target as they stand in a profile, with the choices there are."""
    title = f'[values.{_key(target)}]  # {", ".join(choices)}; or "" for blank'
    return "\n".join([title, *_table_lines("", decided)[2:]])


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_\-]+", name) else _toml(name)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
