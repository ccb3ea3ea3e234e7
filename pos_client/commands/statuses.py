"""`pos-client status`: how this till stands."""

from pos_client import identity
from pos_client.clock import HUB_TIME_FILE, HubTime, SystemClock
from pos_client.commands.running import Data, State, looking_into, refuse, settings_of, show
from pos_client.standing import standing
from retail.refusals import Refusal


def status(data: Data = None, state: State = None) -> None:
    """Who this till is, what waits, how hub, shift and prices stand. Example: pos-client status"""
    settings = settings_of(data=data, state=state)
    hub_time = HubTime(SystemClock(settings.clock_start), settings.state / HUB_TIME_FILE)
    with looking_into(settings) as (database, who):
        show(standing(database, who, settings, hub_time.off_s))
    try:
        identity.load_signer(settings.data)
    except Refusal as no:
        refuse(no)
