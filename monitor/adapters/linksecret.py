"""The secret that signs links, where the settings name none: made once and kept beside the database."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from monitor.core.tickets import SECRET_LEAST
from monitor.errors import MonitorError


def kept_secret(database: Path) -> str:
    """What stands in `<database>.link-secret`, made now (mode 0600) if there is none; the same for all who ask.

    Raises MonitorError when the file can't be read or made, or holds too little.
    """
    path = database.with_name(f"{database.name}.link-secret")
    try:
        if not path.exists():
            _make(path)
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise MonitorError(f"can't keep the secret of links in {path}: {reason}; or set MONITOR_LINK_SECRET") from error
    if len(found) < SECRET_LEAST:
        raise MonitorError(f"{path} holds no secret of {SECRET_LEAST} characters; remove it, and another is made")
    return found


def _make(path: Path) -> None:
    """Write it under another name first: two processes that come at once shall read one secret, and a whole one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # the other was first
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
