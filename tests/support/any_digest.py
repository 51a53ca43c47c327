"""Any digest: stories, scripts and lengths as Hypothesis invents them, hostile text among them."""

from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from support import samples

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
        "<!channel> <@U012AB3CD> <#C012AB3CD> <https://evil.example|here> @here #general ",
        "```code``` `x` *b* _i_ ~s~ :smile: &amp; &lt;!here&gt; ",
        "שלום \u202e\u2066\x00\x1b[1m\u200f ",
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
    told_severity=st.one_of(st.none(), st.sampled_from(Severity)),
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
    stories=st.one_of(st.lists(STORY, max_size=6), st.lists(STORY, min_size=1, max_size=1)).map(tuple),
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
    thread=st.sampled_from(["", "any/7"]),
    rule_edits=st.lists(st.builds(RuleEdit, TEXT, st.sampled_from(RuleChange), MOMENT), max_size=3).map(tuple),
)  # fmt: skip
any_digest = settings(
    max_examples=50,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
