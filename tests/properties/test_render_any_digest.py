"""Any digest, in any script and of any length, becomes messages that every channel takes and that lose nothing."""

import json
from typing import cast

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from rich.cells import cell_len
from selectolax.lexbor import LexborHTMLParser
from support import samples
from support.any_digest import DIGEST, any_digest

from monitor.adapters.deliver.mime import transfer
from monitor.adapters.deliver.render import HTML_MAX, PARTS_MAX, DigestRenderer
from monitor.adapters.deliver.render.words import clean, clip
from monitor.core.digestjson import digest_parts, encode
from monitor.core.digestschema import digest_schema
from monitor.core.model import Digest, Target

RENDERER = DigestRenderer(links=samples.LINKS)
SCHEMA = Draft7Validator(digest_schema())


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
