"""Mark texts of ours that go into other texts, so that they are translated with them."""


class Phrase(str):
    """A text that the catalogue knows; `Phrase("...")` is how it is collected."""

    __slots__ = ()
