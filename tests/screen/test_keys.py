"""Keys become what was meant, in order, whatever comes between two scans."""

from hypothesis import given
from hypothesis import strategies as st

from hardware.scanner.wedge import Wedge
from pos_client.screen.keys import (
    PASTED_CODES_MAX,
    PAUSE_S,
    SHORT_PACE_S,
    Input,
    Keys,
    Pressed,
    Scanned,
    Typed,
)
from tests.screen.cashier import HAND_S, SCANNER_S

CODE = "6901028075022"


class Board:
    """A keyboard with a scanner on its cable."""

    def __init__(self, keys: Keys | None = None) -> None:
        self.keys = keys or Keys()
        self.at_s = 0.0
        self.came: list[Input] = []

    def hit(self, text: str, *names: str, pace_s: float = SCANNER_S) -> "Board":
        for char in text:
            self.at_s += pace_s
            self.came += self.keys.key(char, char, self.at_s)
        for name in names:
            self.at_s += pace_s
            self.came += self.keys.key(name, None, self.at_s)
        return self

    @property
    def meant(self) -> list[Input]:
        """What remains when scans have taken back what they typed."""
        left: list[Input] = []
        for each in self.came:
            if isinstance(each, Scanned):
                for _ in range(each.typed):
                    assert isinstance(left.pop(), Typed)
                left.append(Scanned(each.code))
            else:
                left.append(each)
        return left


def test_a_burst_that_ends_with_enter_is_a_scan() -> None:
    assert Board().hit(CODE, "enter").meant == [Scanned(CODE)]


def test_a_hand_is_no_scanner() -> None:
    typed = Board().hit(CODE, "enter", pace_s=HAND_S).meant
    assert typed == [*map(Typed, CODE), Pressed("enter")]


def test_a_short_burst_may_be_a_roll_over_the_number_pad() -> None:
    slow = SHORT_PACE_S * 2
    rolled = Board().hit("100", "enter", pace_s=slow).meant
    assert rolled == [*map(Typed, "100"), Pressed("enter")]


def test_a_short_burst_faster_than_any_hand_is_left_to_the_catalogue() -> None:
    assert Board().hit("4011", "enter").came[-1] == Scanned("4011", typed=4, certain=False)
    assert Board().hit("41", "enter").meant == [*map(Typed, "41"), Pressed("enter")]


def test_what_a_hand_typed_well_before_a_scan_stays_typed() -> None:
    board = Board().hit("3*", pace_s=HAND_S)
    board.at_s += PAUSE_S
    assert board.hit(CODE, "enter").meant == [Typed("3"), Typed("*"), Scanned(CODE)]


def test_what_a_hand_typed_just_before_a_scan_goes_with_it() -> None:
    board = Board().hit("3*", pace_s=HAND_S)
    assert board.hit(CODE, "enter").meant == [Scanned("3*" + CODE)]


def test_a_sentence_that_a_scan_bursts_into_is_not_taken_with_it() -> None:
    sentence = "the bottle is broken"
    board = Board().hit(sentence, pace_s=HAND_S)
    board.at_s += HAND_S
    assert board.hit(CODE, "enter").meant == [*map(Typed, sentence), Scanned(CODE)]


@given(st.integers(1, len(CODE)), st.floats(0.05, 0.24))
def test_a_machine_that_stalls_cuts_no_code_in_two(at: int, stall_s: float) -> None:
    board = Board().hit(CODE[:at])
    board.at_s += stall_s
    assert board.hit(CODE[at:], "enter").meant == [Scanned(CODE)]


def test_no_key_overtakes_a_scan() -> None:
    board = Board()
    for _ in range(3):
        board.hit(CODE, "enter", "f4", "f12")
    assert board.meant == [Scanned(CODE), Pressed("f4"), Pressed("f12")] * 3


def test_the_line_feed_behind_a_scan_is_no_second_enter() -> None:
    assert Board().hit(CODE, "enter", "ctrl+j").meant == [Scanned(CODE)]
    slow = Board().hit(CODE, "enter", "ctrl+j", pace_s=HAND_S).meant
    assert slow == [*map(Typed, CODE), Pressed("enter")]
    assert Board().hit("", "ctrl+j").meant == []
    assert Board().hit(CODE, "ctrl+j").meant == [Scanned(CODE)]


def test_a_group_separator_belongs_to_the_code() -> None:
    code = "]C1010952123454321310ABC\x1d17261231"
    assert Board().hit(code, "enter").meant == [Scanned(code)]


def test_a_scanner_may_end_its_codes_with_tab() -> None:
    board = Board(Keys(Wedge(suffix="tab"))).hit(CODE, "tab")
    assert board.meant == [Scanned(CODE)]
    assert Board(Keys(Wedge(suffix="tab"))).hit(CODE, "enter").meant[-1] == Pressed("enter")


def test_with_a_prefix_only_what_bears_it_is_a_scan() -> None:
    board = Board(Keys(Wedge("\x02")))
    assert board.hit("\x02" + CODE, "enter").meant == [Scanned(CODE)]
    other = Board(Keys(Wedge("\x02"))).hit(CODE, "enter")
    assert other.meant == [*map(Typed, CODE), Pressed("enter")]


def test_a_prefixed_code_that_never_ends_was_typed_after_all() -> None:
    board = Board(Keys(Wedge("~"))).hit("~123")
    board.at_s += 2
    assert board.hit("4", pace_s=HAND_S).meant == [Typed("~123"), Typed("4")]


def test_a_paste_is_as_many_scans_as_it_has_lines() -> None:
    keys = Keys()
    assert keys.pasted(f"{CODE}\r\n4006381333931\n") == [Scanned(CODE), Scanned("4006381333931")]
    assert Keys(Wedge(suffix="tab")).pasted(f"{CODE}\t{CODE}\t") == [Scanned(CODE)] * 2
    for prefix in "~\x02":
        assert Keys(Wedge(prefix)).pasted(f"{prefix}{CODE}\n") == [Scanned(CODE)]
    assert keys.pasted("12.50") == [Typed("12.50")]
    assert keys.pasted("100\n") == [Typed("100"), Scanned("100", typed=3, certain=False)]
    assert len(keys.pasted(f"{CODE}\n" * 70_000)) == PASTED_CODES_MAX


_CODES = st.text(alphabet="0123456789ABC-", min_size=6, max_size=20)


@given(st.lists(st.tuples(_CODES, st.lists(st.sampled_from(["f2", "f4", "up", "f12"])))))
def test_every_code_of_any_stream_comes_out_once_and_in_order(
    stream: list[tuple[str, list[str]]],
) -> None:
    board = Board()
    expected: list[Input] = []
    for code, names in stream:
        board.hit(code, "enter", *names)
        expected += [Scanned(code), *map(Pressed, names)]
    assert board.meant == expected


@given(st.text(max_size=400), st.sampled_from(["", "\x02", "]"]))
def test_no_paste_and_no_text_is_more_than_it_says(text: str, prefix: str) -> None:
    keys = Keys(Wedge(prefix))
    came = keys.pasted(text)
    for place, char in enumerate(text):
        came += keys.key(char, char, place * SCANNER_S)
    for each in came:
        if isinstance(each, Typed):
            assert all(char.isprintable() or char == "\x1d" for char in each.text)
