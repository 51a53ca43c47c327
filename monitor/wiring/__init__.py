"""Chooses the adapters and reads the clock: the only place that does. Everything else is handed what it needs."""

from monitor.adapters import probe
from monitor.adapters.config import (
    Checkup,
    RuleFile,
    Settings,
    forbid_words,
    load_feeds,
    load_rules,
    load_settings,
    obstacle,
    read_opml,
    schemas,
    unified,
    write_entries,
    write_opml,
)
from monitor.adapters.deliver.bounces import read_bounces
from monitor.wiring.configuration import Configuration, check_files, compiled, rules_to_try, shipped, watched_feeds
from monitor.wiring.looking import (
    Looked,
    check_templates,
    look_at,
    opened,
    parse_document,
    reach_mail,
    reach_slack,
    read_page,
    render,
    writer,
)
from monitor.wiring.parts import SystemClock, transport
from monitor.wiring.place import bound, reader_links, site_links
from monitor.wiring.previewing import as_sent, hindsights, previewed, shipped_templates
from monitor.wiring.reaching import reach_named
from monitor.wiring.service import Service, heart, run, service
from monitor.wiring.trying import Tried, Way, try_address

__all__ = [
    "Checkup",
    "Configuration",
    "Looked",
    "RuleFile",
    "Service",
    "Settings",
    "SystemClock",
    "Tried",
    "Way",
    "as_sent",
    "bound",
    "check_files",
    "check_templates",
    "compiled",
    "forbid_words",
    "heart",
    "hindsights",
    "load_feeds",
    "load_rules",
    "load_settings",
    "look_at",
    "obstacle",
    "opened",
    "parse_document",
    "previewed",
    "probe",
    "reach_mail",
    "reach_named",
    "reach_slack",
    "read_bounces",
    "read_opml",
    "read_page",
    "reader_links",
    "render",
    "rules_to_try",
    "run",
    "schemas",
    "service",
    "shipped",
    "shipped_templates",
    "site_links",
    "transport",
    "try_address",
    "unified",
    "watched_feeds",
    "write_entries",
    "write_opml",
    "writer",
]
