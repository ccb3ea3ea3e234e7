"""What is known of printers, and how a URL settles what is not."""

import pytest

from hardware.printer.encoding import PAGE_437, Cjk, Encoding
from hardware.printer.models import MODELS
from hardware.printer.parts import COLUMN_DOTS
from hardware.printer.profile import COLUMNS, Cut, FenceKind, Profile, profile_of
from hardware.url import DeviceUrl


def profiled(options: str) -> Profile:
    url = DeviceUrl.parse(f"escpos+tcp://10.0.0.5?{options}")
    profile = profile_of(url)
    url.nothing_left()
    return profile


OPTIONS = {"cols", "cjk", "qr", "barcode", "cut", "fence", "status", "asb", "drawer"}


def test_a_url_without_options_is_a_chinese_printer_of_80_mm_and_all_of_it_assumed() -> None:
    assert profiled("") == Profile(assumed=frozenset(OPTIONS))
    assert Profile().encoding == Encoding()


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        # the options of before
        ("cols=48", Profile()),
        ("cols=42&fence=gs_r", Profile(columns=42, dots=504, fence=FenceKind.BUFFER)),
        (
            "cols=32&cjk=fs_gb18030",
            Profile(columns=32, dots=384, draws_qr=False, draws_barcodes=False),
        ),
        ("cols=32&qr=native", Profile(columns=32, dots=384, draws_barcodes=False)),
        ("qr=picture", Profile(draws_qr=False)),
        ("fence=process_id", Profile()),
        # and those of now
        ("cjk=raw_gb18030", Profile(cjk=Cjk.RAW_GB18030)),
        ("cjk=utf8", Profile(cjk=Cjk.UTF8)),
        ("cjk=raster", Profile(cjk=Cjk.RASTER)),
        ("fence=none&status=no", Profile(fence=FenceKind.NONE, status=False)),
        ("barcode=picture", Profile(draws_barcodes=False)),
        ("cut=full", Profile(cut=Cut.FULL)),
        ("cut=none", Profile(cut=Cut.NONE)),
        ("asb=yes", Profile(asb=True)),
        ("drawer=high", Profile(drawer_open_when_high=True)),
        ("drawer=low", Profile(drawer_open_when_high=False)),
    ],
)
def test_an_option_settles_what_it_names_and_no_more(options: str, expected: Profile) -> None:
    profile = profiled(options)
    named = {pair.split("=")[0] for pair in options.split("&")}
    assert profile.assumed == OPTIONS - named
    assert profile == Profile(
        **{name: getattr(expected, name) for name in Profile.__slots__ if name != "assumed"},
        assumed=profile.assumed,
    )


@pytest.mark.parametrize(
    "options",
    [
        *("cols=40", "cols=x", "cjk=gbk", "cjk=big5", "qr=yes", "barcode=1", "fence=", "fence=gs"),
        *("cut=half", "status=on", "asb=1", "drawer=open", "profile=tm-t1", "profile=TM-T88V"),
        *("colums=48", "qr=native&qr=picture", "cols"),
    ],
)
def test_what_makes_no_sense_is_refused(options: str) -> None:
    if options == "fence=":  # nothing is said: as if it were not there
        assert profiled(options).fence is FenceKind.PROCESS_ID
        return
    with pytest.raises(ValueError, match=r"not one of|unknown option|twice|bad query"):
        profiled(options)


def test_a_named_model_brings_its_facts_and_the_url_overrides_them() -> None:
    small = profiled("profile=zj-5890")
    assert (small.columns, small.dots, small.cut) == (32, 384, Cut.NONE)
    assert (small.draws_qr, small.draws_barcodes, small.cjk) == (False, False, Cjk.FS_GB18030)
    assert small.model == "zj-5890"
    assert small.assumed == {"fence", "status", "asb", "drawer"}
    other = profiled("profile=zj-5890&cols=48&qr=native&cjk=raster&cut=partial&fence=gs_r")
    assert (other.columns, other.dots, other.draws_qr) == (48, 576, True)
    assert (other.cjk, other.cut, other.fence) == (Cjk.RASTER, Cut.PARTIAL, FenceKind.BUFFER)
    assert other.draws_barcodes is False


@pytest.mark.parametrize(
    ("model", "fence"),
    [
        ("tm-t20iii", FenceKind.PROCESS_ID),
        ("tm-t88vi", FenceKind.PROCESS_ID),
        ("tm-t88vii", FenceKind.PROCESS_ID),
        ("xp-s260m", FenceKind.PROCESS_ID),
        ("rp326", FenceKind.BUFFER),
        ("pos-5890", FenceKind.BUFFER),
        ("generic-58", FenceKind.BUFFER),
    ],
)
def test_gs_h_is_asked_of_named_models_only_where_somebody_saw_it_answered(
    model: str, fence: FenceKind
) -> None:
    profile = profiled(f"profile={model}")
    assert profile.fence is fence
    assert ("fence" in profile.assumed) is (fence is FenceKind.BUFFER)


@pytest.mark.parametrize("model", ["pos-5890", "nt-5890k", "zj-5870", "zj-5890"])
def test_the_small_ones_of_58_mm_get_their_codes_as_pictures(model: str) -> None:
    profile = profiled(f"profile={model}")
    assert not profile.draws_qr
    assert not profile.draws_barcodes


def test_an_epson_of_80_mm_in_the_wider_font_has_more_pages_than_one() -> None:
    profile = profiled("profile=tm-t88v&cjk=raster")
    assert (profile.columns, profile.dots) == (42, 512)
    assert profile.encoding.has("5 €")
    assert (profile.status, profile.asb) == (True, True)


@pytest.mark.parametrize("name", MODELS)
def test_every_fact_has_a_source_and_every_model_prints(name: str) -> None:
    model = MODELS[name]
    assert model.sources
    assert model.columns in (None, *COLUMNS)
    if model.columns and model.dots:
        assert model.columns * COLUMN_DOTS <= model.dots
    profile = profiled(f"profile={name}")
    assert profile.model == name
    assert profile.pages[0] == PAGE_437
    for page in profile.pages:
        assert "é".encode(page.codec)
