"""Let tests and the demo look inside, and switch faults on and off, under /control."""

from typing import Any

from aiohttp import web

from sandbox.video.faults import KINDS, SERVICES
from sandbox.video.workshop import Workshop


class Control:
    """Answer the control endpoints; they need no key and belong to no real service."""

    def __init__(self, workshop: Workshop) -> None:
        self._shop = workshop

    def routes(self) -> list[web.RouteDef]:
        """Return the control routes."""
        return [
            web.get("/control/ledger", self.ledger),
            web.get("/control/tasks", self.tasks),
            web.get("/control/faults", self.show_faults),
            web.post("/control/faults", self.set_faults),
            web.delete("/control/faults", self.clear_faults),
            web.post("/control/reset", self.reset),
            web.post("/control/credits", self.credits),
        ]

    async def ledger(self, _request: web.Request) -> web.Response:
        """Show every task, the sum billed, and callback addresses used twice."""
        return web.json_response(self._shop.ledger.to_json() | {"balance": self._balances()})

    async def tasks(self, _request: web.Request) -> web.Response:
        """Show in words what was done for each task."""
        lines = [
            {"task_id": task.task_id, "service": task.service, "state": task.state, "prompt": task.prompt,
             "applied": task.applied, "error": task.error, "made_by": "FFmpeg filters, not AI"}
            for task in self._shop.ledger.tasks.values()
        ]  # fmt: skip
        return web.json_response(lines)

    async def show_faults(self, _request: web.Request) -> web.Response:
        """List the faults that are on and all that exist."""
        return web.json_response({"active": self._shop.faults.listing(), "known": KINDS})

    async def set_faults(self, request: web.Request) -> web.Response:
        """Switch faults on: one object or a list of {kind, value, times, service, contains}."""
        try:
            body = await request.json()
            for one in body if isinstance(body, list) else [body]:
                self._add(one)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"active": self._shop.faults.listing()})

    def _add(self, one: dict[str, Any]) -> None:
        unknown = set(one) - {"kind", "value", "times", "service", "contains"}
        if unknown:
            raise ValueError(f"unknown fields: {', '.join(sorted(unknown))}")
        more = {"service": str(one.get("service", "")), "contains": str(one.get("contains", ""))}
        self._shop.faults.add(one["kind"], one.get("value", ""), times=one.get("times"), **more)

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Switch all faults off, or those of ?kind=."""
        self._shop.faults.clear(request.query.get("kind", ""))
        return web.json_response({"active": self._shop.faults.listing()})

    async def reset(self, _request: web.Request) -> web.Response:
        """Forget tasks, faults, limits and spent credits."""
        self._shop.faults.clear()
        self._shop.ledger.reset()
        self._shop.account.reset()
        return web.json_response({"ok": True})

    async def credits(self, request: web.Request) -> web.Response:
        """Set a balance: {"credits": NUMBER, "service": NAME}; without a service it is all of them."""
        try:
            body = await request.json()
            wanted = float(body["credits"])
            services = [str(body["service"])] if body.get("service") else list(SERVICES[1:])
        except (ValueError, TypeError, KeyError, AttributeError):
            return web.json_response({"error": "credits must be a number"}, status=400)
        for service in services:
            self._shop.account.set_balance(service, wanted)
        return web.json_response({"balance": self._balances()})

    def _balances(self) -> dict[str, float]:
        return {service: self._shop.account.balance(service) for service in SERVICES[1:]}
