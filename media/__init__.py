"""Clips: everything that touches bytes and addresses a stranger chose."""
