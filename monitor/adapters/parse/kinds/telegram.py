"""The public page of a Telegram channel (`t.me/s/NAME`) → entries, one a message. Pure.

The page shows the last 20 messages or so, oldest first; the entries come newest first, as in a feed. Its markup is not
documented; the classes here are those of the page's own style sheet.
"""

import re

from resiliparse.parse.html import ElementNode

from monitor.adapters.parse.document import hindrance
from monitor.adapters.parse.entries import Document, Entry, Markup
from monitor.adapters.parse.pages.tree import attribute, line_of, selected, title_of, tree_of
from monitor.adapters.parse.text.plain import html_to_text
from monitor.errors import ParseError

_POST = re.compile(r"[A-Za-z0-9_]{1,64}/\d{1,12}")
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s|(?<=[。！？])")
_ONE_TITLE = 160
_MEDIA = (
    (".tgme_widget_message_video_player, .tgme_widget_message_roundvideo", "[video]"),
    (".tgme_widget_message_photo_wrap", "[photo]"),
    (".tgme_widget_message_voice", "[voice message]"),
    (".tgme_widget_message_document", "[file]"),
    (".tgme_widget_message_poll", "[poll]"),
    (".tgme_widget_message_sticker_wrap, .tgme_widget_message_sticker", "[sticker]"),
)


def read_telegram(text: str) -> Document:
    """Raises ParseError where the page is not that of a channel, and says why as far as it can be told."""
    tree = tree_of(text)
    messages = [
        node for node in selected(tree.body, ".tgme_widget_message") if _POST.fullmatch(attribute(node, "data-post"))
    ]
    channel = line_of(next(iter(selected(tree.body, ".tgme_channel_info_header_title")), None))
    if not messages:
        raise _nothing(text, title_of(tree), channel)
    entries = [_entry(node) for node in messages if "service_message" not in (node.class_name or "")]
    return Document(
        entries=tuple(entry for entry in reversed(entries) if entry),
        title=channel or title_of(tree).removesuffix(" – Telegram"),
    )


def _entry(message: ElementNode) -> Entry | None:
    """A message; None when there is nothing in it to read or to see."""
    said = _text(message)
    poll = line_of(next(iter(selected(message, ".tgme_widget_message_poll_question")), None))
    media = [word for selector, word in _MEDIA if selected(message, selector)]
    words = said or poll or " ".join(media)
    forwarded = line_of(next(iter(selected(message, ".tgme_widget_message_forwarded_from_name")), None))
    preview = _preview(message)
    title = _title(words) or (preview.partition("\n")[0])
    if not title:
        return None
    first = f"Forwarded from {forwarded}" if forwarded else ""
    rest = [first, words if words != title else "", preview, *_links(message)]
    when = next(iter(selected(message, ".tgme_widget_message_date time, time[datetime]")), None)
    post = f"https://t.me/{attribute(message, 'data-post')}"
    return Entry(
        title=title,
        summary=Markup("\n".join(filter(None, rest)), is_html=False),
        link=post,
        guid=post,
        author=line_of(next(iter(selected(message, ".tgme_widget_message_from_author")), None)),
        dates=(attribute(when, "datetime"),),
    )


def _text(message: ElementNode) -> str:
    """What the message says itself: not what it answers to, nor what is repeated for the reader."""
    blocks = (
        node
        for node in selected(message, ".js-message_text, .tgme_widget_message_text")
        if "js-message_reply_text" not in (node.class_name or "")
        and node.closest(".tgme_widget_message_reply, .tgme_widget_message_link_preview") is None
    )
    return "\n".join(dict.fromkeys(filter(None, (html_to_text(node.html) for node in blocks))))


def _title(text: str) -> str:
    """The first line, and of a long one the first sentence, cut at a word where that is long, too."""
    line = text.partition("\n")[0].strip()
    if len(line) > _ONE_TITLE:
        line = _SENTENCE.split(line, maxsplit=1)[0]
    if len(line) > _ONE_TITLE:
        line = line[:_ONE_TITLE].rpartition(" ")[0] or line[:_ONE_TITLE]
        line = f"{line.rstrip(' ,;:–-')}…"
    return line


def _preview(message: ElementNode) -> str:
    """Title and description of the page that the message links to."""
    parts = (".link_preview_title", ".link_preview_description")
    return "\n".join(filter(None, (line_of(next(iter(selected(message, one)), None)) for one in parts)))


def _links(message: ElementNode) -> list[str]:
    """Addresses outside Telegram that stand behind words of the text."""
    found = (attribute(node, "href") for node in selected(message, ".tgme_widget_message_text a[href]"))
    return list(dict.fromkeys(one for one in found if one.startswith("http") and "//t.me/" not in one))[:20]


def _nothing(text: str, title: str, channel: str) -> ParseError:
    if channel:
        return ParseError("the channel's page shows no message: the channel is empty, or its page changed its layout")
    if "tgme_page" in text:
        # A name that nobody has, a person, a group, a private channel: t.me sends all of them to the same kind of page.
        return ParseError(
            "this name has no public page of messages: it is no channel, or a private one, or was closed or restricted"
        )
    if reason := hindrance(text, title):
        return ParseError(f"no page of a Telegram channel: {reason}")
    return ParseError("no page of a Telegram channel: give the channel's name, such as telegram: durov")
