"""How many messages a digest becomes, and that none of them drops anything."""

import json
from dataclasses import replace

import pytest
from support import samples
from support.seen import EMAIL, FILE, SLACK, seen, slack_text

from monitor.adapters.deliver.mime import transfer
from monitor.adapters.deliver.render import HTML_MAX, DigestRenderer, render_html, render_text
from monitor.core.model import Message

# --- several messages -------------------------------------------------------------------------------------


def test_a_usual_digest_is_one_email_and_one_slack_message() -> None:
    assert len(DigestRenderer().render(samples.digest(), EMAIL)) == 1
    assert len(DigestRenderer().render(samples.digest(), SLACK)) == 1


@pytest.mark.parametrize("stories", [20, 60, 300])
def test_a_flood_becomes_few_emails_each_light_enough(stories: int) -> None:
    messages = DigestRenderer().render(samples.flood(stories), EMAIL)
    assert len(messages) == (3 if stories == 20 else 1)
    assert [transfer(str(m.body["html"]))[1] for m in messages if transfer(str(m.body["html"]))[1] > HTML_MAX] == []


def everything(message: Message, form: str) -> str:
    """A part of an email, with what is attached."""
    attachment = message.body.get("attachment", {})
    assert isinstance(attachment, dict)
    return str(message.body[form]) + str(attachment.get(form, ""))


@pytest.mark.parametrize("body", ["html", "text"])
@pytest.mark.parametrize(("stories", "carriers"), [(20, 12), (60, 12), (1, 700), (3, 300), (1, 3_000)])
def test_no_story_and_no_report_is_dropped_from_email(body: str, stories: int, carriers: int) -> None:
    messages = DigestRenderer().render(samples.flood(stories, carriers), EMAIL)
    whole = "\n".join(everything(message, body) for message in messages)
    missing = [
        f"https://primer.example/{n}/{m}"
        for n in range(1, stories + 1)
        for m in range(carriers)
        if f"primer.example/{n}/{m}\n" not in whole and f'primer.example/{n}/{m}"' not in whole
    ]
    assert missing == []
    assert [n for n in range(1, stories + 1) if f"Новость номер {n} " not in whole.replace("</mark>", "")] == []


@pytest.mark.parametrize(("stories", "carriers"), [(60, 12), (300, 3), (1, 3_000)])
def test_what_would_be_more_than_three_emails_is_one_with_the_whole_attached(stories: int, carriers: int) -> None:
    flood = samples.flood(stories, carriers)
    (message,) = DigestRenderer().render(flood, EMAIL)
    attachment = message.body["attachment"]
    assert isinstance(attachment, dict)
    assert attachment == {"name": "morning-20261123-2300Z.html", "html": render_html(flood)}
    assert message.body["text"] == render_text(flood), "the text part is whole, too"
    html = str(message.body["html"])
    told = "1 story" if stories == 1 else f"{stories} stories"
    assert f"all of it ({told}) is in the attached file morning-20261123-2300Z.html" in html
    assert "Continued in the attached file" in html
    assert "What was watched" in html
    assert "Новость номер 1 " in html
    assert "(1/" not in str(message.body["subject"])


def test_parts_say_which_they_are_and_only_the_last_has_the_foot() -> None:
    messages = DigestRenderer().render(samples.flood(20), EMAIL)
    total = len(messages)
    assert total == 3
    for number, message in enumerate(messages, 1):
        assert f"({number}/{total})" in str(message.body["subject"])
        for form in ("html", "text"):
            body = str(message.body[form])
            assert f"part {number} of {total}" in body
            assert ("What was watched" in body) is (number == total)
            assert (f"Continued in part {number + 1} of {total}" in body) is (number < total)


def test_slack_counts_what_it_does_not_show() -> None:
    text = slack_text(samples.flood(1, 40))
    assert "and 35 more: Пример-1-5, Пример-1-6" in text


def test_parts_of_a_sample_all_say_so() -> None:
    flood = replace(samples.flood(), sample=True)
    for target in (EMAIL, SLACK):
        for message in DigestRenderer().render(flood, target):
            assert "invented" in json.dumps(dict(message.body))


def test_a_file_gets_all_forms_whole() -> None:
    (message,) = DigestRenderer().render(samples.flood(), FILE)
    assert set(message.body) == {"subject", "text", "html", "slack", "digest"}
    assert "Новость номер 60 " in str(message.body["html"]).replace("</mark>", "")


def test_messages_can_be_stored_as_json() -> None:
    for target in (EMAIL, SLACK, FILE):
        for message in DigestRenderer().render(samples.digest(), target):
            assert json.loads(json.dumps(message.body)) == message.body


def test_rendering_twice_gives_the_same() -> None:
    for target in (EMAIL, SLACK, FILE):
        assert DigestRenderer().render(samples.digest(), target) == DigestRenderer().render(samples.digest(), target)


# --- a flood ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["html", "text"])
def test_a_flood_is_told_in_brief_after_the_gravest_and_then_counted(form: str) -> None:
    text = seen(form, samples.flood(1_000, 3))
    assert "1,000 stories from 3,000 reports" in text
    assert "Новость номер 60 " in text
    assert "Новость номер 300 " in text
    assert "Новость номер 301 " not in text
    assert "700 stories beyond the first 300" in text


def test_a_flood_of_ten_thousand_gives_few_messages() -> None:
    flood = samples.flood(10_000, 1)
    assert len(DigestRenderer().render(flood, EMAIL)) <= 3
    assert len(DigestRenderer().render(flood, SLACK)) <= 6
