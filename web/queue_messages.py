"""What stands in a queue, as JSON: whoever can write into its file or server runs nothing here.

The library's own way is a pickle, which runs what its writer says. Our tasks take a few words and
numbers; a message of anything else is refused on both ways.
"""

import json
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

_MOMENTS: Final = ("eta", "expires_resolved")
_PLAIN: Final = (str, int, type(None))


class Messages:
    """Turns a queue's messages into bytes and back; what huey calls a serializer."""

    def serialize(self, message: Any) -> bytes:
        """A message as JSON.

        Raises:
            TypeError: it holds something else than words and numbers.
        """
        fields = {name: value for name, value in message._asdict().items() if value is not None}
        for name in _MOMENTS:
            if name in fields:
                fields[name] = fields[name].isoformat()
        if not all(isinstance(value, _PLAIN) for value in fields["args"]):
            raise TypeError(f"A queue takes words and numbers, got {fields['args']!r}.")
        return json.dumps({**fields, "fields": list(message._fields)}).encode()

    def deserialize(self, data: bytes) -> Any:
        """A message of what `serialize` gave.

        Raises:
            ValueError: it is none.
        """
        fields = json.loads(data)
        if not isinstance(fields, dict) or not isinstance(fields.get("args"), list):
            raise ValueError("This is no message of a queue.")
        if not all(isinstance(value, _PLAIN) for value in fields["args"]):
            raise ValueError("A message of a queue holds words and numbers.")
        every = dict.fromkeys(fields.pop("fields", ()))
        for name in _MOMENTS:
            if fields.get(name) is not None:
                fields[name] = datetime.fromisoformat(fields[name])
        fields["args"] = tuple(fields["args"])
        return SimpleNamespace(**every | fields)
