"""Who still gets a digest. One that everybody it is for has left is not written, and what waits in it is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.app.ports import Store
from monitor.core.model import DigestSpec, Target

NOBODY = "nobody: all have left"


@dataclass(frozen=True, slots=True)
class Deserted:
    """A digest that everybody it is for has left. As text: what is the matter and what to do."""

    digest: str
    target: Target  # the first whom it is for by the file

    def __str__(self) -> str:
        return f"{self.problem}; {self.remedy}"

    @property
    def problem(self) -> str:
        """What is the matter."""
        return f"everybody has left the digest {self.digest!r}: it is not written, and what waits in it is kept"

    @property
    def remedy(self) -> str:
        """What a person can do."""
        return (
            f"name somebody else in its `to`, take it out of the file, or take them back: "
            f"monitor digest subscribers {self.digest} --back {self.target}"
        )


def deserted(store: Store, specs: Iterable[DigestSpec]) -> dict[str, Deserted]:
    """Those of these digests that all have left, by id; never one that is for nobody by the file.

    Asks the store one short question, for it is asked at every look at what is due. Blocks on the store.
    """
    gone = store.people.departed()
    return {spec.id: Deserted(spec.id, spec.to[0]) for spec in specs if gone and _all(spec, gone.get(spec.id, ()))}


def _all(spec: DigestSpec, left: Iterable[Target]) -> bool:
    return bool(spec.to) and set(spec.to).issubset(left)
