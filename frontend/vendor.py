"""Copy the third-party assets that Headwater ships or tests with. For maintainers; needs Node, npm, fonttools, brotli.

Run ``python frontend/vendor.py`` after changing ``package.json`` (a new version) or ``icons.txt`` (a new
icon), look at the diff, and commit the result. With ``--icons`` only the icon sprite is built again.
Nobody else needs Node: what this writes is part of the repository, and what pages load also of the wheel.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGES = HERE / "node_modules"
VENDOR = HERE.parent / "src" / "headwater" / "web" / "static" / "vendor"
TESTS = HERE.parent / "tests" / "browser" / "vendor"

# folder -> package, what is taken (from -> to), where its licence is, what it is.
Assets = dict[str, tuple[str, dict[str, str], Path, str]]
ASSETS: Assets = {
    "tabler": (
        "@tabler/core",
        {"dist/css/tabler.min.css": "tabler.min.css", "dist/css/tabler.rtl.min.css": "tabler.rtl.min.css"},
        HERE / "licences" / "tabler.txt",  # the package does not carry the file
        "style sheet only, source-map line removed",
    ),
    "tabler-icons": (
        "@tabler/icons",
        {},
        PACKAGES / "@tabler/icons" / "LICENSE",
        "the outline icons of icons.txt, as one sprite",
    ),
    "inter": (
        "@fontsource-variable/inter",
        {
            "files/inter-latin-wght-normal.woff2": "inter-latin-wght-normal.woff2",
            "files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext-wght-normal.woff2",
        },
        PACKAGES / "@fontsource-variable/inter" / "LICENSE",
        "latin and latin-ext, weight axis; the letters of Europe from latin-ext once more in a small file",
    ),
    "htmx": (
        "htmx.org",
        {"dist/htmx.min.js": "htmx.min.js"},
        PACKAGES / "htmx.org" / "LICENSE",
        "minified build",
    ),
    "sortable": (
        "sortablejs",
        {"Sortable.min.js": "Sortable.min.js"},
        PACKAGES / "sortablejs" / "LICENSE",
        "minified build",
    ),
}
# What the languages of Europe write beyond Latin 1: one Turkish or Polish name costs 15 kB, not all of latin-ext.
EUROPEAN = "U+0100-017F,U+0218-021B,U+1E9E"
# What only the tests load: never in the wheel.
TEST_ASSETS: Assets = {
    "axe": (
        "axe-core",
        {"axe.min.js": "axe.min.js", "LICENSE-3RD-PARTY.txt": "LICENSE-3RD-PARTY.txt"},
        PACKAGES / "axe-core" / "LICENSE",
        "accessibility checks of every page, unchanged",
    ),
}


def install() -> None:
    """Fetch exactly the locked packages, running none of their scripts."""
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE, check=True)


def icon_names() -> list[str]:
    """The icons that ``icons.txt`` asks for, sorted and once each."""
    lines = (HERE / "icons.txt").read_text(encoding="utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def sprite() -> str:
    """One SVG with a symbol ``i-NAME`` per icon; stroke and size come from the style sheet."""
    symbols = []
    for name in icon_names():
        svg = (PACKAGES / "@tabler/icons/icons/outline" / f"{name}.svg").read_text(encoding="utf-8")
        shapes = [
            re.sub(r"\s+", " ", shape)
            for shape in re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", svg)
            if 'd="M0 0h24v24H0z"' not in shape
        ]
        symbols.append(f'<symbol id="i-{name}" viewBox="0 0 24 24">{"".join(shapes)}</symbol>')
    body = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg"><defs>\n{body}\n</defs></svg>\n'


def copy_assets(assets: Assets, vendor: Path) -> None:
    """Empty a vendor folder and fill it again, each package beside its licence."""
    shutil.rmtree(vendor, ignore_errors=True)
    rows = ["| Folder | Package | Version | Licence | What |", "|---|---|---|---|---|"]
    for folder, (package, files, licence, note) in assets.items():
        target = vendor / folder
        target.mkdir(parents=True)
        shutil.copyfile(licence, target / "LICENSE")
        for source, name in files.items():
            text_file = name.endswith((".css", ".js"))
            if text_file:  # browsers would ask for maps that are not shipped
                text = (PACKAGES / package / source).read_text(encoding="utf-8")
                text = re.sub(r"\n?/[/*]# sourceMappingURL=[^\n]*", "", text)
                (target / name).write_text(text.rstrip() + "\n", encoding="utf-8")
            else:
                shutil.copyfile(PACKAGES / package / source, target / name)
        facts = json.loads((PACKAGES / package / "package.json").read_text(encoding="utf-8"))
        rows.append(f"| {folder} | {package} | {facts['version']} | {facts['license']} | {note} |")
    intro = "# Third-party assets\n\nWritten by `frontend/vendor.py`; do not edit by hand.\n\n"
    (vendor / "VERSIONS.md").write_text(intro + "\n".join(rows) + "\n", encoding="utf-8")


def cut_font() -> None:
    """Write the letters of Europe into a file of their own."""
    from fontTools.subset import main as subset

    inter = VENDOR / "inter"
    subset(
        [
            str(inter / "inter-latin-ext-wght-normal.woff2"), f"--unicodes={EUROPEAN}", "--flavor=woff2",
            f"--output-file={inter / 'inter-european-wght-normal.woff2'}",
        ]
    )  # fmt: skip


def main() -> None:
    """Bring the vendor folders up to date with ``package.json`` and ``icons.txt``."""
    if "--icons" not in sys.argv[1:]:
        install()
        copy_assets(ASSETS, VENDOR)
        cut_font()
        copy_assets(TEST_ASSETS, TESTS)
    (VENDOR / "tabler-icons" / "sprite.svg").write_text(sprite(), encoding="utf-8")
    print(f"{VENDOR}: {len(icon_names())} icons, {sum(f.stat().st_size for f in VENDOR.rglob('*.*'))} bytes")


if __name__ == "__main__":
    main()
