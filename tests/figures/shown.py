"""What a figure holds as text, for checks that nothing in it is markup."""

import json
from typing import Any


def shown(figure: Any) -> str:
    """Return all text of a figure as a browser has it, but for `uirevision`, which is only ever compared.

    `to_json` alone will not do: it writes `<` as an escape, so that no check for markup could ever fail.
    """
    read = json.loads(figure.to_json())
    read["layout"].pop("uirevision", None)
    return json.dumps(read, ensure_ascii=False)
