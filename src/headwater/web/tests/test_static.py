"""What the templates and assets of every room keep to: known icons, no inline style or script, nothing from outside."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.utils.translation import override

from headwater.web.channels import CHANNELS, LEFT_BLANK
from headwater.web.nav import PHASES

PACKAGE = Path(__file__).resolve().parents[2]
STATIC = PACKAGE / "web" / "static"
SPRITE = STATIC / "vendor" / "tabler-icons" / "sprite.svg"
TEMPLATES = sorted(PACKAGE.glob("*/templates/**/*.html"))

COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}|<!--.*?-->", re.DOTALL)
ICON = re.compile(
    r"""{%\s*icon\s+["']([a-z0-9-]+)["']|\bicon=["']([a-z0-9-]+)["']|\|default:"([a-z0-9-]+)"\s+\d\d\s*%}|#i-([a-z0-9-]+)"""
)
# Tabler's own classes that ours refine on purpose; any other name in both is an accident.
SHARED_WITH_TABLER = {"btn", "form-check-input", "form-control", "form-select", "prose"}
SORTABLE = {"sortable-drag", "sortable-ghost"}


def _source(template: Path) -> str:
    return COMMENT.sub("", template.read_text(encoding="utf-8"))


def _classes(style_sheet: Path) -> set[str]:
    text = re.sub(r"/\*.*?\*/|url\([^)]*\)|\"[^\"]*\"", "", style_sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    selectors = " ".join(before.rpartition("}")[2] for before in text.split("{")[:-1])
    return set(re.findall(r"\.([a-zA-Z_][\w-]*)", selectors))


def _name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def _sprite() -> set[str]:
    return set(re.findall(r'id="i-([a-z0-9-]+)"', SPRITE.read_text(encoding="utf-8")))


def test_every_icon_in_a_template_is_in_the_sprite() -> None:
    used = {
        (name, _name(template))
        for template in TEMPLATES
        for found in ICON.findall(_source(template))
        for name in found
        if name
    }
    assert used
    assert {pair for pair in used if pair[0] not in _sprite()} == set()


def test_every_class_of_our_style_sheets_is_used() -> None:
    """Besides those that end in a number or name put together in code, and those of libraries."""
    ours = [STATIC / "headwater" / f"{name}.css" for name in ("theme", "app", "lists", "records")]
    scripts = [path for path in PACKAGE.glob("*/static/**/*.js") if "vendor" not in path.parts]
    code = [path for path in PACKAGE.glob("*/**/*.py") if "tests" not in path.parts]
    used = {word for path in (*TEMPLATES, *scripts, *code) for word in re.findall(r"[\w-]+", path.read_text("utf-8"))}
    put_together = re.compile(r"wide-\d+|of-\d|c\d|i-\d\d|col-(second|clip)|htmx-\w+")
    unused = set().union(*map(_classes, ours)) - used - SORTABLE - SHARED_WITH_TABLER
    assert {name for name in unused if not put_together.fullmatch(name)} == set()


def test_every_icon_named_in_code_is_in_the_sprite() -> None:
    named = {phase.icon for phase in PHASES} | {look.icon for look in (*CHANNELS.values(), LEFT_BLANK)}
    for source in PACKAGE.glob("*/**/*.py"):
        named |= set(re.findall(r'\bicon="([a-z0-9-]+)"', source.read_text(encoding="utf-8")))
    assert named - _sprite() == set()


def test_the_sprite_is_what_the_list_of_icons_asks_for() -> None:
    listed = PACKAGE.parents[1] / "frontend" / "icons.txt"
    if not listed.exists():
        pytest.skip("the maintainer's list is not part of an installed package")
    lines = listed.read_text(encoding="utf-8").splitlines()
    assert {line.strip() for line in lines if line.strip() and not line.startswith("#")} == _sprite()


@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_a_template_has_no_inline_style_or_script(template: Path) -> None:
    source = _source(template)
    assert not re.search(r"""\sstyle\s*=\s*["'{]|<style\b""", source)
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", source)
    assert not re.search(r"""<[^>]*\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=\s*["']|javascript:""", source)
    assert not re.search(r"hx-vals='?js:|hx-trigger=\"[^\"]*\[", source), "needs eval, which the policy forbids"


@pytest.mark.parametrize("template", TEMPLATES, ids=_name)
def test_a_template_loads_nothing_from_outside(template: Path) -> None:
    assert not re.search(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""", _source(template))


def test_our_style_sheets_load_nothing_from_outside() -> None:
    for sheet in [*PACKAGE.glob("*/static/**/*.css")]:
        outside = re.findall(r"""(?:url\(|@import)\s*["']?(https?:|//)""", sheet.read_text(encoding="utf-8"))
        assert outside == [], _name(sheet)


def test_what_the_style_sheets_point_at_exists() -> None:
    for sheet in (STATIC / "headwater").glob("*.css"):
        for target in re.findall(r"url\(([^)]+)\)", sheet.read_text(encoding="utf-8")):
            assert (sheet.parent / target).exists(), target


def test_modules_import_only_files_that_exist() -> None:
    for module in (STATIC / "headwater").glob("*.js"):
        for target in re.findall(r"""(?:from|import)\s+["'](\./[^"']+)["']""", module.read_text(encoding="utf-8")):
            assert (module.parent / target).exists(), f"{module.name}: {target}"


def test_our_class_names_do_not_collide_with_those_of_tabler() -> None:
    tabler = _classes(STATIC / "vendor" / "tabler" / "tabler.min.css")
    ours = _classes(STATIC / "headwater" / "theme.css") | _classes(STATIC / "headwater" / "app.css")
    assert ours & tabler - SHARED_WITH_TABLER - SORTABLE == set()


def test_vendored_packages_carry_their_licence_and_no_source_map() -> None:
    for folder in (path for path in (STATIC / "vendor").iterdir() if path.is_dir()):
        assert (folder / "LICENSE").stat().st_size > 200, folder.name
        for asset in folder.glob("*.[cj]s*"):
            assert "sourceMappingURL" not in asset.read_text(encoding="utf-8"), asset.name


def test_a_page_that_broke_needs_no_context_and_no_database() -> None:
    with override("en"):
        page = get_template("500.html").render()
    assert "Something broke on our side" in page
    assert "Try again" in page
