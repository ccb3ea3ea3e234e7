"""Nothing on head office's pages is changed but from these pages themselves."""

from collections.abc import Iterator

import httpx
import pytest

from sync_server.console.guard import FORM_BYTES_MAX
from tests.builders import the_shelf
from tests.hub.office import Office, told
from tests.served_hub import ServedHub

RECALL = {"id": "cola", "reason": "x", "by": "x"}


@pytest.fixture(scope="module")
def shelf(one_hub: ServedHub) -> ServedHub:
    one_hub.publish(the_shelf())
    return one_hub


@pytest.fixture
def office(shelf: ServedHub) -> Iterator[Office]:
    with Office(shelf.url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"X-Forwarded-For": "127.0.0.1"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
    ],
    ids=str,
)
def test_a_form_of_another_site_changes_nothing(
    shelf: ServedHub, office: Office, headers: dict[str, str], status: int
) -> None:
    answer = office.post("/recalls", RECALL, headers)
    assert answer.status_code == status
    assert "<p>" in answer.text
    assert shelf.do(shelf.hub.office.recalls()) == []


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "x"])
def test_a_form_without_the_hubs_token_changes_nothing(
    shelf: ServedHub, office: Office, token: str
) -> None:
    answer = office.post("/recalls", {**RECALL, "token": token})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert "未作任何更改" in answer.text
    assert shelf.do(shelf.hub.office.recalls()) == []


def test_another_hub_has_another_token(shelf: ServedHub, office: Office, hub: ServedHub) -> None:
    with Office(hub.url) as other:
        assert other.token() != office.token()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"token=" + b"x" * FORM_BYTES_MAX, 413),
        (b"a=1&" * 2_000, 400),
        (b"a=%ff", 400),
        (b"a=%00", 400),
        (b"a=\xff", 400),
        (b"", 403),
    ],
    ids=range(6),
)
def test_a_body_that_is_no_form_of_ours_is_a_sentence(
    office: Office, body: bytes, status: int
) -> None:
    headers = {
        "Origin": str(office.http.base_url).rstrip("/"),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    answer = office.http.post("/hq/catalogue/recalls", content=body, headers=headers)
    assert answer.status_code == status
    assert "Nothing was changed" in answer.text


def test_nothing_is_changed_by_an_address_alone(shelf: ServedHub, office: Office) -> None:
    before = shelf.do(shelf.hub.office.pending()), shelf.do(shelf.hub.office.history(9))
    for path in ("/recalls", "/product", "/revisions/1"):
        query = {**RECALL, "act": "roll_back", "token": office.token(), "price": "9", "by": "x"}
        assert office.get(path, **query).status_code == 200
        assert office.http.head(f"/hq/catalogue{path}", params=query).status_code == 200
        assert office.http.put(f"/hq/catalogue{path}", params=query).status_code in (404, 405)
    assert (shelf.do(shelf.hub.office.pending()), shelf.do(shelf.hub.office.history(9))) == before
    assert shelf.do(shelf.hub.office.recalls()) == []


def test_the_pages_load_nothing_from_anywhere_and_post_to_the_hub_alone(office: Office) -> None:
    for path in ("", "/product?id=cola", "/revisions", "/revisions/1", "/recalls"):
        answer = office.http.get(f"/hq/catalogue{path}")
        policy = answer.headers["Content-Security-Policy"]
        assert "form-action 'self'; frame-ancestors 'none'" in policy
        assert policy.startswith("default-src 'none'; connect-src 'self'; img-src data:;")
        assert "http" not in policy
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "src=" not in answer.text
        assert "onclick" not in answer.text


def test_a_page_of_another_site_is_not_told_what_was_done(office: Office) -> None:
    answer = office.get(done="<script>")
    assert "<script>alert" not in answer.text
    assert 'class="told' not in answer.text
    assert told(office.get(done="published")) == "● Published: it stands now."


def test_a_browser_that_asks_for_the_hub_alone_is_led_to_head_office(shelf: ServedHub) -> None:
    answer = httpx.get(f"{shelf.url}/", follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/hq")


@pytest.mark.parametrize("path", ["/hq/", "/hq/nosuch", "/hq/catalogue/no/such", "/hq/%3Cb%3E"])
def test_an_address_without_a_page_is_a_sentence_with_the_way_back(
    shelf: ServedHub, path: str
) -> None:
    answer = httpx.get(f"{shelf.url}{path}", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "There is no page at this address." in answer.text
    assert '<a href="/hq?lang=en">Head office</a>' in answer.text
    assert "此地址没有页面" in httpx.get(f"{shelf.url}{path}?lang=zh").text


def test_to_another_machine_it_says_what_every_page_does(shelf: ServedHub) -> None:
    answer = httpx.get(f"{shelf.url}/hq/nosuch", headers={"X-Forwarded-For": "192.0.2.7"})
    assert answer.status_code == 403


def test_without_a_console_there_is_nothing_to_be_led_to(sqlite_url: str) -> None:
    with ServedHub(sqlite_url, console=False) as hub:
        for path in ("/", "/hq", "/hq/nosuch"):
            assert httpx.get(f"{hub.url}{path}").json()["code"] == "unknown_path"
