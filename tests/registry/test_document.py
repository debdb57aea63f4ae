"""The API does what its document says: requests made up from the document, right and wrong ones, and every answer held
against it (Schemathesis). The seed is fixed, so that a failure comes again.

``schemathesis run http://127.0.0.1:8000/api/v1/openapi.json`` does the same for hours, against a server of one's own.
"""

import re

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from hypothesis import HealthCheck, Phase, given, seed, settings
from makers import AT, MAKERS

from headwater.team.actions.tokens import create_token

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="the document is the same on every database"),
]

# What all nouns have alike is tried on these; of the others what is made of their own columns and forms.
WHOLE = "leads"
OWN = re.compile(r"/api/v1/[a-z]+(/\{pk\}|/bulk)?$")
EXAMPLES = 2
CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance", "negative_data_rejection", "missing_required_header", "unsupported_method",
    "allow_header_conformance", "ignored_auth",
)  # fmt: skip


LITTLE = settings(
    max_examples=EXAMPLES,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def headers(by):
    for make in MAKERS.values():
        make(by)
    _token, secret = create_token(user_id=by.user_id, name="Test", scopes=("write",), by=by, at=AT)
    return {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}


def test_every_answer_is_one_that_the_document_names(headers):
    import schemathesis
    from schemathesis.checks import CHECKS as KNOWN
    from schemathesis.checks import load_all_checks

    load_all_checks()
    checks = [KNOWN.get_one(name) for name in CHECKS]
    refuses_what_is_wrong = KNOWN.get_one("negative_data_rejection")
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", WSGIHandler())
    tried, wrong = 0, []
    for operation in (found.ok() for found in schema.get_all_operations()):
        if not (OWN.fullmatch(operation.path) or operation.path.split("/")[3] == WHOLE or _is_of_no_noun(operation)):
            continue
        # A wrong row of many is answered in its place, the request is not refused.
        held = [check for check in checks if not (operation.path.endswith("/bulk") and check is refuses_what_is_wrong)]
        for mode in schemathesis.GenerationMode:
            for case, failures in _answered(operation.as_strategy(generation_mode=mode), held, headers):
                tried += 1
                wrong.extend(f"{case.as_curl_command()[:300]}\n  {failure}" for failure in failures)
    assert tried > 150
    assert not wrong, "\n\n".join(wrong[:10])


def _answered(cases, checks, headers):
    """Some cases, and what is wrong with the answer to each."""
    found = []

    @seed(20_261_112)
    @LITTLE
    @given(case=cases)
    def answers(case):
        answer = case.call(headers=headers)
        try:
            case.validate_response(answer, checks=checks, headers=headers)
        except* AssertionError as failures:
            found.append((case, failures.exceptions))
        else:
            found.append((case, ()))

    answers()
    return found


def _is_of_no_noun(operation):
    from headwater.platform.resource import by_slug

    return by_slug(operation.path.split("/")[3]) is None
