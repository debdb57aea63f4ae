"""Passkeys and single sign-on as a real browser does them: with a device of its own, and a provider on this machine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_pages import SETTLED, Walker

import headwater.team

sys.path.insert(0, str(Path(headwater.team.__file__).parent / "tests"))

from home_provider import SECRET, home_provider

PASSWORD = "headwater-demo"
DEVICE = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def here(loaded):
    """The loaded company under a name: browsers keep passkeys for names only."""
    base, _places = loaded
    return base.replace("127.0.0.1", "localhost")


def type_password(tab, who: str) -> None:
    tab.goto("/sign-in")
    tab.fill("[name=email]", f"{who}@kestrel.example")
    tab.fill("[name=password]", PASSWORD)
    tab.keyboard.press("Enter")


def sign_out(tab, base: str) -> None:
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.get_by_role("button", name="Sign out").first.click()
    tab.wait_for_url(f"{base}/sign-in")


def test_a_passkey_is_made_shown_instead_of_a_password_after_it_and_removed(here, tab_of):
    tab = tab_of(here, **SETTLED)
    pages = Walker(tab_of, here)
    devices = tab.context.new_cdp_session(tab)
    devices.send("WebAuthn.enable")
    device = devices.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})["authenticatorId"]
    type_password(tab, "leila")
    tab.wait_for_url(f"{here}/")
    tab.goto("/account/passkeys")
    tab.fill("[name=name]", "work laptop")
    tab.keyboard.press("Enter")
    tab.get_by_role("heading", name="Your recovery codes").wait_for()
    assert len(devices.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1
    tab.goto("/account/passkeys")
    pages.look(tab, "account-passkeys-some")

    sign_out(tab, here)
    pages.look(tab, "sign-in-with-passkey")
    tab.goto("/sign-in?next=/leads")
    tab.get_by_role("button", name="Sign in with a passkey").click()
    tab.wait_for_url(f"{here}/leads")

    sign_out(tab, here)
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    tab.get_by_role("button", name="Sign in with a passkey").click()
    tab.get_by_text("Nothing came from a passkey").wait_for(timeout=90_000)
    devices.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})

    type_password(tab, "leila")
    tab.get_by_role("button", name="Show your passkey").wait_for()
    pages.look(tab, "sign-in-second-step")
    tab.get_by_role("button", name="Show your passkey").click()
    tab.wait_for_url(f"{here}/")
    tab.goto("/account/passkeys")
    tab.get_by_role("button", name="Remove work laptop").click()
    tab.get_by_text("No passkey yet").wait_for()
    assert not pages.findings, "\n".join(pages.findings)


def test_the_owner_sets_up_single_sign_on_and_a_colleague_comes_in_through_it(here, tab_of):
    with home_provider() as home:
        home.client.back = f"{here}/sign-in/with/back"
        home.claims = {"sub": "m-1", "email": "leila@kestrel.example", "email_verified": True}
        owner = tab_of(here, "erik", **SETTLED)
        owner.goto("/settings/single-sign-on")
        owner.check("[name=is_on]")
        for name, value in (
            ("name", "Kestrel ID"),
            ("issuer", home.issuer),
            ("client_id", "headwater"),
            ("secret", SECRET),
        ):
            owner.fill(f"[name={name}]", value)
        owner.get_by_role("button", name="Save").click()
        owner.get_by_text("Single sign-on is saved").wait_for()
        tab, pages = tab_of(here, **SETTLED), Walker(tab_of, here)
        tab.goto("/sign-in?next=/leads")
        pages.look(tab, "sign-in-with-provider")
        tab.get_by_role("link", name="Sign in with Kestrel ID").click()
        tab.wait_for_url(f"{here}/leads")
        sign_out(tab, here)
        home.claims = {"sub": "x", "email": "stranger@elsewhere.example", "email_verified": True}
        tab.get_by_role("link", name="Sign in with Kestrel ID").click()
        tab.get_by_text("You have no account here").wait_for()
        pages.look(tab, "sign-in-refused")
        owner.uncheck("[name=is_on]")
        owner.get_by_role("button", name="Save").click()
        owner.get_by_text("Single sign-on is saved").first.wait_for()
        assert not pages.findings, "\n".join(pages.findings)
