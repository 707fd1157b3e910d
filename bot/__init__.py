"""Start the process, wire its parts, listen and speak."""
