"""Turn the pages of long lists by buttons that hold their whole question in their id."""

from bot import refusals
from bot.language import tr
from bot.presses import Buttons, build_button

LAST_PAGE = 99_999


def read_turn(subject: str) -> tuple[int, str]:
    """Return the page (from 0) and the rest of a press's subject; raises UserError for one that is not ours."""
    number, _, rest = subject.partition(".")
    if not (number.isascii() and number.isdecimal()) or int(number) > LAST_PAGE:
        raise refusals.old_button()
    return int(number), rest


def turn_buttons(action: str, page: int, *, size: int, total: int, rest: str = "") -> Buttons:
    """Return the buttons to the pages before and after; none where there is only one page."""
    buttons = Buttons()
    if page > 0:
        buttons.add_item(build_button(action, f"{page - 1}.{rest}", tr("Previous")))
    if (page + 1) * size < total:
        buttons.add_item(build_button(action, f"{page + 1}.{rest}", tr("Next")))
    return buttons


def page_words(page: int, *, size: int, total: int) -> str:
    """Return "Page 2 of 5"."""
    pages = max(1, -(-total // size))
    return tr("Page {page} of {pages}", page=min(page + 1, pages), pages=pages)
