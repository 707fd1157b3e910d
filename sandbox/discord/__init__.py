"""A local Discord: REST v10, gateway v10 and CDN, and the members who use it."""
