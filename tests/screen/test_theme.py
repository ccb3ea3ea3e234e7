"""Another theme repaints the whole screen, whatever stood there before."""

import asyncio
from typing import get_args

import pytest

from pos_client.app import TillApp
from pos_client.screen.colours import STYLES, Name
from pos_client.screen.rows import Ink
from pos_client.till import Till
from tests.screen.cashier import LARGE
from tests.till.counter import COLA


def _grounds(theme: Name) -> set[str]:
    """What the theme's inks stand on, but for the chosen line, which may not be shown."""
    styles = (style for ink, style in STYLES[theme].items() if ink is not Ink.CHOSEN)
    return {style.bgcolor.name for style in styles if style.bgcolor is not None}


@pytest.mark.parametrize("worn", get_args(Name))
@pytest.mark.parametrize("before", get_args(Name))
def test_a_theme_leaves_no_ground_of_the_one_before(till: Till, before: Name, worn: Name) -> None:
    till.shift.open("1001", 50_000)
    till.sale.scan(COLA)

    async def pictures() -> tuple[str, str]:
        app = TillApp(till, before)
        async with app.run_test(size=LARGE) as pilot:
            await pilot.pause()
            first = app.export_screenshot()
            app.wear(worn)
            await pilot.pause()
            return first, app.export_screenshot()

    first, then = asyncio.run(pictures())
    for picture, theme in ((first, before), (then, worn)):
        others = set.union(*map(_grounds, get_args(Name))) - _grounds(theme)
        assert any(f'fill="{ground}"' in picture for ground in _grounds(theme))
        assert [ground for ground in others if f'fill="{ground}"' in picture] == []
