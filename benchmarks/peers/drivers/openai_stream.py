"""The openai SDK's typed stream: ``client.responses.stream()``.

https://github.com/openai/openai-python/blob/main/helpers.md#responses-api
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openai_answers import answer_of, client_for, keywords
from turns import Answer, Watch, serve


def turn(asked: Mapping[str, Any], watch: Watch) -> Answer:
    """Asks once and takes the final response."""
    with client_for(asked) as client, client.responses.stream(**keywords(asked)) as stream:
        for event in stream:
            watch.delta() if event.type == "response.output_text.delta" else watch.event()
        return answer_of(stream.get_final_response())


if __name__ == "__main__":
    serve(turn, ["openai", "httpx", "pydantic"])
