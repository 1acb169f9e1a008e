"""What a run has cost and how full its context is, as the log tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quarterdeck.assistant.context.tokens import TokenCount
from quarterdeck.assistant.context.truncation import Cut
from quarterdeck.assistant.engine.engine import Engine, ModelUsage
from quarterdeck.gen.assistant.v1.run_pb2 import Costs, Figures, TokenCounts, Usage
from quarterdeck.gen.assistant.v1.tool_pb2 import Truncation


def add_usage(costs: Costs, usage: ModelUsage) -> Costs:
    """The costs with one more model call."""
    total = Costs()
    total.CopyFrom(costs)
    total.total_cost += usage.cost
    total.prompt_tokens += usage.prompt_tokens
    total.completion_tokens += usage.completion_tokens
    total.total_tokens += usage.prompt_tokens + usage.completion_tokens
    total.cached_tokens += usage.cached_tokens
    total.reasoning_tokens += usage.reasoning_tokens
    total.cache_creation_tokens += usage.cache_creation_tokens
    total.max_completion_tokens_per_call = max(total.max_completion_tokens_per_call, usage.completion_tokens)
    total.max_prompt_tokens_per_call = max(total.max_prompt_tokens_per_call, usage.prompt_tokens)
    return total


def make_figures(
    engine: Engine, count: TokenCount, costs: Costs, usage: ModelUsage | None, cuts: Iterable[Truncation]
) -> Figures:
    """The figures after a model call; without `usage` before it."""
    figures = Figures(
        tokens=token_counts(count),
        max_tokens=engine.context_window,
        max_output_tokens=engine.max_output_tokens,
        costs=costs,
        truncations=cuts,
    )
    if usage is not None:
        figures.usage.CopyFrom(
            Usage(
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                cached_tokens=usage.cached_tokens,
                reasoning_tokens=usage.reasoning_tokens,
                cache_creation_tokens=usage.cache_creation_tokens,
            )
        )
    return figures


def token_counts(count: TokenCount) -> TokenCounts:
    """A count as the log tells it."""
    return TokenCounts(
        total_tokens=count.total,
        tools_tokens=count.tools,
        system_tokens=count.system,
        user_tokens=count.user,
        tools_to_call_tokens=count.tools_to_call,
        assistant_tokens=count.assistant,
        other_tokens=count.other,
    )


def truncations(cuts: Sequence[Cut]) -> list[Truncation]:
    """Cuts as the log tells them."""
    return [
        Truncation(
            tool_call_id=cut.tool_call_id,
            end_index=cut.kept,
            tool_name=cut.tool_name,
            original_token_count=cut.original_tokens,
        )
        for cut in cuts
    ]
