"""Collect every message from the syntax trees and keep the catalogues: `python -m tests.catalogue [--update]`."""

import ast
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "bot" / "locale"
ROOMS = ("bot", "cogs", "jobs", "media")
ERRORS = {"UserError", "InvalidRequestError", "UnusableClipError", "LimitReachedError"}
GROUPS = {"RightsGroup", "RightsSubgroup"}
# The contexts under which names of commands stand, apart from words that happen to be written the same.
COMMAND, OPTION, CHOICE = "command", "option", "choice"
# Where texts from elsewhere are handed on: an error's template is collected where the error is raised.
HANDED_ON = {"bot/language.py"}


@dataclass(frozen=True, slots=True)
class Message:
    """Hold one message: its English text, its text for many, and its context."""

    text: str
    many: str = ""
    context: str = ""


@dataclass
class Found:
    """Hold what was collected: where each message stands, and the calls whose text is no literal."""

    messages: dict[Message, set[str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def add(self, message: Message, module: str) -> None:
        """Keep a message."""
        self.messages.setdefault(message, set()).add(module)


def collect() -> Found:
    """Return every message of the product."""
    found = Found()
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        module = str(path.relative_to(ROOT))
        _Reader(module, ast.parse(path.read_text()), found).read()
    return found


class _Reader:
    def __init__(self, module: str, tree: ast.Module, found: Found) -> None:
        self.module = module
        self.tree = tree
        self.found = found
        self.values = _constants(tree)
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module and (node.module.split(".")[0] in ROOMS):
                self.values |= _imported(node)
        # What is declared to be a Phrase was collected where that was made.
        self.phrases = {
            _name(node.target)
            for node in ast.walk(tree)
            if isinstance(node, ast.AnnAssign) and _name(node.annotation) == "Phrase"
        }

    def read(self) -> None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                self._read_call(node)
            elif isinstance(node, ast.AsyncFunctionDef):
                self._read_command(node)

    def _read_call(self, call: ast.Call) -> None:
        name = _name(call.func)
        if name in ERRORS | {"tr", "Phrase"}:
            # Where an error carries a decision, its words are made from that.
            if self.module not in HANDED_ON and not _keyword(call, "decision"):
                self._add(call, call.args[:1])
        elif name == "trn":
            for one in self._texts(call, call.args[0]):
                for many in self._texts(call, call.args[1]):
                    self.found.add(Message(one, many), self.module)
        elif name in GROUPS:
            self._add(call, call.args[1:2], COMMAND)
            self._add(call, call.args[2:3])
        elif name == "Group":
            self._add(call, _keyword(call, "name"), COMMAND)
            self._add(call, _keyword(call, "description"))

    def _read_command(self, function: ast.AsyncFunctionDef) -> None:
        calls = {_name(each.func): each for each in function.decorator_list if isinstance(each, ast.Call)}
        command = calls.get("command") or calls.get("context_menu")
        if command is None:
            return
        self._add(command, _keyword(command, "name"), COMMAND)
        self._add(command, _keyword(command, "description"))
        if "command" in calls:
            self._read_options(function)
        if "describe" in calls:
            self._add(calls["describe"], self._descriptions(calls["describe"]))

    def _read_options(self, function: ast.AsyncFunctionDef) -> None:
        for argument in [*function.args.args, *function.args.kwonlyargs]:
            if argument.arg not in ("self", "interaction"):
                self.found.add(Message(argument.arg, context=OPTION), self.module)
                for node in self._opened(argument.annotation):
                    if isinstance(node, ast.Subscript) and _name(node.value) == "Literal":
                        values = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
                        self._add(node, values, CHOICE)

    def _descriptions(self, call: ast.Call) -> Iterator[ast.expr]:
        for each in call.keywords:
            if each.arg is not None:
                yield each.value
            elif isinstance(each.value, ast.Name) and isinstance(self.values.get(each.value.id), ast.Dict):
                yield from self.values[each.value.id].values  # type: ignore[attr-defined]  # a Dict, just asked

    def _opened(self, annotation: ast.expr | None) -> Iterator[ast.AST]:
        for node in ast.walk(annotation) if annotation is not None else ():
            yield node
            if isinstance(node, ast.Name) and node.id in self.values:
                yield from ast.walk(self.values[node.id])

    def _add(self, at: ast.expr, texts: Iterable[ast.expr], context: str = "") -> None:
        for expression in texts:
            for text in self._texts(at, expression):
                self.found.add(Message(text, context=context), self.module)

    def _texts(self, at: ast.expr, expression: ast.expr) -> list[str]:
        if isinstance(expression, ast.Name) and expression.id in self.values:
            expression = self.values[expression.id]
        if isinstance(expression, ast.IfExp):
            return self._texts(at, expression.body) + self._texts(at, expression.orelse)
        if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
            return [expression.value]
        if not (isinstance(expression, ast.Name) and expression.id in self.phrases):
            self.found.unread.append(f"{self.module}:{at.lineno}")
        return []


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _imported(node: ast.ImportFrom) -> dict[str, ast.expr]:
    path = ROOT / f"{(node.module or '').replace('.', '/')}.py"
    there = _constants(ast.parse(path.read_text())) if path.exists() else {}
    names = {alias.name for alias in node.names if alias.name[:1].isupper()}
    return {name: value for name, value in there.items() if name in names}


def _name(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def _keyword(call: ast.Call, name: str) -> list[ast.expr]:
    return [each.value for each in call.keywords if each.arg == name]


def read_catalogue(path: Path) -> dict[Message, tuple[str, ...]]:
    """Return a catalogue's translations by message; empty strings stand for what is not translated yet."""
    with path.open("rb") as source:
        catalogue = read_po(source, locale=path.stem.replace("-", "_"))
    return {
        _message(each.id, each.context): (each.string,) if isinstance(each.string, str) else tuple(each.string or ())
        for each in catalogue
        if each.id
    }


def _message(text: str | tuple[str, ...] | list[str], context: str | None) -> Message:
    one, many = (text, "") if isinstance(text, str) else text
    return Message(one, many, context or "")


def update(path: Path, found: Found) -> None:
    """Add to a catalogue what is missing and take out what is unused; its own head stays."""
    old = read_catalogue(path)
    head = path.read_text().partition("\n\n")[0].rstrip() + "\n\n"
    catalogue = Catalog(locale=path.stem.replace("-", "_"))
    for message, modules in found.messages.items():
        strings = old.get(message, ("",))
        catalogue.add(
            (message.text, message.many) if message.many else message.text,
            strings if message.many else strings[0],
            locations=[(module, 0) for module in sorted(modules)],
            context=message.context or None,
        )
    written = io.BytesIO()
    write_po(written, catalogue, width=120, omit_header=True, include_lineno=False)
    path.write_text(head + written.getvalue().decode().rstrip() + "\n")


def main(arguments: list[str]) -> int:
    """Print what is missing, unused and unread; with `--update`, write the catalogues first."""
    found = collect()
    problems = [f"{place}: the text is no literal" for place in found.unread]
    for path in sorted(FOLDER.glob("*.po")):
        if "--update" in arguments:
            update(path, found)
        known = read_catalogue(path)
        problems += [f"{path.name}: missing {each}" for each in found.messages if not any(known.get(each, ("",)))]
        problems += [f"{path.name}: unused {each}" for each in known if each not in found.messages]
    sys.stdout.write("".join(f"{line}\n" for line in problems))
    sys.stdout.write(f"{len(found.messages)} messages, {len(problems)} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
