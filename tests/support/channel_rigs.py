"""Every channel with its other side, in one shape, so that one suite of promises can hold them all to account.

A rig knows how to make the other side fail. `FAULTS` maps a channel's situations to what it must call them;
`SITUATIONS` says which of them is which trial of the suite, or why there is none.
"""

import contextlib
from collections.abc import Callable
from pathlib import Path

from support import rigs_here, rigs_mail, rigs_slack, rigs_web
from support.rig import Rig as Rig
from support.smtp import Certificate

from monitor.errors import DeliveryFault

FAULTS: dict[str, dict[str, DeliveryFault]] = {
    "email-none": rigs_mail.EMAIL_FAULTS,
    "email-starttls": rigs_mail.EMAIL_FAULTS | rigs_mail.LOGIN_FAULTS,
    "email-tls": rigs_mail.EMAIL_FAULTS | rigs_mail.LOGIN_FAULTS,
    "slack-webhook": rigs_slack.SLACK_FAULTS | rigs_slack.WEBHOOK_FAULTS,
    "slack-token": rigs_slack.SLACK_FAULTS | rigs_slack.TOKEN_FAULTS,
    "webhook": rigs_web.WEBHOOK_FAULTS,
    "apprise": rigs_web.APPRISE_FAULTS,
    "file": rigs_here.FILE_FAULTS,
    "atom": rigs_here.ATOM_FAULTS,
    "console": rigs_here.CONSOLE_FAULTS,
    "memory": rigs_here.MEMORY_FAULTS,
}
TRIALS = ("temporary", "permanent", "configuration", "slow down", "taken, then silence")


class Without(str):
    """The reason why a channel has no such situation."""

    __slots__ = ()


_LOCAL = {
    "permanent": Without("what can't be written today can be written once there is room, or another path"),
    "slow down": Without("a disk asks nobody to wait"),
    "taken, then silence": Without("writing answers by itself, and another attempt replaces what it wrote"),
}
_MAIL = {
    "temporary": "452 after the data",
    "permanent": "550 for the recipient",
    "configuration": "553 for the sender",
    "slow down": "451 come back in 00:00:40",
    "taken, then silence": "silence after the data",
}
_SLACK = {"temporary": "503", "configuration": "302", "slow down": "429", "taken, then silence": "silence"}
_WEB = {
    "temporary": "503",
    "permanent": "413",
    "configuration": "404",
    "slow down": "429",
    "taken, then silence": "taken, then silence",
}
SITUATIONS: dict[str, dict[str, str]] = {
    "email-none": _MAIL,
    "email-starttls": _MAIL,
    "email-tls": _MAIL,
    "slack-webhook": _SLACK | {"permanent": "400 invalid_blocks"},
    "slack-token": _SLACK | {"permanent": "200 msg_too_long"},
    "webhook": _WEB,
    "apprise": _WEB,
    "file": _LOCAL | {"temporary": "a full disk", "configuration": "a file in the way"},
    "atom": _LOCAL | {"temporary": "a full disk", "configuration": "notes of somebody's"},
    "console": _LOCAL
    | {"temporary": "closed", "configuration": Without("there is nothing to set")}
    | {"taken, then silence": Without("what was printed can't be asked back")},
    "memory": {trial: trial for trial in TRIALS},
}


def trials(*kinds: str) -> list[tuple[str, str]]:
    """(channel, situation) of every channel that has such a situation."""
    return [
        (name, situation)
        for name, situations in SITUATIONS.items()
        for trial, situation in situations.items()
        if trial in kinds and not isinstance(situation, Without)
    ]


def rig(name: str, directory: Path, certificate: Certificate) -> contextlib.AbstractAsyncContextManager[Rig]:
    """One of FAULTS's channels with its other side."""
    kind, _, mode = name.partition("-")
    makers: dict[str, Callable[[], contextlib.AbstractAsyncContextManager[Rig]]] = {
        "email": lambda: rigs_mail.email(mode, certificate),
        "slack": lambda: rigs_slack.slack(mode),
        "webhook": rigs_web.webhook,
        "apprise": rigs_web.apprise,
        "file": lambda: rigs_here.file(directory),
        "atom": lambda: rigs_here.atom(directory),
        "console": rigs_here.console,
        "memory": rigs_here.memory,
    }
    return makers[kind]()
