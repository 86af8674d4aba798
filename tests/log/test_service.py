"""What an error of a bucket says: one line, without secrets, from which a person learns the reason."""

from __future__ import annotations

import pytest

from timeline.log.service import said_by


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("Client error: 403", "Client error: 403"),
        ("failed\n  at\tonce", "failed at once"),
        ("Error at http://host/a?sig=abc&x=1): no", "Error at http://host/a): no"),
        (
            "Status 404: <Error><Code>NoSuchBucket</Code><Message> gone </Message></Error>\n\nDebug source",
            "Status 404: NoSuchBucket, gone",
        ),
        ("Status 409 <Code>Conflict</Code>", "Status 409: Conflict"),
        ("short\n\nDebug source: of no use\n\nDebug source: twice", "short"),
        ("x" * 500, "x" * 500),
        ("x" * 501, "x" * 499 + "…"),
    ],
)
def test_an_error_is_one_line_of_500_characters_at_most(error: str, said: str) -> None:
    assert said_by(RuntimeError(error)) == said


def test_no_error_repeats_a_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("AZURE_STORAGE_SAS_KEY", "abcd")
    # Too short to be one, and found in any text.
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    error = RuntimeError("key hunter2 of abcd in eu-west-1 has a fault")
    assert said_by(error) == "key … of … in eu-west-1 has a fault"
