"""Keep styles and favourites in a real database."""

import pytest

from jobs.admin import Act, Deed
from jobs.errors import InvalidRequestError
from jobs.styles import Style, Taste
from storage.job_store import SqlJobStore
from storage.sqlite import SqliteDatabase
from storage.style_store import SqlStyleStore
from tests.storage.jobs_made import insert, new_job

ACT = Act(10, 1, 1000)


@pytest.fixture
def styles(database: SqliteDatabase) -> SqlStyleStore:
    return SqlStyleStore(database)


async def names(styles: SqlStyleStore, guild_id: int = 10) -> list[str]:
    return [style.name for style in await styles.styles(guild_id)]


async def test_styles_stay_in_their_order(styles: SqlStyleStore) -> None:
    for name in ("b", "a", "c"):
        await styles.add(ACT, Style(name, "text"))
    assert await names(styles) == ["b", "a", "c"]
    await styles.put(ACT, "C", 2)
    await styles.put(ACT, "b", 99)
    assert await names(styles) == ["c", "a", "b"]
    await styles.remove(ACT, "a")
    await styles.put(ACT, "b", 1)
    assert await names(styles) == ["b", "c"]
    assert await names(styles, 11) == []


async def test_a_change_that_changes_nothing_is_not_logged(styles: SqlStyleStore) -> None:
    style = Style("a", "text", "sample")
    await styles.add(ACT, style)
    assert await styles.edit(ACT, "A", style) is None
    assert await styles.put(ACT, "a", 1) is None


async def test_each_change_is_logged_with_what_stood_before_and_after(styles: SqlStyleStore) -> None:
    added = await styles.add(ACT, Style("a", "text"))
    edited = await styles.edit(ACT, "a", Style("b", "text"))
    removed = await styles.remove(ACT, "b")
    assert edited is not None
    assert [added.deed, edited.deed, removed.deed] == [Deed.ADD_STYLE, Deed.EDIT_STYLE, Deed.REMOVE_STYLE]
    assert (added.before, edited.before) == (None, added.after)
    assert (removed.before, removed.after) == (edited.after, None)


async def test_a_refused_change_leaves_no_trace(styles: SqlStyleStore) -> None:
    await styles.add(ACT, Style("a", "text"))
    for refused in (
        styles.add(ACT, Style("A", "other")),
        styles.edit(ACT, "gone", Style("x", "y")),
        styles.remove(ACT, "gone"),
        styles.put(ACT, "gone", 1),
    ):
        with pytest.raises(InvalidRequestError):
            await refused
    assert await styles.styles(10) == [Style("a", "text")]


async def test_taste_is_favourites_and_the_styles_of_the_last_jobs(
    styles: SqlStyleStore, store: SqlJobStore, database: SqliteDatabase
) -> None:
    for index, style in enumerate(("Warm", "", "Cool", "WARM", "Noir", "a", "b", "c")):
        job = await insert(store, now_ms=1000 + index)
        await database.write(
            lambda session, job=job, style=style: session.execute(  # type: ignore[misc]  # bound now, not at the call
                "UPDATE jobs SET request = json_set(request, '$.style', $2) WHERE id = $1", job.id, style
            )
        )
    await styles.set_favourite(20, 10, "cool", liked=True, now_ms=1)
    await styles.set_favourite(20, 10, "cool", liked=True, now_ms=2)
    assert await styles.taste(20, 10) == Taste(frozenset({"cool"}), ("c", "b", "a", "noir", "warm"))
    assert await styles.taste(20, 11) == await styles.taste(21, 10) == Taste()
    await styles.set_favourite(20, 10, "cool", liked=False, now_ms=3)
    assert (await styles.taste(20, 10)).favourites == frozenset()


async def test_a_jobs_style_is_kept_with_its_text(store: SqlJobStore) -> None:
    new = new_job()
    styled = new.request.__class__(new.kind, "a", style="Noir", style_text="in black and white")
    job = await insert(store, request=styled)
    found = await store.get(job.id)
    assert found is not None
    assert (found.request.style, found.request.full_prompt) == ("Noir", "a. in black and white")
