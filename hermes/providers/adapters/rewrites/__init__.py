"""Small changes to a request, each for one thing that a backend will not take.

Every function is pure: it gives the same object where there is nothing to do, and never changes what it was
given. The names of the keywords: https://platform.openai.com/docs/api-reference/responses/create
"""

from __future__ import annotations

from hermes.providers.adapters.rewrites.conversation import (
    DEFAULT_INSTRUCTIONS,
    input_as_list,
    instructions_as_message,
    system_to_instructions,
    with_role,
)
from hermes.providers.adapters.rewrites.pairing import (
    Paired,
    paired,
    stands_alone,
    with_outputs_adjacent,
)
from hermes.providers.adapters.rewrites.parameters import (
    EFFORTS,
    with_defaults,
    with_effort_at_least,
    with_effort_at_most,
    with_short_cache_key,
    without_parameters,
)
from hermes.providers.adapters.rewrites.replay import (
    is_reference,
    with_items_appended,
    with_reasoning_summaries,
    with_text_outputs,
    without_item_ids,
    without_reasoning,
    without_stored_items,
)
from hermes.providers.adapters.rewrites.tools import (
    with_distinct_tools,
    with_function_tools_only,
    with_plain_enums,
    with_plain_schemas,
    without_empty_tools,
)

__all__ = [
    "DEFAULT_INSTRUCTIONS",
    "EFFORTS",
    "Paired",
    "input_as_list",
    "instructions_as_message",
    "is_reference",
    "paired",
    "stands_alone",
    "system_to_instructions",
    "with_defaults",
    "with_distinct_tools",
    "with_effort_at_least",
    "with_effort_at_most",
    "with_function_tools_only",
    "with_items_appended",
    "with_outputs_adjacent",
    "with_plain_enums",
    "with_plain_schemas",
    "with_reasoning_summaries",
    "with_role",
    "with_short_cache_key",
    "with_text_outputs",
    "without_empty_tools",
    "without_item_ids",
    "without_parameters",
    "without_reasoning",
    "without_stored_items",
]
