"""Who waits for news of the feed hears of those that are theirs."""

import asyncio
from collections.abc import Awaitable, Callable

from sync_server.feed.news import Heads, News

#: nobody waits so long here
LONG_S = 60.0


def with_news(work: Callable[[News, Heads], Awaitable[None]]) -> None:
    """News of heads that the test moves."""

    async def whole() -> None:
        heads = {"catalogue": 5, "store:A": 1, "store:B": 1}

        async def read() -> Heads:
            return dict(heads)

        news = News(read, LONG_S)
        await news.look()
        await work(news, heads)
        assert not news._waiting
        assert news.waiting == 0

    asyncio.run(whole())


def a_till(news: News, store: str) -> "asyncio.Task[tuple[str, ...]]":
    return asyncio.create_task(news.past({"catalogue": 5, f"store:{store}": 1}, LONG_S))


async def all_wait(news: News, count: int) -> None:
    await asyncio.sleep(0)  # each task begins
    assert news.waiting == count


def test_news_of_a_store_wake_its_tills_alone() -> None:
    async def work(news: News, heads: Heads) -> None:
        ours, theirs = a_till(news, "A"), a_till(news, "B")
        await all_wait(news, 2)
        (waits,) = news._waiting["store:B"]
        heads["store:A"] = 2
        await news.look()
        assert not waits.is_set()
        assert await ours == ("store:A",)
        assert not theirs.done()
        heads["store:B"] = 2
        await news.look()
        assert await theirs == ("store:B",)

    with_news(work)


def test_news_of_the_catalogue_wake_everybody() -> None:
    async def work(news: News, heads: Heads) -> None:
        tills = [a_till(news, store) for store in "AAB"]
        await all_wait(news, 3)
        heads["catalogue"] = 6
        await news.look()
        assert await asyncio.gather(*tills) == [("catalogue",)] * 3

    with_news(work)


def test_what_moved_before_is_told_at_once_and_nothing_when_the_wait_is_over() -> None:
    async def work(news: News, heads: Heads) -> None:
        assert await news.past({"store:A": 0}, LONG_S) == ("store:A",)
        assert await news.past({"store:A": 1}, 0.0) == ()
        assert await news.past({"store:A": 1}, 0.001) == ()
        del heads

    with_news(work)


def test_a_hub_that_stops_lets_everybody_go() -> None:
    async def work(news: News, heads: Heads) -> None:
        tills = [a_till(news, "A"), a_till(news, "B")]
        await all_wait(news, 2)
        await news.end()
        assert await asyncio.gather(*tills) == [(), ()]
        assert await news.past({"store:A": 1}, LONG_S) == ()
        del heads

    with_news(work)


def test_who_hangs_up_is_forgotten() -> None:
    async def work(news: News, heads: Heads) -> None:
        till = a_till(news, "A")
        await all_wait(news, 1)
        till.cancel()
        await asyncio.gather(till, return_exceptions=True)
        del heads

    with_news(work)


def test_who_waits_is_woken_though_a_look_before_met_a_bug() -> None:
    async def whole() -> None:
        faults = [ZeroDivisionError("once")]

        async def read() -> Heads:
            if faults:
                raise faults.pop()
            return {"catalogue": 6}

        news = News(read, 0.001)
        watching = asyncio.create_task(news.watch())
        assert await news.past({"catalogue": 5}, LONG_S) == ("catalogue",)
        await news.end()
        await watching

    asyncio.run(whole())
