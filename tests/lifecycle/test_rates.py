"""Exchange rates by command, as on the page."""

from __future__ import annotations

import json


def test_rates_are_set_brought_in_and_listed(installed, tmp_path):
    assert installed.run("rates", "add", "usd", "2026-11-02", "0.86", check=True).stdout.startswith("1 set: USD")
    file = tmp_path / "rates.csv"
    file.write_text("currency,date,rate\nGBP,2026-11-01,1.15\nUSD,2026-11-02,0.87\n", encoding="utf-8")
    assert json.loads(installed.run("rates", "import", str(file), "--json", check=True).stdout) == {"count": 2}
    listed = json.loads(installed.run("rates", "list", "--json", check=True).stdout)
    assert [(row["currency"], row["day"], row["rate"][:4]) for row in listed] == [
        ("USD", "2026-11-02", "0.87"), ("GBP", "2026-11-01", "1.15"),
    ]  # fmt: skip
    file.write_text("currency,date,rate\nGBP,2026-11-01,many\n", encoding="utf-8")
    refused = installed.run("rates", "import", str(file))
    assert refused.returncode == 1 and "line 2" in refused.stderr.lower()
