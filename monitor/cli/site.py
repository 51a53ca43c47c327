"""`monitor site`: the addresses that the daemon's small site answers at."""

from monitor.cli import output
from monitor.cli.session import Json, Session, command, group

app = group("The daemon's small site: its addresses.")


def links(session: Session, as_json: Json = False) -> None:
    """Print the addresses of the site: /health, and an Atom feed of all hits and of each digest.

    Whoever has the address of a feed may read it: it holds a key. Add &rule=ID, &severity=high, &language=ru or
    &feed=ID for less. Another MONITOR_LINK_SECRET makes all addresses void that were given away.
    """
    from monitor import wiring

    settings = session.settings
    found = wiring.site_links(settings)
    digests = wiring.load_rules(settings.rules).digests
    rows = [
        ("health", f"{found.base}/health"),
        ("all hits", found.hits()),
        *((f"digest {digest.id}", found.hits(digest.id)) for digest in digests),
    ]
    if as_json:
        output.lines({"what": what, "address": address} for what, address in rows)
        return
    for what, address in rows:
        output.say(f"{what}: {address}")
    if not settings.public_url:
        output.note("MONITOR_PUBLIC_URL is not set: these lead to the address that the site listens at")


command(app, "links", "monitor site links", "monitor site links --json | jq -r .address", paths=("rules", "db"))(links)
