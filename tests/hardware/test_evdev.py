"""A keyboard scanner taken away from the keyboard: from the kernel's events to codes."""

import asyncio
import struct
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.link.device_file import READ_ONLY, DeviceFile
from hardware.scanner.evdev import EVENT_BYTES, EvdevParser, LastKey
from hardware.scanner.scan import BREAK_GAP_S, CODE_LIMIT_BYTES, END_GAP_S, Heard, Noise, Scan
from hardware.scanner.scanner import Scanner
from hardware.simulator.scanner import Form, SimulatedScanner, typed
from tests.hardware.readers import far_end, reading, serving_file

COLA = "6901028075022"
SYN, KEY, MSC, LED = 0, 1, 4, 0x11
UP, DOWN, AGAIN = 0, 1, 2
SHIFT, CTRL, ALT, CAPS, ENTER, TAB = 42, 29, 56, 58, 28, 15
DROPPED = 3

# Of include/uapi/linux/input-event-codes.h; what a US keyboard has on the key, without Shift and
# with it.
US_KEYS = [
    (2, "1!"), (3, "2@"), (4, "3#"), (5, "4$"), (6, "5%"), (7, "6^"), (8, "7&"), (9, "8*"),
    (10, "9("), (11, "0)"), (12, "-_"), (13, "=+"), (16, "qQ"), (17, "wW"), (18, "eE"),
    (19, "rR"), (20, "tT"), (21, "yY"), (22, "uU"), (23, "iI"), (24, "oO"), (25, "pP"),
    (26, "[{"), (27, "]}"), (30, "aA"), (31, "sS"), (32, "dD"), (33, "fF"), (34, "gG"),
    (35, "hH"), (36, "jJ"), (37, "kK"), (38, "lL"), (39, ";:"), (40, "'\""), (41, "`~"),
    (43, "\\|"), (44, "zZ"), (45, "xX"), (46, "cC"), (47, "vV"), (48, "bB"), (49, "nN"),
    (50, "mM"), (51, ",<"), (52, ".>"), (53, "/?"), (57, "  "),
]  # fmt: skip
KEYPAD = [
    (71, "7"), (72, "8"), (73, "9"), (74, "-"), (75, "4"), (76, "5"), (77, "6"), (78, "+"),
    (79, "1"), (80, "2"), (81, "3"), (82, "0"), (83, "."), (55, "*"), (98, "/"), (117, "="),
    (121, ","),
]  # fmt: skip
PAD = {char: key for key, char in KEYPAD}


def event(kind: int, code: int, value: int) -> bytes:
    """As on a 64-bit system, with a time that is not nought."""
    return struct.pack("=qqHHi", 1_764_000_000, 654_321, kind, code, value)


def stroke(*keys: int) -> bytes:
    """Keys go down one after the other, and up the other way."""
    down = [(MSC, 4, 0x70000 + key) for key in keys[:1]] + [(KEY, key, DOWN) for key in keys]
    up = [(KEY, key, UP) for key in reversed(keys)]
    return b"".join(event(*one) for one in (*down, (SYN, 0, 0), *up, (SYN, 0, 0)))


def by_number(digits: str, alt: int = ALT) -> bytes:
    keys = b"".join(stroke(PAD[digit]) for digit in digits)
    return event(KEY, alt, DOWN) + event(SYN, 0, 0) + keys + event(KEY, alt, UP) + event(SYN, 0, 0)


def keys_of(text: str) -> bytes:
    return b"".join(
        stroke(key) if char == pair[0] else stroke(SHIFT, key)
        for char in text
        for key, pair in US_KEYS
        if char in pair
    )


def heard(data: bytes, last_key: LastKey = LastKey.ENTER, prefix: bytes = b"") -> list[Heard]:
    return EvdevParser(last_key, prefix, 24).feed(data)


@pytest.mark.parametrize(("key", "pair"), US_KEYS)
def test_each_key_of_a_us_keyboard_has_its_characters(key: int, pair: str) -> None:
    shifted = b"".join(stroke(shift, key) for shift in (42, 54))
    assert heard(stroke(2) + stroke(key) + shifted + stroke(ENTER)) == [
        Scan("1" + pair[0] + pair[1] * 2)
    ]


@pytest.mark.parametrize(("key", "char"), KEYPAD)
def test_each_key_of_the_keypad_has_its_character_with_shift_and_without(
    key: int, char: str
) -> None:
    assert heard(stroke(key) + stroke(SHIFT, key) + stroke(ENTER)) == [Scan(char * 2)]


@pytest.mark.parametrize(
    ("last_key", "end"),
    [
        (LastKey.ENTER, stroke(ENTER)),
        (LastKey.ENTER, stroke(96)),
        (LastKey.ENTER, stroke(CTRL, 50)),
        (LastKey.TAB, stroke(TAB)),
        (LastKey.TAB, stroke(CTRL, 23)),
    ],
)
def test_a_code_ends_at_the_key_that_is_agreed(last_key: LastKey, end: bytes) -> None:
    assert heard((keys_of(COLA) + end) * 2, last_key) == [Scan(COLA)] * 2


def test_a_code_that_nothing_is_typed_behind_ends_at_a_pause() -> None:
    parser = EvdevParser(LastKey.PAUSE, event_bytes=24)
    assert parser.gap_s == END_GAP_S
    assert parser.feed(keys_of(COLA)) == []
    assert parser.begun
    assert parser.gap() == [Scan(COLA)]
    assert not parser.begun


def test_where_a_last_key_is_agreed_half_a_code_is_none() -> None:
    parser = EvdevParser(event_bytes=24)
    assert parser.gap_s == BREAK_GAP_S
    assert parser.feed(keys_of("69010")) == []
    assert parser.gap() == [Noise(b"69010")]
    assert parser.feed(keys_of(COLA) + stroke(ENTER)) == [Scan(COLA)]


def test_enter_and_line_feed_behind_each_code_are_no_noise() -> None:
    parser = EvdevParser(event_bytes=24)
    both = stroke(ENTER) + stroke(CTRL, 36)
    assert parser.feed((keys_of("12") + both) * 2) == [Scan("12"), Scan("12")]
    assert parser.gap() == []


@pytest.mark.parametrize(
    ("keys", "char"),
    [
        (stroke(CTRL, 27), "\x1d"),
        (stroke(97, 27), "\x1d"),
        (stroke(CTRL, 43), "\x1c"),
        (stroke(CTRL, 7), "\x1e"),
        (stroke(CTRL, 12), "\x1f"),
        (stroke(CTRL, 32), "\x04"),
        (by_number("029"), "\x1d"),
        (by_number("029", alt=100), "\x1d"),
        (by_number("29"), "\x1d"),
        (by_number("0029"), "\x1d"),
        (by_number("065"), "A"),
        (by_number("0233") + by_number("0175") + by_number("0181"), "鯵"),
        (by_number("47811"), "好"),
        (stroke(ALT), ""),
    ],
)
def test_what_no_key_has_is_typed_with_ctrl_or_by_its_number(keys: bytes, char: str) -> None:
    assert heard(keys_of("10a") + keys + keys_of("17") + stroke(ENTER)) == [Scan(f"10a{char}17")]


def test_a_gs1_element_string_keeps_its_separator_and_its_symbology() -> None:
    text, gs = "]C1010952123454321310ABC", stroke(CTRL, 27)
    assert heard(keys_of(text) + gs + keys_of("17261231") + stroke(ENTER)) == [
        Scan("010952123454321310ABC\x1d17261231", "]C1")
    ]


def test_a_scanner_that_locks_capitals_for_each_code_is_understood() -> None:
    wrapped = stroke(CAPS) + keys_of("aB1-") + stroke(CAPS) + stroke(ENTER)
    assert heard(wrapped * 2) == [Scan("Ab1-")] * 2


def test_capitals_are_not_locked_for_ever() -> None:
    parser = EvdevParser(event_bytes=24)
    parser.feed(stroke(CAPS))
    assert parser.begun
    assert parser.gap() == []
    assert parser.feed(keys_of("a") + stroke(ENTER)) == [Scan("a")]


def test_a_key_that_is_held_down_types_once() -> None:
    held = event(KEY, 2, DOWN) + event(KEY, 2, AGAIN) * 30 + event(KEY, 2, UP)
    assert heard(held + stroke(ENTER)) == [Scan("1")]


@pytest.mark.parametrize("key", [1, *range(59, 71), 87, 88, *range(102, 112), 119, 125])
def test_a_key_that_has_no_character_anywhere_adds_none(key: int) -> None:
    assert heard(stroke(key) + keys_of(COLA) + stroke(key) + stroke(ENTER)) == [Scan(COLA)]


@pytest.mark.parametrize(
    "keys",
    [
        *(stroke(14), stroke(86), stroke(89), stroke(113), stroke(CTRL, 3), stroke(CTRL, 2)),
        *(stroke(ALT, 30), by_number("0000065"), by_number("99999"), stroke(CTRL, 26)),
        event(0x20, 30, DOWN),
    ],
)
def test_a_code_with_a_key_that_nobody_knows_is_none(keys: bytes) -> None:
    parser = EvdevParser(event_bytes=24)
    [noise] = parser.feed(keys_of("690") + keys + keys_of("1") + stroke(ENTER))
    assert isinstance(noise, Noise)
    assert noise.data.startswith(b"690")
    assert parser.feed(keys_of(COLA) + stroke(ENTER)) == [Scan(COLA)]


def test_lights_and_other_events_say_nothing() -> None:
    lights = event(LED, 1, 1) + event(SYN, 0, 0)
    assert heard(lights + keys_of("12") + lights + stroke(ENTER)) == [Scan("12")]


def test_a_code_of_which_the_kernel_lost_some_is_dropped_up_to_its_end() -> None:
    lost = event(SYN, DROPPED, 0) + event(KEY, 9, DOWN) + event(SYN, 0, 0)
    parser = EvdevParser(event_bytes=24)
    assert parser.feed(keys_of("690") + lost + keys_of("8075022") + stroke(ENTER)) == [
        Noise(b"6908075022")
    ]
    assert parser.feed(keys_of(COLA) + stroke(ENTER)) == [Scan(COLA)]


def test_after_a_loss_no_modifier_is_thought_to_be_down() -> None:
    parser = EvdevParser(event_bytes=24)
    lost = event(SYN, DROPPED, 0) + event(KEY, SHIFT, UP) + event(SYN, 0, 0)
    parser.feed(keys_of("1") + event(KEY, SHIFT, DOWN) + lost + stroke(ENTER))
    assert parser.feed(keys_of("abc") + stroke(ENTER)) == [Scan("abc")]


def test_a_key_that_is_void_after_a_pause_too_makes_the_code_none() -> None:
    parser = EvdevParser(event_bytes=24)
    parser.feed(event(SYN, DROPPED, 0))
    parser.gap()
    assert not parser.begun
    assert parser.feed(keys_of(COLA) + stroke(ENTER)) == [Noise(COLA[1:].encode())]
    assert parser.feed(keys_of(COLA) + stroke(ENTER)) == [Scan(COLA)]


def test_what_the_kernel_says_when_a_code_was_too_much_for_it() -> None:
    """As Linux 6.1 said it: the loss, what is left of a report, and the end of the code."""
    left = [(SYN, DROPPED, 0), (MSC, 4, 0x70027), (KEY, 11, UP), (SYN, 0, 0)]
    parser = EvdevParser(event_bytes=24)
    assert parser.feed(b"".join(event(*one) for one in left) + keys_of("22")) == []
    assert parser.feed(stroke(ENTER)) == [Noise(b"22")]
    assert parser.feed(keys_of(COLA) + stroke(ENTER)) == [Scan(COLA)]


def test_a_loss_before_a_code_is_heard_of() -> None:
    parser = EvdevParser(event_bytes=24)
    parser.feed(event(SYN, DROPPED, 0) + event(SYN, 0, 0))
    assert parser.gap() == [Noise(b"")]
    assert not parser.begun


def test_the_prefix_is_taken_off_and_what_comes_without_it_is_noise() -> None:
    with_prefix = by_number("002") + keys_of("6901") + stroke(ENTER)
    without, alone = keys_of("8075022") + stroke(ENTER), by_number("002") + stroke(ENTER)
    assert heard(with_prefix + without + alone, prefix=b"\x02") == [
        Scan("6901"), Noise(b"8075022"), Noise(b"\x02"),
    ]  # fmt: skip


def test_a_number_that_is_cut_short_makes_the_code_none() -> None:
    parser = EvdevParser(LastKey.PAUSE, event_bytes=24)
    parser.feed(keys_of("10") + event(KEY, ALT, DOWN) + stroke(PAD["2"]))
    assert parser.gap() == [Noise(b"10")]
    assert parser.feed(event(KEY, ALT, UP) + keys_of("12")) == []
    assert parser.gap() == [Scan("12")]


def test_on_a_32_bit_system_events_are_shorter() -> None:
    short = b"".join(
        struct.pack("=iiHHi", 1_764_000_000, 0, KEY, key, value)
        for key in (7, 10, ENTER)
        for value in (DOWN, UP)
    )
    assert EvdevParser(event_bytes=16).feed(short) == [Scan("69")]


def test_a_code_is_bounded_and_the_next_one_is_whole() -> None:
    parser = EvdevParser(event_bytes=24)
    for _ in range(10):
        assert parser.feed(stroke(2) * 1000) == []
        assert len(parser._held) <= CODE_LIMIT_BYTES + 2
    assert parser.feed(stroke(ENTER)) == [Noise(b"1" * 64)]
    assert parser.feed(keys_of(COLA) + stroke(ENTER)) == [Scan(COLA)]


@given(
    codes=st.lists(
        st.text(
            st.characters(
                codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\x1d"
            ),
            min_size=1,
            max_size=12,
        ).filter(lambda code: not code.startswith("]")),
        max_size=5,
    ),
    data=st.data(),
)
def test_codes_cut_anywhere_come_out_whole_and_in_order(
    codes: list[str], data: st.DataObject
) -> None:
    stream = b"".join(typed(code.encode() + b"\r") for code in codes)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parser, found = EvdevParser(), list[Heard]()
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += parser.feed(stream[begin:end])
    assert found == [Scan(code) for code in codes]


ANY_EVENT = st.builds(
    event, st.sampled_from([SYN, KEY, KEY, KEY, 0x20]), st.integers(0, 130), st.integers(-1, 3)
)


@given(
    pieces=st.lists(
        st.binary(max_size=100) | st.lists(ANY_EVENT, max_size=60).map(b"".join) | st.none(),
        max_size=12,
    ),
    last_key=st.sampled_from(LastKey),
    prefix=st.binary(max_size=1),
)
def test_any_bytes_at_all_do_no_harm(
    pieces: list[bytes | None], last_key: LastKey, prefix: bytes
) -> None:
    """None is a pause. After one all is as it was."""
    parser = EvdevParser(last_key, prefix, 24)
    for piece in pieces:
        for one in parser.gap() if piece is None else parser.feed(piece):
            assert isinstance(one, Scan | Noise)
        assert len(parser._partial) < 24
    parser.gap()
    assert not parser.begun
    parser.feed(stroke(30) if not prefix else by_number(f"{prefix[0]:03}") + stroke(30))
    end = {LastKey.ENTER: stroke(ENTER), LastKey.TAB: stroke(TAB), LastKey.PAUSE: b""}[last_key]
    if prefix not in (b"\r", b"\t", b"\n"):
        found = parser.feed(end) if end else parser.gap()
        assert found == [Scan("a")]


def test_ten_thousand_codes_typed_at_full_speed_are_all_there_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        simulated = SimulatedScanner(form=Form.KEYS)
        fifo = tmp_path / "event0"
        async with serving_file(simulated, fifo, EVENT_BYTES * 64):
            connect = partial(DeviceFile.connect, str(fifo), modes=READ_ONLY)
            async with reading(Scanner(connect, EvdevParser)) as reader:
                await reader.until_ready()
                codes = [f"69{number:011d}" for number in range(10_000)]
                for code in codes:
                    assert simulated.scan(code)
                    assert await simulated.gone_out()
                assert await reader.until_scanned(len(codes)) == codes
                assert reader.noise == []

    asyncio.run(scenario())


def test_a_file_whose_keys_cannot_be_had_alone_is_not_read(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = tmp_path / "event0"
        far = far_end(fifo)
        async with reading(f"scan+evdev://{fifo}") as reader:
            await reader.until(lambda: reader.scanner.health.known)
            fault = reader.scanner.health.fault
            assert fault is not None
            assert fault.code == "scanner.unplugged"
            assert "alone" in fault.detail
            await far.write(typed(b"1\r"))
            assert reader.scans == []
        await far.close()

    asyncio.run(scenario())
