"""The quirks of Responses backends that Hermes knows: where they are seen, what Hermes does, and who does it.

The corpus holds scenarios for each; ``python -m hermes.testing.quirk_table`` writes the table in
``docs/quirks.md`` from both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["QUIRKS", "Quirk"]


@dataclass(frozen=True, slots=True)
class Quirk:
    """A way in which backends differ from the documented protocol.

    Attributes:
        number: its number in the corpus.
        id: its name; the ids of its scenarios begin with it.
        backends: where it is seen.
        does: what Hermes does about it.
        by: who does it: ``core``, or the name of an adapter.
    """

    number: int
    id: str
    backends: str
    does: str
    by: str


QUIRKS: Final = tuple(
    Quirk(number, *row)
    for number, row in enumerate(
        (
            # Hits that most users meet.
            (
                "eof-without-terminal",
                "Ollama, sub2api, codex-lb, relays, Azure",
                "asks again, streamed no more; text that was shown is kept and marked partial or unconfirmed",
                "builtin",
            ),
            (
                "terminal-output-null",
                "ChatGPT codex backend",
                "builds the answer from the items' own events",
                "core",
            ),
            (
                "terminal-output-empty-list",
                "ChatGPT codex backend, codex-lb, bridges",
                "builds the answer from the items' events; asks otherwise where a billed one is empty",
                "builtin",
            ),
            (
                "prelude-event-before-created",
                "codex-lb, CLIProxyAPI, relays",
                "reads it as telemetry in one request; without the adapter it asks once more, not streamed",
                "codex_lb",
            ),
            (
                "created-missing",
                "relays, LiteLLM",
                "makes up the missing event and loses none that came",
                "lenient",
            ),
            (
                "reject-max-output-tokens",
                "ChatGPT codex backend and its relays",
                "asks again without the cap, says so, and remembers it",
                "builtin",
            ),
            (
                "reject-sampling-params",
                "ChatGPT codex backend, OpenAI, Copilot, sub2api",
                "asks again without the parameter that is named, up to four of them, and remembers them",
                "builtin",
            ),
            (
                "requires-stream-store-instructions",
                "ChatGPT codex backend and its relays",
                "puts right one refusal after the other and remembers each",
                "builtin",
            ),
            (
                "reject-replayed-item-id",
                "OpenAI, Azure, OpenRouter",
                "replays reasoning without ids; refused all the same, it asks again without any id",
                "builtin",
            ),
            (
                "foreign-encrypted-content",
                "pools of accounts",
                "asks again once without the reasoning, and replays none in this session",
                "builtin",
            ),
            (
                "rate-limit-in-200-stream",
                "OpenAI, Azure, codex-lb",
                "waits as long as the message says, or fails at once and says until when",
                "builtin",
            ),
            (
                "usage-limit-reached",
                "ChatGPT codex backend, codex-lb",
                "fails at once and says until when",
                "builtin",
            ),
            (
                "overloaded-in-200-stream",
                "ChatGPT codex backend and what stands before it",
                "waits and asks again, a few times",
                "builtin",
            ),
            ("error-event-shapes", "all", "reads every shape of an error event alike", "core"),
            (
                "output-item-added-missing",
                "LiteLLM, opencode Zen, bridges",
                "opens the item that an event is about",
                "lenient",
            ),
            (
                "content-part-added-missing",
                "sub2api, LiteLLM",
                "opens the part that an event is about",
                "lenient",
            ),
            (
                "item-id-unstable",
                "GitHub Copilot",
                "knows items by their place and type, and calls by their call_id",
                "core",
            ),
            (
                "tool-call-reconfirmed-under-new-id",
                "GitHub Copilot",
                "takes the call once, with the confirmed arguments",
                "core",
            ),
            (
                "function-args-only-in-done",
                "ChatGPT codex backend, OpenRouter, xAI",
                "takes the arguments from the strongest place that tells them whole",
                "core",
            ),
            (
                "tool-call-repeated-in-terminal",
                "all; OpenRouter under other ids",
                "takes the call once",
                "core",
            ),
            ("done-events-repeat-text", "all", "reconciles with done events and never appends them", "core"),
            (
                "keepalive-json-event",
                "OpenAI, ChatGPT codex backend, opencode Zen, OpenRouter",
                "drops it wherever it comes; it is a sign of life and no progress",
                "builtin",
            ),
            (
                "comment-only-keepalive",
                "codex-lb, proxies",
                "waits, says so, and gives up after a deadline of its own",
                "core",
            ),
            (
                "ttfb-silent-hang",
                "ChatGPT codex backend",
                "waits longer for slow models, says so, and gives up in the end",
                "core",
            ),
            (
                "cloudflare-challenge",
                "ChatGPT codex backend",
                "says that a web page came, with the ray id; the key is not blamed",
                "builtin",
            ),
            (
                "model-not-for-account",
                "ChatGPT codex backend, pools of accounts",
                "tries once more, then says that the model is not offered",
                "builtin",
            ),
            (
                "tool-pairing-400",
                "OpenAI, relays",
                "pairs calls and outputs before it sends them",
                "builtin",
            ),
            (
                "connection-bound-item-ids",
                "GitHub Copilot",
                "replays no ids; refused, it asks again without them, and the key is not blamed",
                "github_copilot",
            ),
            ("usage-null-or-partial", "bridges", "tells no usage where none came", "core"),
            # Lifecycle, order, identity.
            (
                "terminal-response-done",
                "9router, sub2api, codex-lb",
                "takes it for the end; a failure made up after it changes nothing",
                "lenient",
            ),
            ("terminal-cancelled", "sub2api", "says that the backend cancelled the answer", "lenient"),
            (
                "failed-first-without-created",
                "codex-lb",
                "tells the backend's own reason",
                "core",
            ),
            ("terminal-failure-without-eof", "Azure, relays", "stops reading at the terminal event", "core"),
            ("events-after-terminal", "opencode Zen, codex-lb", "ignores them", "core"),
            ("done-sentinel-present", "LiteLLM, opencode Zen, codex-lb", "ends there", "core"),
            (
                "done-sentinel-absent",
                "OpenAI, CLIProxyAPI",
                "needs no sentinel; one without a terminal event is an early end",
                "core",
            ),
            (
                "two-created",
                "codex-lb, gateways that ask again",
                "the second answer replaces the first; events before the first one belong to nobody",
                "lenient",
            ),
            ("response-id-changes", "codex-lb, gateways", "keys nothing on the id", "core"),
            ("overlapping-items", "LiteLLM", "keeps every open item", "core"),
            (
                "output-index-wrong",
                "llmgateway, LiteLLM, vLLM",
                "gives every item a place of its own",
                "lenient",
            ),
            (
                "index-fields-missing",
                "llama.cpp, lemonade, LiteLLM",
                "finds the item from the events before",
                "lenient",
            ),
            ("sequence-number-broken", "llama.cpp, codex-lb", "goes by the order of arrival", "core"),
            (
                "heartbeat-in-progress-partial",
                "OmniRoute, codex-lb",
                "takes it for a sign of life",
                "lenient",
            ),
            (
                "vendor-events-mid-stream",
                "codex-lb, CLIProxyAPI",
                "ignores them, or says what they tell",
                "codex_lb",
            ),
            (
                "rate-limits-limit-reached-true-but-serving",
                "CLIProxyAPI",
                "shows the limits; the answer counts",
                "codex_lb",
            ),
            ("cumulative-delta-replay", "Bedrock", "shows and keeps the replayed text once", "lenient"),
            (
                "done-before-all-deltas",
                "OmniRoute",
                "goes on after a done event; the authoritative text wins in the end",
                "core",
            ),
            (
                "output-item-done-missing",
                "SGLang, llm-rosetta, ogx",
                "settles open items when the response is completed, calls only with whole arguments",
                "core",
            ),
            ("duplicate-done-or-output-from-tools", "codex-lb", "takes each call_id once", "core"),
            (
                "incomplete-max-output-tokens",
                "all",
                "keeps the text as partial and runs none of its calls",
                "core",
            ),
            ("incomplete-content-filter", "all", "says so and does not ask again", "core"),
            (
                "arguments-invalid-json",
                "many",
                "never runs such a call; the model gets an error it can act on",
                "core",
            ),
            (
                "call-id-missing-or-recurring",
                "llama.cpp, relays",
                "gives a lasting id, and renames one that recurs when it is replayed",
                "core",
            ),
            ("item-status-stuck-in-progress", "xAI", "believes the status of the response", "core"),
            ("unknown-item-types", "all", "keeps them for replay and shows their text", "core"),
            (
                "reasoning-event-families",
                "vLLM, LiteLLM, OpenAI",
                "hands every spelling out as reasoning",
                "lenient",
            ),
            (
                "body-mixes-json-and-sse",
                "sub2api",
                "reads the error from either part",
                "core",
            ),
            (
                "commentary-phase-messages",
                "ChatGPT codex backend",
                "shows commentary as progress; commentary alone is asked on once",
                "builtin",
            ),
            (
                "reasoning-only-completed",
                "ChatGPT codex backend, xAI, Copilot, others",
                "asks on once, unless the backend means it so; then says that there is no answer",
                "builtin",
            ),
            ("answer-inside-reasoning", "xAI", "takes the marked answer out of the reasoning", "xai"),
            (
                "tool-call-leaks-as-text",
                "ChatGPT codex backend",
                "hides it, asks once more, and never runs it",
                "lenient",
            ),
            (
                "error-as-assistant-text",
                "9router",
                "takes a known sentence that is the whole answer for the error that it is",
                "lenient",
            ),
            (
                "error-in-sse-comment-and-event-field",
                "DashScope",
                "reads the type from `event:` and the status from the comment",
                "core",
            ),
            ("type-missing-in-data", "cursor2api", "fills the type from `event:`", "core"),
            ("response-object-not-nested", "cursor2api", "lifts the fields of the response", "lenient"),
            ("response-completed-missing-identity", "llm-rosetta", "needs no identity", "core"),
            ("legacy-event-aliases", "codex-lb", "knows the older spellings", "lenient"),
            ("refusal-stream", "all", "shows a refusal as one and does not ask again", "core"),
            ("null-fields", "9router, vLLM", "takes null for absent", "core"),
            ("delta-obfuscation-and-extra-fields", "OpenAI", "ignores fields that it does not know", "core"),
            ("synthetic-delta-from-gateway", "codex-lb", "reconciles it with the done events", "lenient"),
            (
                "queued-or-background-status",
                "OpenAI",
                "does not take an unfinished response for an answer",
                "core",
            ),
            ("model-field-rewritten", "codex-lb", "tells which model answered", "core"),
            # Transport and framing.
            ("sse-empty-data-frame", "CLIProxyAPI", "skips it", "core"),
            ("sse-event-split-from-data", "CLIProxyAPI", "reads the type from the data", "core"),
            ("sse-event-data-glued", "CLIProxyAPI", "splits the line where the data begins", "core"),
            ("sse-retry-or-event-only", "many", "heeds `retry:` and skips the empty event", "core"),
            ("sse-id-then-blank", "many", "dispatches only what has data", "core"),
            ("sse-missing-final-blank", "many", "takes a last frame that is whole JSON", "core"),
            ("sse-no-space-after-colon", "DashScope", "strips at most one space", "core"),
            ("sse-crlf-cr", "many", "takes every line end, also one cut in two", "core"),
            ("sse-multiline-data", "many", "joins the lines", "core"),
            ("sse-u2028", "many", "ends lines at CR and LF only", "core"),
            ("utf8-split-and-charset", "many", "decodes UTF-8 piece by piece, whatever is declared", "core"),
            ("sse-bom", "many", "strips one at the start", "core"),
            ("sse-done-variants", "many", "knows `[DONE]` in every dress", "core"),
            ("json-body-instead-of-sse", "relays", "reads the response from the JSON", "core"),
            ("html-200", "proxies, login pages", "says that a web page came", "builtin"),
            ("sse-labelled-wrong", "relays", "believes the bytes, not the label", "core"),
            ("double-data-prefix", "proxies", "strips the repeated prefix", "core"),
            ("chunked-cut", "all", "treats it as an early end, unless the answer was over", "builtin"),
            ("response-compressed", "sub2api", "asks for none; says so where it comes unlabelled", "core"),
            ("request-zstd-unsupported", "relays", "never compresses a request", "core"),
            ("proxy-buffers-sse", "cloudflared, nginx", "waits and says so", "core"),
            ("giant-frame", "codex-lb", "reads it in linear time, up to a limit that is told", "core"),
            ("late-200-error-status", "ocp", "goes by the error in the body", "builtin"),
            # What backends refuse.
            ("input-must-be-list", "ChatGPT codex backend, vLLM", "sends a list", "builtin"),
            (
                "role-system-rejected",
                "ChatGPT codex backend",
                "moves the system prompt where it is taken",
                "builtin",
            ),
            ("role-developer-rejected", "chat bridges", "calls the role `system`", "builtin"),
            (
                "previous-response-id-unsupported-or-lost",
                "ChatGPT codex backend, codex-lb, LM Studio",
                "sends the whole history once without it, where the request holds it",
                "builtin",
            ),
            ("reasoning-needs-summary", "OpenAI", "sends an empty summary", "builtin"),
            (
                "reasoning-needs-following-item",
                "OpenAI",
                "asks again without the lonely reasoning",
                "builtin",
            ),
            ("item-id-too-long", "ChatGPT codex backend", "asks again without ids", "builtin"),
            ("item-id-prefix", "OpenAI", "asks again without ids", "builtin"),
            (
                "prompt-cache-key-limits",
                "OpenAI, xAI, Copilot",
                "shortens the key, or leaves it out",
                "builtin",
            ),
            ("tools-null-or-empty", "OpenAI", "sends no empty list of tools", "builtin"),
            (
                "schema-features-rejected",
                "xAI, llama.cpp, OpenAI",
                "asks again with plain schemas",
                "builtin",
            ),
            ("builtin-tools-rejected", "llama.cpp, xAI", "asks again with function tools only", "builtin"),
            (
                "reasoning-params-rejected",
                "xAI, OpenAI, Azure",
                "lowers the effort, or leaves it out",
                "builtin",
            ),
            (
                "validation-error-with-5xx",
                "sub2api, codex-lb",
                "reads the body before the status, and does not repeat the request",
                "builtin",
            ),
            ("error-envelope-zoo", "all", "reads every envelope, three levels deep", "core"),
            ("wrong-path-or-base", "all", "says which address was asked and how it mostly ends", "builtin"),
            ("function-output-shape", "text-only gateways", "asks again with text", "builtin"),
            # Limits, usage and headers.
            (
                "x-codex-header-family",
                "ChatGPT codex backend, codex-lb",
                "reads the limits from the headers",
                "codex_lb",
            ),
            ("codex-rate-limits-event-shape", "codex-lb", "reads the limits from the event", "codex_lb"),
            (
                "retry-after-forms",
                "all",
                "honours every form of delay, the longest one that is told",
                "builtin",
            ),
            ("auth-lookalikes", "pools, xAI, Copilot", "reads the words before the status", "builtin"),
            (
                "account-pool-variance",
                "pools of accounts",
                "tries once more where another account may do",
                "builtin",
            ),
            (
                "limit-masked-as-stream-incomplete",
                "codex-lb",
                "asks again a few times, then says that the limit is probably reached",
                "codex_lb",
            ),
        ),
        start=1,
    )
)
"""Every quirk, by number."""
