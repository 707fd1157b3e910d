"""Hold the catalogues whole: every message is there, none too many, and each fits Discord in every language."""

import ast
import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

from bot.command_words import name_of
from bot.help_pages import all_commands
from bot.language import speaking
from tests.bot.world import open_bot_world
from tests.catalogue import CHOICE, COMMAND, FOLDER, OPTION, ROOT, Found, Message, collect, read_catalogue, update

CATALOGUES = sorted(FOLDER.glob("*.po"))
# https://docs.discord.com/developers/interactions/application-commands#application-command-object-application-command-naming
NAME = re.compile(r"[-_'\w]{1,32}")
DESCRIPTION_CHARS, CHOICE_CHARS, LABEL_CHARS, TITLE_CHARS = 100, 100, 80, 45
# What stands in one message with other words: half of its 2,000 characters.
TEXT_CHARS = 1000
MENTIONED = re.compile(r"`?\*?\*?/(luma(?:-\w+)?(?: [\w-]+){0,3})`")


@pytest.fixture(scope="module")
def found() -> Found:
    return collect()


def test_every_text_a_person_reads_is_a_literal(found: Found) -> None:
    assert found.unread == []
    assert len(found.messages) > 500


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_no_message_is_missing_and_none_unused(path: Path, found: Found) -> None:
    known = read_catalogue(path)
    assert [message for message in found.messages if not all(known.get(message, ("",)))] == []
    assert [message for message in known if message not in found.messages] == []


def placeholders(text: str) -> set[str]:
    """Return the names a text holds places for."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_translations_hold_places_for_the_same_values(path: Path) -> None:
    for message, strings in read_catalogue(path).items():
        wanted = placeholders(message.many or message.text)
        assert all(placeholders(text) == wanted for text in strings), message


def limit_of(message: Message, calls: dict[str, int]) -> int:
    """Return how many characters a message may have, by what it names or the parts it is given to."""
    return {COMMAND: 32, OPTION: 32, CHOICE: CHOICE_CHARS}.get(message.context, calls.get(message.text, TEXT_CHARS))


def limits_of_calls() -> dict[str, int]:
    """Return the limits of the texts that stand in buttons, forms and descriptions of commands."""
    limits: dict[str, int] = {}
    # The call, then the limit for each of its texts by their order among the arguments.
    parts = {
        "build_button": {2: LABEL_CHARS},
        "build_text_field": {1: TITLE_CHARS},
        "build_prompt_field": {0: TITLE_CHARS},
        "build_choice_field": {1: TITLE_CHARS},
        "build_file_field": {1: TITLE_CHARS},
        "build_menu": {2: 150},
        "Form": {2: TITLE_CHARS},
    }
    for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "cogs").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [(node.args[at], most) for at, most in parts.get(name, {}).items() if at < len(node.args)]
            given += [(each.value, DESCRIPTION_CHARS) for each in node.keywords if each.arg == "description"]
            given += [(each.value, DESCRIPTION_CHARS) for each in node.keywords if name == "describe"]
            given += [(node.args[2], DESCRIPTION_CHARS)] if name in ("RightsGroup", "RightsSubgroup") else []
            is_embed = name == "Embed"
            for expression, most in given:
                for text in texts_in(expression):
                    limits[text] = min(limits.get(text, 4096), 4096 if is_embed else most)
    return limits


def texts_in(expression: ast.expr) -> list[str]:
    """Return the literal of a text, or of a `tr` around it."""
    if isinstance(expression, ast.Call) and getattr(expression.func, "id", "") == "tr":
        return texts_in(expression.args[0])
    is_text = isinstance(expression, ast.Constant) and isinstance(expression.value, str)
    return [str(expression.value)] if is_text and isinstance(expression, ast.Constant) else []


def test_every_message_fits_discord_in_every_language(found: Found) -> None:
    calls = limits_of_calls()
    assert len(calls) > 100
    for path in CATALOGUES:
        known = read_catalogue(path)
        for message in found.messages:
            most = limit_of(message, calls)
            for text in (message.text, message.many, *known[message]):
                assert len(text) <= most, (path.stem, most, text)


async def test_discord_is_told_only_what_it_takes(tmp_path: Path) -> None:
    """Look at what is really sent: every name and description of the tree, in each language."""
    async with open_bot_world(tmp_path) as world:
        tree = world.bot.tree
        assert tree.translator is not None
        told = [await command.get_translated_payload(tree, tree.translator) for command in tree.get_commands()]
    for path in CATALOGUES:
        known = {message.text for message in read_catalogue(path)}
        for node in nodes_of(told):
            check_node(node, path.stem, known)


def nodes_of(told: object) -> list[dict[str, object]]:
    """Return every command, option and choice that is told."""
    if isinstance(told, list):
        return [node for each in told for node in nodes_of(each)]
    if not isinstance(told, dict):
        return []
    return [told, *nodes_of(told.get("options")), *nodes_of(told.get("choices"))]


def name_in(node: dict[str, object], locale: str, key: str = "name") -> str:
    """Return what a language calls a command, option or choice."""
    others = node.get(f"{key}_localizations") or {}
    assert isinstance(others, dict)
    return str(others.get(locale, node.get(key, "")))


def check_node(node: dict[str, object], locale: str, known: set[str]) -> None:
    """Fail where a name or description of a language is unknown to the catalogue, or not to Discord's liking."""
    name, is_choice, is_menu = name_in(node, locale), "value" in node, node.get("type") in (2, 3) and "name" in node
    assert str(node["name"]) in known or is_choice, node["name"]
    if not is_choice and "description" in node and str(node["description"]):
        assert str(node["description"]) in known
        assert len(name_in(node, locale, "description")) <= DESCRIPTION_CHARS
        assert NAME.fullmatch(name), name
        assert name == name.lower()
    elif is_menu or is_choice:
        assert 1 <= len(name) <= CHOICE_CHARS
    for below in ("options", "choices"):
        names = [name_in(each, locale) for each in nodes_of(node.get(below)) if each in (node.get(below) or [])]  # type: ignore[operator]  # a list, as told
        assert len(names) == len(set(names)), names


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
async def test_texts_name_commands_as_the_reader_sees_them(path: Path, tmp_path: Path, found: Found) -> None:
    async with open_bot_world(tmp_path) as world:
        paths = [command.qualified_name for command in all_commands(world.bot)]
    paths += ["luma generate", "luma extend"]
    with speaking(path.stem):
        theirs = {beginning for each in paths for beginning in beginnings(name_of(each))}
    english = {beginning for each in paths for beginning in beginnings(each)}
    for message, strings in read_catalogue(path).items():
        assert set(MENTIONED.findall(message.text)) <= english, message.text
        for text in strings:
            assert set(MENTIONED.findall(text)) <= theirs, text


def beginnings(path: str) -> list[str]:
    """Return a command and the groups it stands in."""
    words = path.split(" ")
    return [" ".join(words[:count]) for count in range(1, len(words) + 1)]


def test_an_update_adds_what_is_missing_and_keeps_what_is_known(tmp_path: Path) -> None:
    head = '# A head.\nmsgid ""\nmsgstr ""\n"Language: de\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
    path = tmp_path / "de.po"
    path.write_text(head + 'msgid "Yes"\nmsgstr "Ja"\n\nmsgid "Old"\nmsgstr "Alt"\n')
    found = Found({Message("Yes"): {"a.py"}, Message("{count} dog", "{count} dogs"): {"b.py"}})
    update(path, found)
    assert path.read_text().startswith(head)
    assert read_catalogue(path) == {Message("Yes"): ("Ja",), Message("{count} dog", "{count} dogs"): ("", "")}


def test_who_speaks_english_waits_for_no_catalogue() -> None:
    program = (
        "import sys, bot.app, bot.language; assert bot.language.tr('Share') == 'Share'; print('babel' in sys.modules)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout.strip() == "False"
