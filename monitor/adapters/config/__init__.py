"""`feeds.yaml`, `rules.yaml` and the environment, with file, line and column in every complaint."""

from monitor.adapters.config.checkup import Checkup, check_files, obstacle
from monitor.adapters.config.environment import Secret
from monitor.adapters.config.feeds import FeedFile, load_feeds
from monitor.adapters.config.opml import feed_id, read_opml, write_entries, write_opml
from monitor.adapters.config.patch import forbid_words, unified
from monitor.adapters.config.rules import RuleFile, load_rules
from monitor.adapters.config.schema import schemas
from monitor.adapters.config.settings import Security, Settings, Slack, Smtp, load_settings

__all__ = [
    "Checkup",
    "FeedFile",
    "RuleFile",
    "Secret",
    "Security",
    "Settings",
    "Slack",
    "Smtp",
    "check_files",
    "feed_id",
    "forbid_words",
    "load_feeds",
    "load_rules",
    "load_settings",
    "obstacle",
    "read_opml",
    "schemas",
    "unified",
    "write_entries",
    "write_opml",
]
