"""What names stand for, as a command under test shall find it: no name service is asked.

    newsroom.settings |= names(tmp_path / "names", {"gazette.test": [["127.1.0.1"], ["127.9.9.9"]]})

Each question for a name takes the next of its answers, the last one for ever; an empty answer comes after a minute.
A name that is not in the table is not known, unless it is an address or localhost.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

HANGS: list[list[str]] = [[]]

_HOOK = """
import json, pathlib, socket, time

_table = json.loads(pathlib.Path(__file__).with_name("names.json").read_text())
_real = socket.getaddrinfo


def getaddrinfo(host, port, family=0, type=0, proto=0, flags=0):
    name = host.decode() if isinstance(host, bytes) else host
    if name in _table:
        answers = _table[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if not answer:
            time.sleep(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [found for one in answer for found in _real(one, port, family, type, proto, flags)]
    if name not in {None, "localhost"} and not flags & socket.AI_NUMERICHOST:
        flags |= socket.AI_NUMERICHOST
    return _real(host, port, family, type, proto, flags)


socket.getaddrinfo = getaddrinfo
"""


def names(folder: Path, table: Mapping[str, Sequence[Sequence[str]]]) -> dict[str, str]:
    """Environment for a Python process in which names stand for these addresses."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_HOOK)
    (folder / "names.json").write_text(json.dumps(table))
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))}
