"""Put a prompt and the text of a style together: the one place where that is done."""

# Where the prompt goes in a style's text; without it the text follows the prompt.
PROMPT_MARK = "{prompt}"


def combine(prompt: str, style_text: str) -> str:
    """Return the text a service is sent."""
    if not style_text:
        return prompt
    if PROMPT_MARK in style_text:
        return style_text.replace(PROMPT_MARK, prompt.rstrip(".!?;, "), 1)
    ending = "" if prompt.endswith((".", "!", "?", ";", ",", ":")) else "."
    return f"{prompt}{ending} {style_text}"
