"""Which prices are sold by: on the status line, beside the figures, and a banner when old."""

from datetime import timedelta

from pos_client.catalogue.service import InForce
from pos_client.screen.prices import banner
from pos_client.sync.service import SyncState
from pos_client.till import Till
from retail.catalogue import StoreSettings
from retail.language import Language
from tests.builders import OPENING, a_product, publish
from tests.screen.cashier import LARGE, SMALL, Cashier
from tests.till.counter import COLA
from tests.till.supermarket import checked, in_force_since


def test_the_status_line_names_the_revision_and_since_when(till: Till, cashier: Cashier) -> None:
    in_force_since(till, "2026-06-01T20:00:00+00:00")
    cashier.face.look()
    cashier.face.sync = SyncState(0, "", online=True, forked=False, problem="", why="")
    name = till.catalogue.in_force.short
    assert len(name) == 6
    assert f"≡ {name} 6月2日" in cashier.lines[0]


def test_where_there_is_no_room_the_lamps_and_the_cashier_stay_whole(
    till: Till, cashier: Cashier
) -> None:
    in_force_since(till, "2026-06-01T20:00:00+00:00")
    publish(till, settings=StoreSettings(store_name="上海静安店" * 5))
    cashier.face.look()
    assert "≡" not in cashier.lines[0]
    cashier.size = SMALL
    assert "王芳" in cashier.lines[0]
    assert "≡" in cashier.lines[0]


def test_a_new_revision_is_named_as_soon_as_it_is_sold_by(till: Till, cashier: Cashier) -> None:
    before = till.catalogue.in_force.short
    publish(till, [a_product("new", codes=("1",))])
    assert before != till.catalogue.in_force.short
    assert till.catalogue.in_force.short in cashier.lines[0]


SINCE, CHECKED = "2026-06-02 04:00", "2026-06-02 09:00"
IN_FULL = {
    (LARGE, Language.CHINESE): [f"{SINCE} 起生效", f"{CHECKED} 与总部核对"],
    (SMALL, Language.CHINESE): [SINCE, "起生效", CHECKED, "与总部核对"],
    (LARGE, Language.ENGLISH): ["in force since", SINCE, "checked with head office", CHECKED],
    (SMALL, Language.ENGLISH): ["in force since", SINCE, "checked", "with head office", CHECKED],
}


def test_beside_the_figures_it_stands_in_full_and_lines_end_between_meanings(
    till: Till, cashier: Cashier
) -> None:
    in_force_since(till, "2026-06-01T20:00:00+00:00")
    checked(till, days_ago=1)
    cashier.face.look()
    cashier.press("ctrl+p")
    cashier.type("X", "enter")
    for (size, language), sentences in IN_FULL.items():
        cashier.size, cashier.face.desk.chosen_language = size, language
        at_right = (line.rpartition("│")[2].strip() for line in cashier.lines if "│" in line)
        assert [said for said in at_right if said][1:] == [
            till.catalogue.in_force.short,
            *sentences,
        ]


def test_old_prices_are_a_banner_that_moves_nothing_and_stays(till: Till, cashier: Cashier) -> None:
    cashier.scan(COLA)
    for size in (LARGE, SMALL):
        cashier.size = size
        checked(till, days_ago=1)
        cashier.face.look()
        fresh = cashier.lines
        checked(till, days_ago=7)
        cashier.face.look()
        old = cashier.lines
        assert "价格已 7 天未与总部核对" in old[1]
        assert old[:1] + old[2:] == fresh[:1] + fresh[2:]


def test_how_many_days_are_old_is_the_stores_to_say() -> None:
    told = InForce("N", "", (OPENING - timedelta(days=3)).isoformat())
    assert banner(told, 4, OPENING) is None
    said = banner(told, 3, OPENING)
    assert said is not None
    assert "3 days" in said.en
    assert banner(InForce("N", "", ""), 1, OPENING) is None
