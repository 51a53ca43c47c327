"""Webhooks and Apprise's services in the environment: pairs, names, and complaints that quote no secret."""

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.adapters.config import load_settings, obstacle
from monitor.adapters.config.values import ComplaintError, target
from monitor.core.model import Target
from monitor.errors import ConfigError

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OLDER = "whsec_" + base64.b64encode(bytes(range(24))).decode()
HOOK = {"MONITOR_WEBHOOK_MY_DESK": "https://tools.example/in/hidden", "MONITOR_WEBHOOK_MY_DESK_SECRET": SECRET}


def complaints(environ: Mapping[str, str]) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    return str(caught.value)


def test_a_webhook_is_an_address_with_its_secret() -> None:
    settings = load_settings(HOOK)
    hook = settings.webhooks["my_desk"]
    assert hook.url.reveal() == "https://tools.example/in/hidden"
    assert [one.reveal() for one in hook.secrets] == [SECRET]
    assert obstacle(settings, Target("webhook", "my-desk")) is None
    assert "hidden" not in repr(settings)
    assert SECRET[6:] not in repr(settings)


def test_an_old_secret_may_stand_beside_the_new_one() -> None:
    hook = load_settings({**HOOK, "MONITOR_WEBHOOK_MY_DESK_SECRET": f"{SECRET} {OLDER}"}).webhooks["my_desk"]
    assert [one.reveal() for one in hook.secrets] == [SECRET, OLDER]


def test_both_may_stand_in_files(tmp_path: Path) -> None:
    environ = {}
    for name, value in HOOK.items():
        (tmp_path / name).write_text(value + "\n")
        environ[f"{name}_FILE"] = str(tmp_path / name)
    assert load_settings(environ).webhooks == load_settings(HOOK).webhooks


def test_a_service_is_an_address_of_apprises() -> None:
    settings = load_settings({"MONITOR_APPRISE_PHONES": "tgram://123456789:hidden/42"})
    assert settings.apprise["phones"].reveal() == "tgram://123456789:hidden/42"
    assert obstacle(settings, Target("apprise", "phones")) is None
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"MONITOR_WEBHOOK_X": "https://a.example/hidden"}, "MONITOR_WEBHOOK_X_SECRET: is missing"),
        ({"MONITOR_WEBHOOK_X_SECRET": SECRET}, "MONITOR_WEBHOOK_X: is missing"),
        ({"MONITOR_WEBHOOK_X": "hidden", "MONITOR_WEBHOOK_X_SECRET": SECRET}, "MONITOR_WEBHOOK_X: is no web address"),
        ({**HOOK, "MONITOR_WEBHOOK_MY_DESK_SECRET": "hidden"}, "is not whsec_ and 24 to 64 bytes"),
        ({**HOOK, "MONITOR_WEBHOOK_MY_DESK_SECRET": "whsec_aGlkZGVu"}, "is not whsec_ and 24 to 64 bytes"),
        ({**HOOK, "MONITOR_WEBHOOK_MY_DESK_SECRET": SECRET[6:]}, "openssl rand"),
        ({"MONITOR_WEBHOOK": "https://a.example/hidden"}, "MONITOR_WEBHOOK: lacks a name"),
        ({"MONITOR_APPRISE": "json://hidden"}, "MONITOR_APPRISE: lacks a name"),
        ({"MONITOR_APPRISE_X": "hidden"}, "MONITOR_APPRISE_X: is no address of Apprise's"),
        ({"MONITOR_APPRISE_X": "json://hi dden hidden"}, "MONITOR_APPRISE_X: is no address of Apprise's"),
    ],
)
def test_what_is_amiss_is_named_and_never_quoted(environ: Mapping[str, str], said: str) -> None:
    found = complaints(environ)
    assert said in found
    assert "hidden" not in found
    assert SECRET[6:] not in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("webhook:desk", Target("webhook", "desk")),
        ("apprise: my-phones", Target("apprise", "my-phones")),
        ("atom:out/hits.xml", Target("atom", "out/hits.xml")),
    ],
)
def test_targets_name_them(text: str, expected: Target) -> None:
    assert target(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("webhook:", "lacks its name"),
        ("apprise:", "lacks its name"),
        ("atom:", "lacks its file"),
        ("webhook:https://a.example/x", "MONITOR_WEBHOOK_NAME"),
        ("apprise:tgram://bot/42", "MONITOR_APPRISE_NAME"),
        ("webhok:desk", "did you mean 'webhook'"),
    ],
)
def test_a_target_that_is_none_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ComplaintError) as caught:
        target(text)
    assert said in f"{caught.value} {caught.value.hint}"
