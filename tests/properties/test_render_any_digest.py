"""Any digest, in any script and of any length, becomes messages that every channel takes and that lose nothing."""

import json
from datetime import timedelta
from typing import cast

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from rich.cells import cell_len
from selectolax.lexbor import LexborHTMLParser
from support import samples
from support.slack_server import complaints

from monitor.adapters.deliver.mime import transfer
from monitor.adapters.deliver.render import HTML_MAX, PARTS_MAX, DigestRenderer
from monitor.adapters.deliver.render.words import clean, clip
from monitor.core.digestjson import digest_parts, encode
from monitor.core.digestschema import digest_schema
from monitor.core.model import (
    Carrier,
    Digest,
    DigestStory,
    FeedNews,
    FeedTrouble,
    Ownership,
    Reason,
    RuleChange,
    RuleEdit,
    Segment,
    Severity,
    StoryStatus,
    Target,
    Topic,
    TroubleKind,
)

SCRIPTS = st.sampled_from(
    [
        "Суд арестовал гражданина ",
        "西伯利亚力量2号价格公式，",
        'price <formula> & "more" ',
        "한국어 ",
        "عربي ",
        "*_~`>| ",
        "👩‍🚀",
    ]
)
TEXT = st.one_of(
    st.text(max_size=60),
    st.builds(lambda piece, times: piece * times, SCRIPTS, st.integers(0, 60)),
    st.builds(lambda piece: piece * 400, SCRIPTS),
)
LINK = st.one_of(
    st.sampled_from(
        ["", "https://primer.example/новость?a=1&b=2", "javascript:alert(1)", "https://a.example/" + "x" * 1_950]
    ),
    st.text(max_size=30),
)
LANGUAGE = st.sampled_from([None, "ru", "zh-Hans", "en", "ar", '"><b>'])
MOMENT = st.integers(-2_000, 2).map(lambda hours: samples.AT + timedelta(hours=hours))
SEGMENTS = st.lists(st.builds(Segment, TEXT, st.booleans()), max_size=6).map(tuple)
CARRIERS = st.lists(
    st.builds(
        Carrier, TEXT, TEXT, LINK, MOMENT, LANGUAGE, st.sampled_from([None, "RU", "??"]), st.sampled_from(Ownership),
        st.integers(0, 900),
    ),
    max_size=12,
).map(tuple)  # fmt: skip
EVIDENCE = st.lists(st.builds(samples.evidence, TEXT, TEXT, st.sampled_from(["title", "summary"]), TEXT), max_size=12)
REASONS = st.lists(st.builds(Reason, TEXT, TEXT, st.sampled_from(Severity), EVIDENCE.map(tuple)), max_size=8)
STORY = st.builds(
    DigestStory,
    story_id=st.integers(1, 9),
    severity=st.sampled_from(Severity),
    status=st.sampled_from(StoryStatus),
    headline=TEXT,
    link=LINK,
    language=LANGUAGE,
    gloss=st.lists(TEXT, max_size=20).map(tuple),
    snippet=SEGMENTS,
    headline_marks=SEGMENTS,
    carriers=CARRIERS,
    reasons=REASONS.map(tuple),
    changes=st.lists(st.tuples(TEXT, TEXT), max_size=6).map(tuple),
    undated=st.booleans(),
    told_at=st.one_of(st.none(), MOMENT),
    earlier=CARRIERS,
    acknowledged=st.booleans(),
    hit_ids=st.lists(st.integers(1, 9), max_size=2).map(tuple),
)
DIGEST = st.builds(
    Digest,
    spec=st.just("any"),
    title=TEXT,
    at=st.just(samples.AT),
    since=st.one_of(st.none(), MOMENT),
    timezone=st.sampled_from(["Asia/Tokyo", "America/St_Johns", "UTC"]),
    headline=TEXT,
    topics=st.lists(
        st.builds(Topic, TEXT, TEXT, st.integers(0, 9), st.integers(0, 99), st.just((0, 3, 1) * 10)), max_size=40
    ).map(tuple),
    stories=st.lists(STORY, max_size=6).map(tuple),
    coverage=st.builds(
        lambda troubles: samples.replace(
            samples.coverage(), broken=tuple(troubles), standing=((TroubleKind.BROKEN, 1_200),)
        ),
        st.lists(st.builds(FeedTrouble, TEXT, TEXT, TEXT, st.one_of(st.none(), MOMENT), st.booleans()), max_size=30),
    ),
    feed_news=st.lists(
        st.builds(
            FeedNews,
            kind=st.sampled_from(TroubleKind),
            over=st.booleans(),
            feeds=st.lists(TEXT, max_size=3).map(tuple),
            count=st.integers(1, 900),
            message=TEXT,
            host=TEXT,
            cause=TEXT,
            everywhere=st.booleans(),
            began_at=MOMENT,
            ended_at=st.one_of(st.none(), MOMENT),
            brief=st.booleans(),
        ),
        max_size=30,
    ).map(tuple),
    left_out=st.lists(st.tuples(TEXT, st.integers(0, 99)), max_size=3).map(tuple),
    notes=st.lists(TEXT, max_size=12).map(tuple),
    next_at=st.one_of(st.none(), MOMENT),
    sample=st.booleans(),
    alert=st.booleans(),
    folded=st.sampled_from([0, 0, 14]),
    held_since=st.one_of(st.none(), MOMENT),
    held_by=TEXT,
    rule_edits=st.lists(st.builds(RuleEdit, TEXT, st.sampled_from(RuleChange), MOMENT), max_size=3).map(tuple),
)  # fmt: skip
RENDERER = DigestRenderer(links=samples.LINKS)
SCHEMA = Draft7Validator(digest_schema())
any_digest = settings(
    max_examples=50,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


@any_digest
@given(DIGEST)
def test_slack_takes_every_message_and_every_headline_is_in_one(digest: Digest) -> None:
    messages = RENDERER.render(digest, Target("slack", "#x"))
    for message in messages:
        body = json.loads(json.dumps(dict(message.body)))
        body["blocks"][0]["block_id"] = "k" * 255  # as the channel adds it
        assert complaints(body) == []
    whole = json.dumps([m.body["blocks"] for m in messages], ensure_ascii=False)
    for story in digest.stories:
        assert json.dumps(clip(story.headline, 400) or "(no headline)", ensure_ascii=False)[1:-1] in whole


@any_digest
@given(DIGEST)
def test_every_email_is_light_enough_and_every_headline_is_in_one(digest: Digest) -> None:
    messages = RENDERER.render(digest, Target("email", "a@b.example"))
    headings: list[str] = []
    for message in messages:
        attachment = cast("dict[str, str]", message.body.get("attachment", {}))
        assert transfer(str(message.body["html"]))[1] <= HTML_MAX
        for html in (str(message.body["html"]), attachment.get("html", "")):
            page = LexborHTMLParser(html)
            assert page.css("script,img,iframe,object") == []
            ids = [node.attributes["id"] for node in page.css("[id]")]
            assert len(ids) == len(set(ids))
            headings += [" ".join(node.text().split()) for node in page.css(".story .head")]
    assert len(headings) >= len(digest.stories)
    assert len(messages) <= PARTS_MAX
    assert all(str(message.body["subject"]).strip() for message in messages)


@any_digest
@given(DIGEST)
def test_text_keeps_to_its_columns_and_can_be_sent(digest: Digest) -> None:
    (message,) = RENDERER.render(digest, Target("console", ""))
    text = str(message.body["text"])
    assert text.encode()
    for line in text.splitlines():
        long_word = max(line.split(), key=cell_len, default="")
        assert cell_len(line) <= 78 or cell_len(long_word) > 44, line  # beside the widest indent
    for story in digest.stories:
        told = "".join(clip(story.headline, 400).split())
        assert told in "".join(clean(text).split())


@any_digest
@given(DIGEST, st.sampled_from([2_000, 30_000, 900_000]))
def test_every_digest_is_data_as_its_schema_says_with_every_report_in_one_part(digest: Digest, limit: int) -> None:
    parts = [json.loads(encode(part)) for part in digest_parts(digest, limit)]
    for part in parts:
        assert [error.message for error in SCHEMA.iter_errors(part)] == []
    told = [one["title"] for part in parts for story in part["stories"] for one in story["reports"]]
    assert told == [carrier.title for story in digest.stories for carrier in story.carriers]
