"""Settings with a slip in them: the one that is wrong is named, in two languages."""

from pathlib import Path

import pytest

from pos_client.settings import TillSettings, WrongSetting, load
from retail.settings import wrong

WRONG: dict[str, tuple[str, str]] = {
    "a name misspelt": ("printr = 'sim://printer'", "printr"),
    "a section": ("[printer]\nurl = 'sim://printer'", "printer"),
    "words for a number": ("heartbeat_s = 'often'", "heartbeat_s"),
    "a pause of nothing": ("heartbeat_s = 0", "heartbeat_s"),
    "time that runs back": ("close_wait_s = -1", "close_wait_s"),
    "for ever": ("hub_time_out_s = inf", "hub_time_out_s"),
    "no number at all": ("feed_wait_s = nan", "feed_wait_s"),
    "longer than a shift": ("database_wait_s = 86400", "database_wait_s"),
    "half a receipt": ("print_queue_max = 0.5", "print_queue_max"),
    "no receipts": ("print_queue_max = 0", "print_queue_max"),
    "a language nobody reads here": ("language = 'fr'", "language"),
    "a time that is none": ("clock_start = 'yesterday'", "clock_start"),
    "a time at the end of the calendar": ("clock_start = 9999-12-31T23:59:59Z", "clock_start"),
    "a time at its beginning": ("clock_start = 0001-01-01T00:00:00", "clock_start"),
    "a list": ("printer = ['sim://printer']", "printer"),
    "no TOML": ("printer = sim://printer", "till.toml"),
    "half a line": ("printer = 'sim://", "till.toml"),
    "twice the same": ("printer = ''\nprinter = ''", "till.toml"),
}


def the_refusal(folder: Path) -> WrongSetting:
    with pytest.raises(WrongSetting) as refusal:
        load(data=folder)
    no = refusal.value
    assert all((*no.say, *no.remedy))
    assert not any("{" in text for text in no.remedy)
    assert any("一" <= char <= "鿿" for char in no.say.zh)
    return no


@pytest.mark.parametrize(("text", "name"), WRONG.values(), ids=WRONG)
def test_a_wrong_setting_in_the_file_is_named(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "till.toml").write_text(text, encoding="utf-8")
    no = the_refusal(tmp_path)
    assert f"Setting {name}" in no.say.en
    assert "nput" not in no.say.zh


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("heartbeat_s = 'often'", "a number, not 'often'", "应为数字，而不是 'often'"),
        ("heartbeat_s = 0", "more than 0, not 0", "应为大于 0 的数字，而不是 0"),
        ("database_wait_s = 86400", "3600 or less", "不大于 3600 的数字"),
        ("feed_wait_s = nan", "a finite number, not nan", "应为有限的数字，而不是 nan"),
        ("print_queue_max = 0.5", "a whole number, not 0.5", "应为整数，而不是 0.5"),
        ("theme = 'pink'", "one of 'dark', 'light', 'contrast', not 'pink'", "以下之一"),
        ("clock_start = 'yesterday'", "a time such as 2026-12-01", "应为时间，例如 2026-12-01"),
        ("printer = ['sim://printer']", "text, not ['sim://printer']", "应为文本"),
        ("logo = 5", "the name of a file or folder, not 5", "应为文件或文件夹名"),
        ("printr = ''", "there is no such setting", "没有此设置项"),
    ],
)
def test_what_was_given_and_what_is_expected_is_said_in_both_languages(
    tmp_path: Path, text: str, en: str, zh: str
) -> None:
    (tmp_path / "till.toml").write_text(text, encoding="utf-8")
    said = the_refusal(tmp_path).say
    assert en in said.en
    assert zh in said.zh


def test_an_error_of_another_kind_keeps_its_own_words_after_the_sentence() -> None:
    fault = {"type": "url_parsing", "loc": ("hub", 0), "input": "x" * 99, "msg": "relative URL"}
    name, why = wrong(fault)
    assert name == "hub.0"
    assert why.en.endswith("… does not fit here (relative URL)")
    assert why.zh.endswith("… 不符合要求（relative URL）")
    assert len(why.zh) < 99


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "till.toml").write_bytes(b"printer = '\xff'")
    assert "till.toml" in the_refusal(tmp_path).say.en


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("OMNITILL_TILL_PRINTR", "sim://printer", "OMNITILL_TILL_PRINTR"),
        ("OMNITILL_TILL_HEARTBEAT_S", "often", "heartbeat_s"),
        ("OMNITILL_TILL_LANGUAGE", "français", "language"),
    ],
)
def test_a_wrong_setting_in_the_environment_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, named: str
) -> None:
    monkeypatch.setenv(name, value)
    assert f"Setting {named}" in the_refusal(tmp_path).say.en


def test_the_environment_wins_over_the_file_and_the_command_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "till.toml").write_text("printer = 'file'\nlanguage = 'en'\nheartbeat_s = 5")
    assert load(data=tmp_path).printer == "file"
    monkeypatch.setenv("OMNITILL_TILL_PRINTER", "environment")
    assert load(data=tmp_path).printer == "environment"
    got = load(data=tmp_path, printer="command")
    assert (got.printer, got.language, got.heartbeat_s) == ("command", "en", 5.0)
    monkeypatch.setenv("OMNITILL_TILL_DATA", str(tmp_path))
    assert load().language == "en"


@pytest.mark.parametrize("inside", ["", "state", "deep/er"])
def test_a_marker_that_would_be_copied_with_the_data_is_refused(
    tmp_path: Path, inside: str
) -> None:
    with pytest.raises(WrongSetting) as refusal:
        load(data=tmp_path, state=tmp_path / inside)
    assert "Setting state" in refusal.value.say.en
    assert load(data=tmp_path / "data", state=tmp_path / "data.state").state


def test_a_till_needs_no_file_of_settings(tmp_path: Path) -> None:
    settings = load(data=tmp_path)
    assert settings.printer == ""
    assert all(field.description for field in TillSettings.model_fields.values())


def test_the_folder_that_was_asked_for_is_the_one_whose_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("asked", "elsewhere"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "till.toml").write_text(f"printer = 'sim://printer?keep={name}'")
    monkeypatch.setenv("OMNITILL_TILL_DATA", str(tmp_path / "elsewhere"))
    settings = load(data=tmp_path / "asked", state=tmp_path / "state")
    assert settings.printer == "sim://printer?keep=asked"


def test_a_state_folder_that_lies_in_the_data_folder_by_a_detour_is_seen(tmp_path: Path) -> None:
    detour = tmp_path / "data" / ".." / "data" / "state"
    with pytest.raises(WrongSetting):
        load(data=tmp_path / "data", state=detour)
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    with pytest.raises(WrongSetting):
        load(data=tmp_path / "data", state=tmp_path / "link" / "state")
