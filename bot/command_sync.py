"""Tell Discord of the commands, only when they changed: names count against 200 creates a day."""

import asyncio
import hashlib
import json
import logging
from pathlib import Path

import discord
from discord import app_commands

from bot.language import FOLDER

_log = logging.getLogger(__name__)


async def sync_commands(tree: app_commands.CommandTree[discord.Client], application_id: int, mark: Path | None) -> bool:
    """Send all commands unless `mark` says that Discord has these; return whether they were sent."""
    fingerprint = await asyncio.to_thread(fingerprint_of, tree, application_id)
    if mark is not None and await asyncio.to_thread(_read, mark) == fingerprint:
        return False
    sent = await tree.sync()
    _log.info("told Discord of %d commands", len(sent))
    if mark is not None:
        try:
            await asyncio.to_thread(mark.write_text, fingerprint)
        except OSError as error:  # a full disk: they are sent again at the next start
            _log.warning("cannot note which commands were sent: %s", error.strerror)
    return True


def fingerprint_of(tree: app_commands.CommandTree[discord.Client], application_id: int) -> str:
    """Return a hash of everything Discord is told about the commands of an application, and of the catalogues.

    The catalogues are not read for it: that takes longer than all the rest of a start.
    """
    commands = [command.to_dict(tree) for command in tree.get_commands()]
    words = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(FOLDER.glob("*.po"))]
    text = json.dumps([application_id, words, commands], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(mark: Path) -> str:
    try:
        return mark.read_text()
    except (OSError, ValueError):
        return ""
