"""Prefect plugin: `prefect deployment run build-petarseg` works without naming the deployment.

Prefect's CLI wants FLOW/DEPLOYMENT and refuses a bare name on the client side. This plugin (entry point group ``prefect.plugins``,
switched on by ``prefect.toml``) lets the client's ``read_deployment_by_name`` take a bare flow name: the flow's only deployment, or
the one called ``local`` when there are several. tests/flows/test_prefect_deployment.py runs the real CLI, so that a Prefect release that
moves the method is noticed.
"""

from __future__ import annotations

import functools
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.plugins import HookContext, register_hook

DEFAULT_DEPLOYMENT = "local"


@register_hook
def setup_environment(*, ctx: HookContext) -> None:
    """Teach the client to expand a bare flow name; runs before every Prefect command."""
    original = getattr(PrefectClient, "read_deployment_by_name", None)
    if original is None:
        ctx.logger_factory("petarseg").warning(
            "this Prefect release has no PrefectClient.read_deployment_by_name; say `prefect deployment run build-petarseg/local`"
        )
        return
    if getattr(original, "expands_flow_name", False):
        return

    @functools.wraps(original)
    async def read_deployment_by_name(self: PrefectClient, name: str) -> Any:
        return await original(self, await full_name(self, name))

    read_deployment_by_name.expands_flow_name = True  # type: ignore[attr-defined]
    PrefectClient.read_deployment_by_name = read_deployment_by_name  # type: ignore[method-assign]


async def full_name(client: PrefectClient, name: str) -> str:
    """Return FLOW/DEPLOYMENT for a bare flow name; other names, and names that cannot be expanded, come back as they are."""
    if "/" in name:
        return name
    deployments = await client.read_deployments(flow_filter=FlowFilter(name=FlowFilterName(any_=[name])))
    names = sorted(deployment.name for deployment in deployments)
    if DEFAULT_DEPLOYMENT in names:
        return f"{name}/{DEFAULT_DEPLOYMENT}"
    return f"{name}/{names[0]}" if len(names) == 1 else name
