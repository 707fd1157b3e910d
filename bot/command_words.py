"""Tell Discord what commands, options and choices are called in every language, from the one catalogue."""

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.language import ENGLISH, choose_language, tr_in, tr_name

_NAMES = {
    Location.command_name: "command",
    Location.group_name: "command",
    Location.parameter_name: "option",
    Location.choice_name: "choice",
}


class CommandWords(app_commands.Translator):
    """Translate the names and descriptions of the tree."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return a text in a language; None where it is the English one."""
        language = choose_language(locale.value)
        if language == ENGLISH:
            return None
        name = _NAMES.get(context.location)
        text = tr_name(name, string.message, language) if name else tr_in(language, string.message)
        return text if text != string.message else None


def name_of(path: str) -> str:
    """Return a whole command, such as `luma quota`, as the member sees it in the language spoken now."""
    return " ".join(tr_name("command", name) for name in path.split(" "))
