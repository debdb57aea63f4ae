"""Addresses of lists that differ in one condition are those the list gives one by one."""

import pytest

from headwater.platform.actor import job_actor
from headwater.platform.resource import by_slug
from headwater.web.liststate import ListState, state_of

VALUES = ("NEW", "", "WORKING,NEW", "a b&c=d?é", "me", "any-value")
ACTOR = job_actor("addresses")


def _state(**params: str) -> ListState:
    resource = by_slug("leads")
    assert resource is not None
    return state_of(resource, params, "/leads", ACTOR)


@pytest.mark.parametrize("key", ["stage", "owner"])
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"q": "stage=any-value", "stage": "MQL", "sort": "-arrived_at"},
        {"backstage": "1", "campaign__empty": "true", "interest": "any-value"},
        {"view": "mine", "title__contains": "&stage=any-value"},
    ],
)
def test_addresses_for_many_values_are_those_for_each(key: str, params: dict[str, str]) -> None:
    state, none = _state(**params), f"{key}__empty"
    assert list(state.urls(key, VALUES, **{none: ""})) == [state.url(**{key: value, none: ""}) for value in VALUES]
