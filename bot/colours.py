"""Name the colours of embeds: Discord's own, so that they fit both of its themes."""

BLURPLE = 0x5865F2
GREEN = 0x57F287
GREY = 0x99AAB5
RED = 0xED4245
YELLOW = 0xFEE75C
