"""What an act is as a message: its name, its fields and their limits, what it does."""

from typing import Annotated, Any, Final, get_args, get_origin

import msgspec

from pos_client.till import Till
from pos_client.views import View

#: the longest code, name or reason
WORDS_CHARACTERS_MAX: Final = 200
#: a number that every reader of JSON holds exactly; whether a shop has it is asked further in
Whole = Annotated[int, msgspec.Meta(ge=-(2**53) + 1, le=2**53 - 1)]
Words = Annotated[str, msgspec.Meta(max_length=WORDS_CHARACTERS_MAX)]
Id = Whole | str | None


class Act(msgspec.Struct, tag_field="do", forbid_unknown_fields=True, kw_only=True):
    """Something that is done at the till. `id` comes back with the answer."""

    id: Id = None

    def perform(self, till: Till) -> View:
        """Do it and say what came of it. Raises Refusal, and then nothing has changed."""
        raise NotImplementedError


def name_of(kind: type[Act]) -> str:
    return str(kind.__struct_config__.tag)


def fields_of(kind: type[Act]) -> dict[str, Any]:
    """The act's sentence, and its fields with their types."""
    fields = {
        field.name: _type_name(field.type)
        for field in msgspec.structs.fields(kind)
        if field.name != "id"
    }
    return {"says": (kind.__doc__ or "").strip(), "fields": fields}


def _type_name(kind: Any) -> str:
    """The type without its limits: `int | None`."""
    if isinstance(kind, type):
        return "null" if kind is type(None) else kind.__name__
    inner = [_type_name(part) for part in get_args(kind) if not isinstance(part, msgspec.Meta)]
    return f"list of {inner[0]}" if get_origin(kind) is list else " | ".join(inner)
