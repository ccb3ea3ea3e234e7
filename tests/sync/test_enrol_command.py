"""`pos-client enrol`: a till goes only to the hub its code names, and only by a protected line."""

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
import zstandard
from sqlalchemy import insert

from journal.envelope import decode
from journal.signature import Signer, fingerprint, plain_code
from journal.stream import Predecessor, StreamBegan
from pos_client.inspection import stored_facts
from pos_client.till import NotEnrolled, Till
from rehearsal.cable import Cable
from sync_server.problems import busy
from sync_server.sync.records import enrol_code
from tests.builders import till_settings
from tests.served_hub import ServedHub
from tests.sync.conftest import ENROLLED, Enrol, Open, pull_all, run_enrol
from tests.sync.false_hub import FalseHub, http, message


def test_a_till_is_enrolled_and_sells(hub: ServedHub, enrol: Enrol, open_till: Open) -> None:
    till = open_till(enrol())
    assert (till.who.store, till.who.till) == ("S01", "S01-1")
    pull_all(till)
    assert till.catalogue.known_products == 4


def test_a_code_may_be_typed_as_it_was_heard(hub: ServedHub, cable: Cable, tmp_path: Path) -> None:
    code = hub.enrol_code().lower().replace("-", " ")
    assert run_enrol(till_settings(tmp_path / "till"), cable.url, code)[0] == 0


def test_a_code_that_is_refused_says_why_in_both_languages(
    hub: ServedHub, cable: Cable, tmp_path: Path
) -> None:
    settings = till_settings(tmp_path / "till")
    code, said, trouble = run_enrol(settings, cable.url, "AAAAA-AAAAA-AAAAA")
    assert (code, said) == (1, "")
    assert "not known or has expired" in trouble
    assert "登记码无效" in trouble
    with pytest.raises(NotEnrolled):
        Till.open(settings)


def test_an_answer_that_was_lost_may_be_asked_for_again(
    hub: ServedHub, cable: Cable, tmp_path: Path, open_till: Open
) -> None:
    settings, code = till_settings(tmp_path / "till"), hub.enrol_code()
    cable.pull_after(bytes_to_till=20)
    assert run_enrol(settings, cable.url, code)[0] == 1
    cable.plug()
    assert run_enrol(settings, cable.url, code) == (0, ENROLLED, "")
    assert open_till(settings).who.till == "S01-1"


def test_a_till_does_not_go_to_a_hub_that_its_code_does_not_name(
    hub: ServedHub, tmp_path: Path
) -> None:
    """The other hub even knows the code; its key is not the one that the code names."""
    code = hub.enrol_code()
    with ServedHub(f"sqlite:///{tmp_path / 'other.db'}") as other:
        other.add_store()
        known = insert(enrol_code).values(
            code_hash=sha256(plain_code(code).encode()).hexdigest(),
            store_id="S01",
            till_id="S01-1",
            expires_at="2099-01-01T00:00:00+00:00",
        )
        other.write(lambda connection: connection.execute(known))
        settings = till_settings(tmp_path / "till")
        exit_code, _, trouble = run_enrol(settings, other.url, code)
    assert exit_code == 1
    assert "not the one that made this code" in trouble
    with pytest.raises(NotEnrolled):
        Till.open(settings)


@pytest.mark.parametrize(
    "url", ["http://hub.example", "http://192.0.2.7:8700", "http://10.0.0.5", "HTTP://hub.local/"]
)
def test_a_line_that_anyone_can_read_is_refused_before_a_word_is_said(
    tmp_path: Path, url: str
) -> None:
    settings = till_settings(tmp_path / "till")
    code, _, trouble = run_enrol(settings, url, "AAAAA-AAAAA-AAAAA")
    assert code == 1
    assert "is not protected" in trouble
    assert "未加密" in trouble
    assert not settings.data.exists()


@pytest.mark.parametrize(
    "url", ["hub.example", "", "ftp://hub.example", "https://", "http://:99999"]
)
def test_an_address_that_is_none_is_a_sentence(tmp_path: Path, url: str) -> None:
    code, _, trouble = run_enrol(till_settings(tmp_path / "till"), url, "AAAAA-AAAAA-AAAAA")
    assert code == 1
    assert "is no address of a hub" in trouble


@pytest.mark.parametrize("status", [429, 503])
def test_a_hub_that_is_busy_asks_who_enrols_to_try_again(tmp_path: Path, status: int) -> None:
    """The command has ended: nothing tries again by itself."""
    says = (message(busy().problem, status, {"Retry-After": "5"}),)
    with FalseHub(lambda _: says) as hub:
        settings = till_settings(tmp_path / "till")
        code, _, trouble = run_enrol(settings, hub.url, "AAAAA-AAAAA-AAAAA")
    assert code == 1
    assert busy().problem.title in trouble
    assert "Run this again" in trouble
    assert "重新运行" in trouble
    assert "by itself" not in trouble


def test_a_hub_that_is_silent_or_strange_is_a_sentence(cable: Cable, tmp_path: Path) -> None:
    settings = till_settings(tmp_path / "till")
    cable.pull()
    code, _, trouble = run_enrol(settings, cable.url, "AAAAA-AAAAA-AAAAA")
    assert code == 1
    assert "did not answer" in trouble
    with FalseHub(lambda _: (http(200, b"<html>Please log in</html>", ours=False),)) as portal:
        code, _, trouble = run_enrol(settings, portal.url, "AAAAA-AAAAA-AAAAA")
    assert code == 1
    assert "somebody who is not the hub" in trouble


@pytest.mark.parametrize("host", ["10.0.0..5", "a..b", "x" * 64, "xn--a"])
def test_a_host_that_no_name_look_up_takes_is_a_sentence(tmp_path: Path, host: str) -> None:
    settings = till_settings(tmp_path / "till")
    code, _, trouble = run_enrol(settings, f"https://{host}:8700", "AAAAA-AAAAA-AAAAA")
    assert code == 1
    assert "did not answer" in trouble or "is no address of a hub" in trouble


@pytest.mark.parametrize(
    "changed",
    [{"till": "../../x"}, {"till": "a\0b"}, {"store": ""}, {"hub_key": "!!!"}, {"till": "x\n"}],
)
def test_an_answer_whose_names_are_none_enrols_nobody(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    """The till's name becomes part of file names, the hub's key is what it trusts from then on."""
    key = Signer(bytes(32)).public
    reply = {"store": "S01", "till": "S01-1", "hub_key": key, "epoch": "e"} | changed
    code = f"AAAAA-AAAAA-{fingerprint(reply['hub_key'])}"
    settings = till_settings(tmp_path / "till")
    body = zstandard.compress(msgspec.json.encode(reply))
    says = (http(200, body, {"Content-Encoding": "zstd"}),)
    with FalseHub(lambda _: says) as strange:
        exit_code, said, trouble = run_enrol(settings, strange.url, code)
    assert (exit_code, said) == (1, "")
    assert "did not answer" in trouble
    with pytest.raises(NotEnrolled):
        Till.open(settings)


def test_a_data_folder_stays_with_its_till(hub: ServedHub, enrol: Enrol, cable: Cable) -> None:
    settings = enrol()
    code, _, trouble = run_enrol(settings, cable.url, hub.enrol_code())
    assert code == 1
    assert "S01-2" in trouble
    assert run_enrol(settings, cable.url, hub.enrol_code("S01", "S01-1"))[0] == 0


def test_a_code_for_another_till_is_refused_unused(
    hub: ServedHub, enrol: Enrol, cable: Cable, tmp_path: Path
) -> None:
    settings, code = enrol(), hub.enrol_code()
    exit_code, _, trouble = run_enrol(settings, cable.url, code)
    assert exit_code == 1
    for words in ("till S01-1, the code is for till S01-2", "属于收银机 S01-1", "--data"):
        assert words in trouble
    own = till_settings(tmp_path / "own")  # as the remedy says
    assert run_enrol(own, cable.url, code) == (0, ENROLLED.replace("S01-1", "S01-2"), "")


def test_a_second_enrolment_begins_a_stream_and_says_why(
    hub: ServedHub, enrol: Enrol, cable: Cable, open_till: Open
) -> None:
    settings = enrol()
    first = open_till(settings)
    former, head = first.recorder.writer.stream.incarnation, first.recorder.head
    first.close()
    assert run_enrol(settings, cable.url, hub.enrol_code("S01", "S01-1"))[0] == 0
    again = open_till(settings)
    opening = decode(list(stored_facts(again.database))[-1])
    assert opening.inc == again.recorder.writer.stream.incarnation != former
    assert msgspec.json.decode(opening.body, type=StreamBegan) == StreamBegan(
        "enrolled_again", Predecessor(former, head.seq, head.hash)
    )
