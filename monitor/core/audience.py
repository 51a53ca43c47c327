"""What makes a valid digest tell nothing, or not what its author means: slips in what it takes.

Values that no feed has, selectors that leave nothing. Of what takes what, see routes.py.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from monitor.core.model import DigestSpec, FeedSpec, Item, RuleInfo
from monitor.core.routes import selects, split_selector, told_at_once, urgent, wants
from monitor.core.suggest import suggestion


def absent_sources(spec: DigestSpec, feeds: Sequence[FeedSpec]) -> Iterator[tuple[int, str]]:
    """Entries of `sources:` that name a feed or a tag that is not there: their positions, and what to say of them."""
    ids = {name for feed in feeds for name in (feed.id, feed.made_from) if name}
    tags = {tag for feed in feeds for tag in feed.tags}
    for position, selector in enumerate(spec.sources):
        _, body = split_selector(selector)
        field, colon, value = body.partition(":")
        if not colon and body not in ids:
            tagged = f": for the tag write 'tag:{body}'" if body in tags else suggestion(body, ids)
            yield position, f"there is no feed {body!r}{tagged}"
        elif field == "tag" and value not in tags:
            yield position, f"no feed has the tag {value!r}{suggestion(value, tags)}"


def doubts(spec: DigestSpec, rules: Collection[RuleInfo], feeds: Sequence[FeedSpec]) -> Iterator[str]:
    """What is hardly meant, as sentences that begin with the digest. `rules`: those that are not off."""
    taken = [rule for rule in rules if selects(spec, rule)]
    if rules and not taken and spec.also:
        yield f"digest {spec.id}: `at_once` takes none of the rules that the digest tells of"
    elif rules and not taken:
        yield f"digest {spec.id}: it takes no rule that is on, so it has nothing to tell"
    if taken and all(told_at_once(spec, rule) for rule in taken):
        yield f"digest {spec.id}: `at_once` takes all of its rules, so that little is left for the digest itself"
    if spec.quiet_unless and taken and not any(urgent(spec, rule) for rule in taken):
        yield f"digest {spec.id}: `quiet_unless` takes none of the rules that are told at once"
    enabled = [feed for feed in feeds if feed.enabled]
    if not enabled or spec.also:  # what it tells at once has the same audience
        return
    for key, values in (("countries", spec.countries), ("languages", spec.languages)):
        if key == "languages" and not all(feed.language for feed in enabled):
            continue  # items may have one of their own
        for value in values:
            _, body = split_selector(value)
            bare = replace(spec, languages=(), countries=(), sources=())
            only = replace(bare, countries=(body,)) if key == "countries" else replace(bare, languages=(body,))
            if not any(wants(only, _item(feed), feed) for feed in enabled):
                yield f"digest {spec.id}: no feed that is read has the {_ONE[key]} {body!r}"
    if spec.sources and not any(wants(replace(spec, languages=()), _item(feed), feed) for feed in enabled):
        yield f"digest {spec.id}: no feed that is read is among its sources and countries"


_ONE = {"countries": "country", "languages": "language"}


def _item(feed: FeedSpec) -> Item:
    return Item(feed=feed.id, key="", title="", link="")
