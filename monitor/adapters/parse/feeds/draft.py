"""An entry in the making: which of several values counts, as feedparser decides it. Pure."""

from monitor.adapters.parse.entries import Entry, Markup

_NOTHING = Markup("")


class Draft:
    """What was met of an entry, or of the feed itself. Depths tell how deep in the document a value stood."""

    __slots__ = ("author", "contents", "dates", "depths", "guid", "has_content", "is_link", "link", "links",
                 "person", "summary", "tags", "title", "title_depth")  # fmt: skip

    def __init__(self) -> None:
        self.title = self.link = self.guid = self.author = ""
        self.summary: Markup | None = None
        self.contents: list[Markup] = []
        self.has_content = False  # a content has begun: a further description replaces the summary
        self.is_link = False  # whether the guid that is being read may stand for a missing link
        self.links: list[tuple[str, str]] = []  # (rel, address)
        self.dates = ["", "", ""]  # published, created, updated
        self.tags: list[list[str]] = []  # [term, label]
        self.person = ("", "")  # name and address of the author who is being read
        self.depths: dict[str | int, int] = {}
        self.title_depth = -1

    def nearer(self, name: str | int, depth: int) -> bool:
        """Whether a value from this depth replaces what there is: a later one does, unless it stands deeper."""
        if depth > self.depths.get(name, depth):
            return False
        self.depths[name] = depth
        return True

    def take_title(self, value: str, depth: int, *, binding: bool = True) -> None:
        """The first title counts, unless one follows that stands less deep; a medium's title gives way to any."""
        if -1 < self.title_depth <= depth or not value or not self.nearer("title", depth):
            return
        self.title = value
        if binding:
            self.title_depth = depth

    def take_summary(self, markup: Markup, depth: int) -> None:
        """A summary, or a description."""
        if self.nearer("summary", depth):
            self.summary = markup

    def take_content(self, markup: Markup, *, as_summary: bool) -> None:
        """A content; it stands for a missing summary."""
        self.contents.append(markup)
        if as_summary and self.summary is None:
            self.summary = markup

    def take_guid(self, value: str, depth: int) -> None:
        """The identity; if it is an address, and not said to be none, it stands for a missing link."""
        if self.nearer("guid", depth):
            self.guid = value
        if self.is_link and not self.link and value.startswith(("http:", "https:", "/")):
            self.link = value

    def take_author(self, text: str, depth: int) -> None:
        """By name and address if there were any, else by the text."""
        name, address = self.person
        whole = f"{name} ({address})" if name and address else name or address or text
        if whole and self.nearer("author", depth):
            self.author = whole

    def chosen_link(self) -> str:
        """The page: by its own link, else by another, else the file that goes with it."""
        if self.link:
            return self.link
        for wanted in ("alternate", "via"):
            for rel, address in self.links:
                if rel == wanted and address:
                    return address
        return next((address for rel, address in self.links if rel == "enclosure" and address), "")

    def entry(self) -> Entry:
        """The entry as it is now."""
        contents = self.contents
        if len(contents) == 1 and contents[0] is self.summary:
            contents = []
        return Entry(
            self.title,
            self.summary or _NOTHING,
            tuple(contents),
            self.link or self.chosen_link(),
            self.guid,
            self.author,
            tuple(self.dates),
            tuple([term or label for term, label in self.tags]) if self.tags else (),
        )
