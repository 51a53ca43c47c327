"""The steps by which a database comes to its present form, applied in order by sqlite-utils.

A step that was released is never edited: a change is a new step at the end, and schema.sql shows the sum of all.
Each step runs in one transaction with the record that it ran.
"""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("monitor")


def all_steps() -> frozenset[str]:
    """The names of every step this version knows: to an empty database all of them are still to come."""
    with Database(memory=True, execute_plugins=False) as empty:
        return frozenset(step.name for step in MIGRATIONS.pending(empty))


@MIGRATIONS()
def m001_foundation(db: Database) -> None:
    """Feeds, items, hits, digests and the outbox."""
    db.executescript(_FOUNDATION)


@MIGRATIONS()
def m002_marks(db: Database) -> None:
    """What people say of hits."""
    db.executescript(_MARKS)


@MIGRATIONS()
def m003_sources(db: Database) -> None:
    """What is learnt of sources: moves, habits, troubles."""
    db.executescript(_SOURCES)


@MIGRATIONS()
def m004_due(db: Database) -> None:
    """What is due is found in the index alone, without a look at each feed."""
    db.executescript(_DUE)


@MIGRATIONS()
def m005_holds(db: Database) -> None:
    """Hosts that asked to be left alone."""
    db.executescript(_HOLDS)


@MIGRATIONS()
def m006_telling(db: Database) -> None:
    """Alerts by story and how grave they were, people's word, editions of rules, what was left out and counted."""
    db.executescript(_TELLING)


_TELLING = """
CREATE TABLE tellings (
    digest TEXT NOT NULL,
    story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    repeats INTEGER NOT NULL,
    PRIMARY KEY (digest, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tellings_by_story ON tellings (story_id);
-- 5, as often as a story comes again: what was told before this version is old, should repeat_after be set later.
INSERT INTO tellings (digest, story_id, first_at, last_at, repeats)
SELECT t.digest, h.story_id, min(t.at), max(t.at), 5 FROM told AS t JOIN hits AS h ON h.id = t.hit_id
GROUP BY t.digest, h.story_id;

CREATE TABLE silences (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('story', 'rule', 'source', 'entity')),
    what TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX silences_by_end ON silences (until);

CREATE TABLE acks (
    story_id INTEGER PRIMARY KEY REFERENCES stories (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

CREATE TABLE rule_editions (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX rule_editions_by_rule ON rule_editions (rule, id);
CREATE INDEX rule_editions_by_time ON rule_editions (at);

CREATE TABLE unsubscribed (
    digest TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (digest, channel, address)
) STRICT, WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN gravest TEXT;
ALTER TABLE left_out ADD COLUMN counted_at TEXT;
CREATE INDEX left_out_uncounted ON left_out (digest) WHERE counted_at IS NULL;

ALTER TABLE deliveries ADD COLUMN thread TEXT NOT NULL DEFAULT '';
ALTER TABLE deliveries ADD COLUMN fault TEXT NOT NULL DEFAULT '';
CREATE INDEX deliveries_by_thread ON deliveries (thread, channel, address) WHERE thread <> '';
"""

_HOLDS = """
CREATE TABLE holds (
    host TEXT PRIMARY KEY,
    until TEXT NOT NULL,
    times INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

_DUE = """
DROP INDEX feeds_by_due;
CREATE INDEX feeds_by_due ON feeds (next_poll_at, id, last_poll_at) WHERE gone = 0;
"""

_SOURCES = """
ALTER TABLE feeds ADD COLUMN host TEXT NOT NULL DEFAULT '';
ALTER TABLE feeds ADD COLUMN failing_since TEXT;
ALTER TABLE feeds ADD COLUMN moved_to TEXT NOT NULL DEFAULT '';
ALTER TABLE feeds ADD COLUMN moved_polls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN moved_since TEXT;
ALTER TABLE feeds ADD COLUMN habits TEXT NOT NULL DEFAULT '{}';
ALTER TABLE feeds ADD COLUMN troubles TEXT NOT NULL DEFAULT '[]';
CREATE INDEX feeds_by_due ON feeds (next_poll_at) WHERE gone = 0;
CREATE INDEX feeds_by_host ON feeds (host);
CREATE INDEX polls_with_news ON polls (feed, at, new) WHERE new > 0;

CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    began_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;
CREATE INDEX notices_by_start ON notices (began_at);
CREATE INDEX notices_by_end ON notices (ended_at);

ALTER TABLE items ADD COLUMN title_mark INTEGER;
ALTER TABLE items ADD COLUMN link_mark INTEGER;
CREATE INDEX items_by_title ON items (title_mark) WHERE title_mark IS NOT NULL;
CREATE INDEX items_by_link ON items (link_mark) WHERE link_mark IS NOT NULL;
"""

_MARKS = """
CREATE TABLE marks (
    hit_id INTEGER PRIMARY KEY REFERENCES hits (id) ON DELETE CASCADE,
    verdict TEXT NOT NULL CHECK (verdict IN ('relevant', 'noise')),
    why TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
"""

_FOUNDATION = """
CREATE TABLE feeds (
    id TEXT PRIMARY KEY,
    configured_url TEXT NOT NULL,
    url TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    body_hash TEXT,
    next_poll_at TEXT,
    first_success_at TEXT,
    last_poll_at TEXT,
    last_success_at TEXT,
    last_item_at TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    title TEXT NOT NULL DEFAULT '',
    registered_at TEXT NOT NULL
) STRICT;

CREATE TABLE polls (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    feed TEXT NOT NULL,
    outcome TEXT NOT NULL,
    new INTEGER NOT NULL,
    edited INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;
CREATE INDEX polls_by_time ON polls (at);

CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    key TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    title TEXT NOT NULL,
    link TEXT NOT NULL,
    guid TEXT NOT NULL,
    author TEXT NOT NULL,
    language TEXT,
    published TEXT,
    seen_at TEXT NOT NULL,
    edited_at TEXT,
    categories TEXT NOT NULL,
    dated_at TEXT NOT NULL GENERATED ALWAYS AS
        (CASE WHEN published IS NULL OR published > seen_at THEN seen_at ELSE published END) VIRTUAL,
    summary TEXT NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (feed, key)
) STRICT;
CREATE INDEX items_by_date ON items (dated_at);

CREATE TABLE sightings (
    item_id INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    last_seen_at TEXT NOT NULL
) STRICT;

CREATE TABLE editions (
    id INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    replaced_at TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    content TEXT NOT NULL
) STRICT;
CREATE INDEX editions_by_item ON editions (item_id);

CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL
) STRICT;
CREATE INDEX stories_by_time ON stories (last_at);

CREATE TABLE story_keys (
    key TEXT NOT NULL,
    story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    PRIMARY KEY (key, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_keys_by_story ON story_keys (story_id);

CREATE TABLE hits (
    id INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    story_id INTEGER NOT NULL REFERENCES stories (id),
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    score REAL NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL,
    edited INTEGER NOT NULL CHECK (edited IN (0, 1)),
    gloss TEXT NOT NULL,
    evidence TEXT NOT NULL,
    UNIQUE (item_id, rule)
) STRICT;
CREATE INDEX hits_by_rule ON hits (rule, at);
CREATE INDEX hits_by_time ON hits (at);
CREATE INDEX hits_by_story ON hits (story_id);

CREATE TABLE desks (
    digest TEXT PRIMARY KEY,
    started_at TEXT NOT NULL
) STRICT;

CREATE TABLE waiting (
    digest TEXT NOT NULL,
    hit_id INTEGER NOT NULL REFERENCES hits (id),
    since TEXT NOT NULL,
    PRIMARY KEY (digest, hit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_by_hit ON waiting (hit_id);

CREATE TABLE left_out (
    digest TEXT NOT NULL,
    hit_id INTEGER NOT NULL REFERENCES hits (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (digest, hit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX left_out_by_hit ON left_out (hit_id);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    at TEXT NOT NULL,
    since TEXT,
    headline TEXT NOT NULL,
    stories INTEGER NOT NULL,
    hits INTEGER NOT NULL
) STRICT;
CREATE INDEX runs_by_digest ON runs (digest, at);

CREATE TABLE told (
    digest TEXT NOT NULL,
    hit_id INTEGER NOT NULL REFERENCES hits (id) ON DELETE CASCADE,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL,
    PRIMARY KEY (digest, hit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_hit ON told (hit_id);
CREATE INDEX told_by_run ON told (run_id);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;

CREATE TABLE deliveries (
    key TEXT PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    digest TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    part INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'parked')),
    attempts INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    attempted_at TEXT,
    next_attempt_at TEXT,
    sent_at TEXT,
    error TEXT NOT NULL,
    receipt TEXT NOT NULL,
    UNIQUE (run_id, channel, address, part)
) STRICT;
CREATE INDEX deliveries_unsent ON deliveries (state, created_at) WHERE state <> 'sent';
CREATE INDEX deliveries_by_time ON deliveries (created_at);
CREATE INDEX deliveries_by_message ON deliveries (message_id);

CREATE TABLE heartbeat (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at TEXT NOT NULL,
    status TEXT NOT NULL
) STRICT;
"""
