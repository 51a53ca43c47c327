-- The database as it stands after every migration: the picture to read. migrations.py is what runs;
-- a test holds the two against each other.
--
-- Times are text, ISO 8601 in UTC with microseconds ("2026-03-01T08:00:00.000000Z"): all of one width, so that
-- they compare as text, and readable in any SQLite shell. Lists and objects are JSON text.

-- What is read ------------------------------------------------------------------------------------------------

-- One row a feed that was ever registered. No other table refers to it by key: a feed may be renamed or taken
-- out of feeds.yaml while its items stay.
CREATE TABLE feeds (
    id TEXT PRIMARY KEY,
    configured_url TEXT NOT NULL,          -- as in feeds.yaml; a change here forgets the HTTP state
    url TEXT NOT NULL,                     -- where it is asked now (a permanent redirect may have moved it)
    etag TEXT,                             -- verbatim, quotes included
    last_modified TEXT,                    -- verbatim
    body_hash TEXT,
    next_poll_at TEXT,                     -- NULL: due now
    first_success_at TEXT,
    last_poll_at TEXT,
    last_success_at TEXT,
    last_item_at TEXT,
    failures INTEGER NOT NULL DEFAULT 0,   -- in a row
    last_error TEXT NOT NULL DEFAULT '',
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    title TEXT NOT NULL DEFAULT '',
    registered_at TEXT NOT NULL,
    host TEXT NOT NULL DEFAULT '',         -- of `url`: a wait that its server asks for holds for all of its feeds
    failing_since TEXT,
    moved_to TEXT NOT NULL DEFAULT '',     -- where its permanent redirect led at the last polls
    moved_polls INTEGER NOT NULL DEFAULT 0,
    moved_since TEXT,
    habits TEXT NOT NULL DEFAULT '{}',     -- JSON object: what it usually brings and when
    troubles TEXT NOT NULL DEFAULT '[]'    -- JSON list of lists: kind, message, since, better since
) STRICT;
CREATE INDEX feeds_by_due ON feeds (next_poll_at, id, last_poll_at) WHERE gone = 0;
CREATE INDEX feeds_by_host ON feeds (host);

-- Hosts that asked to be left alone; kept until they answer again.
CREATE TABLE holds (
    host TEXT PRIMARY KEY,
    until TEXT NOT NULL,
    times INTEGER NOT NULL                 -- holds in a row
) STRICT, WITHOUT ROWID;

-- The log of polls: what the coverage note and the feeds' health are counted from.
CREATE TABLE polls (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    feed TEXT NOT NULL,
    outcome TEXT NOT NULL,                 -- ok, not-modified, or the kind of failure
    new INTEGER NOT NULL,
    edited INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    ms INTEGER NOT NULL
) STRICT;
CREATE INDEX polls_by_time ON polls (at);
CREATE INDEX polls_with_news ON polls (feed, at, new) WHERE new > 0;

-- The log of troubles that a feed had: told once when one begins and once when it ends.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    began_at TEXT NOT NULL,
    ended_at TEXT                          -- NULL: it lasts
) STRICT;
CREATE INDEX notices_by_start ON notices (began_at);
CREATE INDEX notices_by_end ON notices (ended_at);

-- What was published ------------------------------------------------------------------------------------------

CREATE TABLE items (
    id INTEGER PRIMARY KEY,
    feed TEXT NOT NULL,
    key TEXT NOT NULL,                     -- identity within the feed
    content_hash TEXT NOT NULL,
    title TEXT NOT NULL,
    link TEXT NOT NULL,
    guid TEXT NOT NULL,
    author TEXT NOT NULL,
    language TEXT,
    published TEXT,                        -- what the source claims
    seen_at TEXT NOT NULL,                 -- when it was first read
    edited_at TEXT,                        -- when its last edition was read
    categories TEXT NOT NULL,              -- JSON list
    dated_at TEXT NOT NULL GENERATED ALWAYS AS
        (CASE WHEN published IS NULL OR published > seen_at THEN seen_at ELSE published END) VIRTUAL,
    summary TEXT NOT NULL,
    content TEXT NOT NULL,                 -- late, so that reading the rest does not walk through it
    title_mark INTEGER,                    -- 64-bit hashes of feed and headline, feed and link: by these an article is
    link_mark INTEGER,                     -- known again whose key the feed changed
    UNIQUE (feed, key)
) STRICT;
CREATE INDEX items_by_date ON items (dated_at);
CREATE INDEX items_by_title ON items (title_mark) WHERE title_mark IS NOT NULL;
CREATE INDEX items_by_link ON items (link_mark) WHERE link_mark IS NOT NULL;

-- When an item was last in its feed. Apart from the items because it changes at every poll: a narrow row is
-- rewritten instead of a whole article.
CREATE TABLE sightings (
    item_id INTEGER PRIMARY KEY REFERENCES items (id) ON DELETE CASCADE,
    last_seen_at TEXT NOT NULL
) STRICT;

-- What an item said before it was edited.
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

-- What was found ----------------------------------------------------------------------------------------------

CREATE TABLE stories (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL
) STRICT;
CREATE INDEX stories_by_time ON stories (last_at);

-- What a story is recognised by. A headline may come back months later as another story.
CREATE TABLE story_keys (
    key TEXT NOT NULL,
    story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    PRIMARY KEY (key, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX story_keys_by_story ON story_keys (story_id);

-- A rule fires on an item once; a later edition updates the row.
CREATE TABLE hits (
    id INTEGER PRIMARY KEY,
    item_id INTEGER NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    story_id INTEGER NOT NULL REFERENCES stories (id),
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    score REAL NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL,                      -- when it was first found
    edited INTEGER NOT NULL CHECK (edited IN (0, 1)),
    gloss TEXT NOT NULL,                   -- JSON list
    evidence TEXT NOT NULL,                -- JSON list of lists: term, label, entity, text, field, start, end
    UNIQUE (item_id, rule)
) STRICT;
CREATE INDEX hits_by_rule ON hits (rule, at);
CREATE INDEX hits_by_time ON hits (at);
CREATE INDEX hits_by_story ON hits (story_id);

-- What a person says of a hit: rules are tuned by it. A marked item is kept whatever its age.
CREATE TABLE marks (
    hit_id INTEGER PRIMARY KEY REFERENCES hits (id) ON DELETE CASCADE,
    verdict TEXT NOT NULL CHECK (verdict IN ('relevant', 'noise')),
    why TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

-- What is told ------------------------------------------------------------------------------------------------

-- When a digest was first known: cron times before it are not made up for.
CREATE TABLE desks (
    digest TEXT PRIMARY KEY,
    started_at TEXT NOT NULL
) STRICT;

-- The trays: hits that wait to be told. Nothing that waits can be deleted.
CREATE TABLE waiting (
    digest TEXT NOT NULL,
    hit_id INTEGER NOT NULL REFERENCES hits (id),
    since TEXT NOT NULL,
    PRIMARY KEY (digest, hit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX waiting_by_hit ON waiting (hit_id);

-- Hits that a digest would have taken but does not tell, to be counted in it with the reason in words; kept afterwards,
-- so that it can be said why a reader did not get them.
CREATE TABLE left_out (
    digest TEXT NOT NULL,
    hit_id INTEGER NOT NULL REFERENCES hits (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    counted_at TEXT,                       -- by a digest that went to somebody; NULL: by the next one
    PRIMARY KEY (digest, hit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX left_out_by_hit ON left_out (hit_id);
CREATE INDEX left_out_uncounted ON left_out (digest) WHERE counted_at IS NULL;

-- One row each time a digest was made.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL,
    at TEXT NOT NULL,
    since TEXT,
    headline TEXT NOT NULL,
    stories INTEGER NOT NULL,
    hits INTEGER NOT NULL,
    gravest TEXT                           -- severity of its gravest news; NULL: nothing in it was new
) STRICT;
CREATE INDEX runs_by_digest ON runs (digest, at);

-- A digest tells a hit once, unless it is put in its tray again after an edit; then the later run stands here, with the
-- time when the hit was told first.
CREATE TABLE told (
    digest TEXT NOT NULL,
    hit_id INTEGER NOT NULL REFERENCES hits (id) ON DELETE CASCADE,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    at TEXT NOT NULL,
    PRIMARY KEY (digest, hit_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_hit ON told (hit_id);
CREATE INDEX told_by_run ON told (run_id);

-- What is sent; several recipients share one row.
CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,             -- SHA-256 of channel and body
    channel TEXT NOT NULL,
    body TEXT NOT NULL                     -- JSON object
) STRICT;

-- One message to one recipient: the outbox.
CREATE TABLE deliveries (
    key TEXT PRIMARY KEY,                  -- the same at every attempt, known to the other side
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
    next_attempt_at TEXT,                  -- NULL: now
    sent_at TEXT,
    error TEXT NOT NULL,
    receipt TEXT NOT NULL,
    thread TEXT NOT NULL DEFAULT '',       -- what belongs together for a reader; sent in order
    fault TEXT NOT NULL DEFAULT '',        -- of the last failure: temporary, permanent, configuration
    UNIQUE (run_id, channel, address, part)
) STRICT;
CREATE INDEX deliveries_unsent ON deliveries (state, created_at) WHERE state <> 'sent';
CREATE INDEX deliveries_by_time ON deliveries (created_at);
CREATE INDEX deliveries_by_message ON deliveries (message_id);
CREATE INDEX deliveries_by_thread ON deliveries (thread, channel, address) WHERE thread <> '';

-- What a digest has told of a story so far: when its next message about it may come.
CREATE TABLE tellings (
    digest TEXT NOT NULL,
    story_id INTEGER NOT NULL REFERENCES stories (id) ON DELETE CASCADE,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    repeats INTEGER NOT NULL,              -- times it came again without news
    PRIMARY KEY (digest, story_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX tellings_by_story ON tellings (story_id);

-- What people said --------------------------------------------------------------------------------------------

-- Of what nobody wants to hear for a while.
CREATE TABLE silences (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('story', 'rule', 'source', 'entity')),
    what TEXT NOT NULL,
    until TEXT NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX silences_by_end ON silences (until);

-- Stories that somebody has seen to: they are not repeated.
CREATE TABLE acks (
    story_id INTEGER PRIMARY KEY REFERENCES stories (id) ON DELETE CASCADE,
    at TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- Who left which digest.
CREATE TABLE unsubscribed (
    digest TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (digest, channel, address)
) STRICT, WITHOUT ROWID;

-- Each wording of a rule that was in force, and when it came; an empty fingerprint: it was removed.
CREATE TABLE rule_editions (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX rule_editions_by_rule ON rule_editions (rule, id);
CREATE INDEX rule_editions_by_time ON rule_editions (at);

-- The house ---------------------------------------------------------------------------------------------------

-- The daemon's last sign of life.
CREATE TABLE heartbeat (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    at TEXT NOT NULL,
    status TEXT NOT NULL                   -- JSON object
) STRICT;
