"""Report descriptors: what a HID device is for, and where it says the parts of a code are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.link.hid_descriptor import FIELDS_LIMIT, USAGES_LIMIT, Descriptor, Field
from hardware.scanner.hid_pos import USAGE_PAGE, HidPosParser, Layout
from tests.hardware.plugged import DECLARED

REPORT = b"\x02\x0d]E06901028075022".ljust(64, b"\0")


@pytest.mark.parametrize(("descriptor", "layout"), DECLARED)
def test_a_layout_is_read_off_the_report_descriptor(
    descriptor: bytes, layout: Layout | None
) -> None:
    read = Descriptor.read(descriptor)
    assert read.is_for(USAGE_PAGE)
    assert Layout.declared(read) == layout


def test_the_fields_of_a_boot_keyboard() -> None:
    """HID 1.11, appendix B.1."""
    keyboard = bytes.fromhex(
        "05 01 09 06 A1 01 05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02 95 01 75 08 81 01"
        "95 05 75 01 05 08 19 01 29 05 91 02 95 01 75 03 91 01 95 06 75 08 15 00 25 65 05 07"
        "19 00 29 65 81 00 C0"
    )
    read = Descriptor.read(keyboard)
    assert read.applications == (0x01_0006,)
    assert not read.is_for(USAGE_PAGE)
    assert read.fields[:2] == (Field(0x07_00E0, None, 0, 1, 1), Field(0x07_00E1, None, 1, 1, 1))
    assert read.fields[8] == Field(0x07_0000, None, 16, 8, 1)


def test_pushed_globals_come_back_and_long_items_are_passed_over() -> None:
    read = Descriptor.read(
        bytes.fromhex(
            "05 01 0B 02 00 8C 00 A1 01 06 8C 00 75 08 95 02 A4 75 01 95 08 09 FF 81 02 B4"
            "FE 03 10 AA BB CC 09 FE 81 02 C0"
        )
    )
    assert read.applications == (0x8C_0002,)
    assert read.fields == (
        Field(0x8C_00FF, None, 0, 1, 8), Field(0x8C_00FE, None, 8, 8, 2),
    )  # fmt: skip


@given(
    st.binary(max_size=300)
    | st.builds(
        lambda known, at, more: known[0][:at] + more + known[0][at:],
        st.sampled_from(DECLARED),
        st.integers(0, 60),
        st.binary(max_size=20),
    )
)
def test_any_descriptor_at_all_does_no_harm(data: bytes) -> None:
    read = Descriptor.read(data)
    assert len(read.fields) < FIELDS_LIMIT + USAGES_LIMIT
    layout = Layout.declared(read)
    if layout is not None:
        parser = HidPosParser(layout)
        for report in (REPORT, bytes(64), b""):
            parser.feed(report)


def test_the_largest_descriptor_is_bounded() -> None:
    greedy = bytes.fromhex("96 FF FF 75 08") + bytes.fromhex("19 00 2A FF FF 81 02") * 1000
    assert len(Descriptor.read(greedy).fields) <= FIELDS_LIMIT + USAGES_LIMIT
