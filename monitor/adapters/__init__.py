"""One outside thing each: files, HTTP, feed formats, SQLite, mail, Slack. They never import one another."""
