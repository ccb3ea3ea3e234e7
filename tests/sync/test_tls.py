"""A hub with a certificate of its own authority, and a till that was told of that authority."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from pos_client.sync.hub import NoAuthority
from pos_client.till import Till
from rehearsal.processes import wait_until
from tests.builders import SteppedClock, the_shelf, till_settings
from tests.certificates import self_signed
from tests.hub.serving import Serving
from tests.served_hub import ServedHub
from tests.sync.conftest import ENROLLED, pull_all, push_all, run_enrol

pytestmark = pytest.mark.slow

WAIT_S = 60.0


def test_a_till_is_enrolled_and_sells_over_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = f"sqlite:///{tmp_path / 'hub.db'}"
    with ServedHub(database, SteppedClock(datetime.now(UTC))) as before:
        before.add_store()
        before.publish(the_shelf())
        code = before.enrol_code()
    certificate, key = self_signed(tmp_path)
    trusting = ssl.create_default_context(cafile=certificate)
    options = ("--host", "localhost", "--tls-cert", str(certificate), "--tls-key", str(key))
    settings = till_settings(tmp_path / "till")
    with Serving(database, *options, authority=trusting) as serving:
        assert serving.url == f"https://localhost:{serving.port}"
        wait_until(serving.answers, WAIT_S, "the hub speaks TLS")
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{serving.url}/readyz")

        exit_code, _, trouble = run_enrol(settings, serving.url, code)
        assert exit_code == 1
        assert "certificate verify failed" in trouble
        assert "OMNITILL_TILL_HUB_CA" in trouble
        assert "the line" not in trouble  # which is well

        monkeypatch.setenv("OMNITILL_TILL_HUB_CA", str(certificate))
        assert run_enrol(settings, serving.url, code) == (0, ENROLLED, "")
        till = Till.open(till_settings(tmp_path / "till"), sync=False)
        pull_all(till)
        push_all(till)
        assert till.catalogue.known_products == 4
        assert till.sync.state().online
        till.close()


def test_an_authority_that_is_not_there_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torn = tmp_path / "torn.pem"
    torn.write_text("-----BEGIN CERTIFICATE-----\n")
    settings = till_settings(tmp_path / "till")
    for file in (tmp_path / "none.pem", torn):
        monkeypatch.setenv("OMNITILL_TILL_HUB_CA", str(file))
        exit_code, _, trouble = run_enrol(settings, "https://localhost:9", "AAAAA-AAAAA-AAAAA")
        assert exit_code == 1
        assert NoAuthority(file=file, why="").say.en[:-1] in trouble
