"""Hold the house in order: who imports whom, how long things are, what they are called, from the syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("bot", "cogs", "jobs", "media", "providers", "storage", "sandbox")
MAY_IMPORT = {
    "jobs": set(),
    "storage": {"jobs"},
    "providers": {"jobs"},
    "media": {"jobs"},
    "bot": {"jobs"},
    "cogs": {"bot", "jobs"},
    "sandbox": set(),
}
COMPOSITION_ROOT = "bot/app.py"
BANNED_NAMES = {
    "utils", "helpers", "common", "core", "base", "manager", "service", "handler", "misc", "types", "constants",
}  # fmt: skip
SQL_VERBS = ("SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "PRAGMA ")
MODULE_LINES, FUNCTION_LINES, COG_LINES = 300, 40, 150


def modules() -> list[str]:
    """Return every module of the product, as paths from the project's root."""
    return sorted(
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if "__pycache__" not in path.parts
    )


def tree_of(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse((ROOT / module).read_text())


def imports_of(module: str) -> Iterator[str]:
    """Yield the full names a module imports."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("module", modules())
def test_a_room_imports_only_what_it_may(module: str) -> None:
    room = module.split("/", maxsplit=1)[0]
    allowed = MAY_IMPORT[room] | {room}
    if module == COMPOSITION_ROOT:
        allowed |= {"storage", "providers", "media"}
    rooms = {name.split(".")[0] for name in imports_of(module)} & set(ROOMS)
    assert rooms <= allowed


def test_jobs_imports_only_the_standard_library() -> None:
    import sys

    for module in modules():
        if module.startswith("jobs/"):
            tops = {name.split(".")[0] for name in imports_of(module)}
            assert tops <= set(sys.stdlib_module_names) | {"jobs"}, module


def test_discord_is_imported_by_bot_and_cogs_only() -> None:
    for module in modules():
        if not module.startswith(("bot/", "cogs/")):
            assert "discord" not in {name.split(".")[0] for name in imports_of(module)}, module


def test_sql_stands_in_storage_only() -> None:
    for module in modules():
        if module.startswith("storage/"):
            continue
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.lstrip().startswith(SQL_VERBS), f"{module}:{node.lineno}"


def test_the_environment_is_read_in_settings_only() -> None:
    for module in modules():
        if module == "bot/settings.py" or module.startswith("sandbox/"):
            continue
        for node in ast.walk(tree_of(module)):
            named = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            assert not named, f"{module}:{getattr(node, 'lineno', 0)}"


def test_nothing_is_imported_for_type_checking_only() -> None:
    for module in modules():
        assert "TYPE_CHECKING" not in (ROOT / module).read_text(), module


@pytest.mark.parametrize("module", modules())
def test_modules_and_functions_keep_their_size(module: str) -> None:
    limit = COG_LINES if module.startswith("cogs/") else MODULE_LINES
    assert (ROOT / module).read_text().count("\n") <= limit
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= FUNCTION_LINES, f"{module}:{node.lineno} {node.name} has {lines} lines"


@pytest.mark.parametrize("module", modules())
def test_public_names_say_what_they_do(module: str) -> None:
    tree = tree_of(module)
    assert ast.get_docstring(tree), f"{module} has no docstring"
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{module}:{node.lineno} {node.name} has no docstring"


def test_no_file_has_a_name_that_says_nothing() -> None:
    for module in modules():
        assert not BANNED_NAMES & set(Path(module).with_suffix("").parts), module


def test_broad_excepts_stand_in_two_places_only() -> None:
    found = [
        module
        for module in modules()
        if not module.startswith("sandbox/")
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
    ]
    assert set(found) <= {"jobs/worker.py", "bot/client.py", "media/inside/__main__.py"}, found
