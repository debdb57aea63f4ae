"""Import profiles: readable, complete in what they complain about, and the same after a round trip."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.intake.profile import (
    SHIPPED,
    FileOptions,
    Pass,
    Profile,
    ProfileError,
    dump_profile,
    load_profile,
    profile_data,
    profile_from,
    profile_names,
)
from headwater.intake.reader import open_table
from headwater.intake.values import DateOrder

DATA = os.environ.get("HEADWATER_DATA")
needs_data = pytest.mark.skipif(not DATA, reason="HEADWATER_DATA names no folder with the real files")

FULL = """
name = "full"
kind = "leads"
system = "crm"
[file]
delimiter = ";"
decimal = ","
date_order = "dmy"
blank = ["Select", "?"]
timezone = "Europe/Berlin"
[columns]
Nummer = ["external_id", "tag"]
Eingang = "arrived_at"
Rest = ""
Intern = "-"
[fixed]
interest = "ENQUIRY"
is_employee = true
[values.product]
GTXPro = "GTX Pro"
[[also]]
kind = "orders"
where = { Converted = 1 }
[also.columns]
Nummer = "lead"
"""


def problems_of(text: str, **options: object) -> str:
    with pytest.raises(ProfileError) as refusal:
        profile_from(tomllib.loads(text), **options)  # type: ignore[arg-type]
    return " ".join(refusal.value.problems)


def test_a_profile_says_what_a_file_means() -> None:
    text = FULL.replace("[values.product]\nGTXPro", "[values.tag]\nGTXPro")
    profile = profile_from(tomllib.loads(text))
    assert profile.name == "full"
    assert profile.file.blank == ("Select", "?")
    assert profile.file.date_order is DateOrder.DMY
    assert profile.main.columns == {
        "Nummer": ("external_id", "tag"),
        "Eingang": ("arrived_at",),
        "Rest": (),
    }
    assert profile.main.ignored == {"Intern"}
    assert profile.main.fixed == {"interest": "ENQUIRY", "is_employee": "true"}
    assert profile.main.values == {"tag": {"GTXPro": "GTX Pro"}}
    also = profile.passes[1]
    assert (also.kind, also.system, also.where) == ("orders", "crm", {"Converted": "1"})
    assert profile.main.missing(["Nummer"]) == ["Eingang"]
    assert also.missing(["Nummer"]) == ["Converted"]


def test_all_problems_are_named_at_once() -> None:
    said = problems_of(
        """
        name = "bad name!"
        colour = "red"
        [file]
        delimiter = "||"
        decimal = "x"
        date_order = "upside"
        encoding = "klingon"
        timezone = "Mars/Base"
        shape = 1
        [columns]
        a = "email"
        b = "email"
        c = "external_id"
        d = 3
        e = ["-", "name"]
        [fixed]
        email = "x"
        [values.stage]
        x = "y"
        """
    )
    for part in (
        "name must be", "kind is missing", '"colour" is not known', "one character", "decimal must be",
        "date_order must be", "no encoding", "no time zone", '"shape" is not known', 'fed by "a" and by "b"',
        "system is missing", 'column "d" must name', "ignored and used", "fed by", "fixed at once",
        "[values.stage] decides",
    ):  # fmt: skip
        assert part in said


def test_wrong_shapes_are_problems_not_crashes() -> None:
    said = problems_of('name = 1\nkind = "leads"\nfile = 2\ncolumns = "x"\nfixed = [1]\nvalues = 3\nalso = 4\n')
    assert "must be a text" in said
    assert "[columns] must be a table" in said
    assert "[[also]]" in said


def test_unknown_kinds_and_targets_are_problems_where_the_targets_are_known() -> None:
    text = 'name = "x"\nkind = "leads"\n[columns]\na = "emial"\n[[also]]\nkind = "ordres"\n[also.columns]\na = "b"\n'
    said = problems_of(text, targets={"leads": ["email"], "orders": ["lead"]})
    assert '"emial" is nothing that leads can take' in said
    assert 'kind "ordres" is unknown; there are leads, orders' in said


def test_files_that_are_no_profiles_are_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("name = ")
    with pytest.raises(ProfileError, match="not valid TOML"):
        load_profile("broken", [tmp_path])
    with pytest.raises(ProfileError, match="Known are: broken, maven-accounts") as refusal:
        load_profile("missing", [tmp_path])
    assert refusal.value.code == "profile_invalid"
    with pytest.raises(ProfileError, match="no such profile"):
        load_profile("../../etc/passwd", [tmp_path])


def test_a_companys_own_profile_comes_before_the_shipped_one(tmp_path: Path) -> None:
    own = (SHIPPED / "olist-leads.toml").read_text("utf-8").replace('system = "olist"', 'system = "ours"')
    (tmp_path / "olist-leads.toml").write_text(own)
    assert load_profile("olist-leads", [tmp_path]).system == "ours"
    assert load_profile("olist-leads").system == "olist"
    assert load_profile(tmp_path / "olist-leads.toml").system == "ours"


@pytest.mark.parametrize("name", profile_names())
def test_shipped_profiles_are_sound_and_survive_a_round_trip(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert profile_from(tomllib.loads(dump_profile(profile))) == profile
    assert profile_from(json.loads(json.dumps(profile_data(profile)))) == profile


@needs_data
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("olist-leads", "olist-funnel/marketing_qualified_leads.csv.gz"),
        ("olist-deals", "olist-funnel/closed_deals.csv.gz"),
        ("x-education", "x-education-leads/leads.csv"),
        ("maven-products", "maven-crm-pipeline/products.csv"),
        ("maven-accounts", "maven-crm-pipeline/accounts.csv"),
        ("maven-people", "maven-crm-pipeline/sales_teams.csv"),
        ("maven-opportunities", "maven-crm-pipeline/sales_pipeline_as_of_2017-09-30.csv"),
    ],
)
def test_shipped_profiles_fit_the_files_they_are_for(name: str, file: str) -> None:
    table = open_table(Path(str(DATA), file))
    rows = [dict(zip(table.header, cells, strict=True)) for _, cells in table.rows()]
    for each in load_profile(name).passes:
        assert each.missing(table.header) == []
        for column, targets in each.columns.items():
            for target in set(targets) & {"stage", "state", "channel"}:
                found = {row[column] for row in rows} - {""}
                assert found <= each.values[target].keys()


WORD = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
KEY = st.text("abcdefgh_", min_size=2, max_size=8)
MAPPED = st.dictionaries(WORD.filter(lambda word: word != "-"), KEY, max_size=4)


def unique(columns: dict[str, str]) -> dict[str, tuple[str, ...]]:
    kept: dict[str, tuple[str, ...]] = {}
    for name, target in columns.items():
        if (target,) not in kept.values():
            kept[name] = (target,)
    return kept


@given(MAPPED, MAPPED, WORD, st.dictionaries(WORD, WORD, min_size=1, max_size=3), st.lists(WORD, max_size=3))
@settings(max_examples=80, deadline=None)
def test_whatever_is_dumped_is_loaded_again(
    columns: dict[str, str], others: dict[str, str], kept: str, words: dict[str, str], blank: list[str]
) -> None:
    mapped = {**unique(columns), kept: ()}
    fed = sorted({target for targets in mapped.values() for target in targets})
    values = dict.fromkeys(fed, words)
    also = Pass("orders", "sys", {**unique(others), "x": ("one", "two")}, frozenset({"ig\n"}), {}, {}, words)
    profile = Profile(
        "any-name",
        (Pass("leads", "sys", mapped, frozenset(), {"zz_fixed": kept}, values), also),
        FileOptions(delimiter="\t", decimal=",", header=False, blank=tuple(blank), date_order=DateOrder.MDY),
    )
    assert profile_from(tomllib.loads(dump_profile(profile))) == profile
    assert profile_from(json.loads(json.dumps(profile_data(profile)))) == profile
