"""`feeds.yaml`, `rules.yaml` and the environment, with file, line and column in every complaint."""

from monitor.adapters.config.feeds import FeedFile, load_feeds
from monitor.adapters.config.rules import RuleFile, load_rules
from monitor.adapters.config.settings import Secret, Security, Settings, Slack, Smtp, load_settings

__all__ = [
    "FeedFile",
    "RuleFile",
    "Secret",
    "Security",
    "Settings",
    "Slack",
    "Smtp",
    "load_feeds",
    "load_rules",
    "load_settings",
]
