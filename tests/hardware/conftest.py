"""What tests of several devices are given."""

from collections.abc import Iterator

import pytest

from hardware.printer import glyphs


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def forget() -> None:
        for remembered in (glyphs.find_font, glyphs.font, glyphs.glyph):
            remembered.cache_clear()

    monkeypatch.setattr(glyphs, "_FONTS", ("no-such-font.ttc",))
    forget()
    yield
    forget()
