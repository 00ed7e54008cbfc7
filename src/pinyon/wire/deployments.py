"""Where an index runs and how much read capacity it has, in both dialects.

Kept as one object, which is the ``spec`` of the versions up to 2026-04: ``{"serverless": {cloud, region,
read_capacity?, schema?}}``, ``{"pod": {environment, pod_type, replicas, shards, pods, metadata_config?}}`` or
``{"byoc": {environment, read_capacity?, schema?}}``. Nothing of it has an effect here; it is checked and echoed.
An empty object stands for serverless in the server's own cloud and region, which is the ``home`` of the functions here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from pinyon.errors import NotFoundError
from pinyon.filters.show import shown
from pinyon.wire.control import inner, one_of, required, within
from pinyon.wire.fields import Fields, refuse
from pinyon.wire.versions import Version

Home: TypeAlias = tuple[str, str]
"""(cloud, region)."""

REGIONS: dict[str, tuple[str, ...]] = {
    "aws": ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1"),
    "gcp": ("us-central1", "europe-west4"),
    "azure": ("eastus2", "germanywestcentral"),
}
_KINDS = ("serverless", "pod", "byoc")
_TYPES = {"managed": "serverless", "pod": "pod", "byoc": "byoc"}
_POD_TYPE = re.compile(r"(s1|p1|p2)\.x[1248]|starter|nano")
_CAPACITY_SINCE = "2025-10"
"""Version in which read capacity and the schema of metadata appeared."""


# -- reading ----------------------------------------------------------------------------------------------------------


def read_spec(value: Mapping[str, Any], home: Home) -> dict[str, Any]:
    """The ``spec`` of a create body up to 2026-04. Raises InvalidRequestError; NotFoundError for an unknown region."""
    kind, given = spec_kind(value)
    if kind == "pod":
        return {"pod": _read_pod(given)}
    kept: dict[str, Any] = {}
    if kind == "serverless":
        kept |= read_place(given, home)
    else:
        kept["environment"] = required(given, "environment")
    capacity = inner(given, "read_capacity")
    if capacity is not None:
        kept["read_capacity"] = read_capacity(capacity)
    schema = inner(given, "schema")
    if schema is not None:
        kept["schema"] = read_metadata_schema(schema)
    return {kind: kept}


def read_deployment(given: Fields | None, home: Home) -> dict[str, Any]:
    """The ``deployment`` of a create body since 2026-07; None stands for the server's own cloud and region."""
    if given is None:
        return {}
    kind = _TYPES[one_of(given.text("deployment_type"), given.path("deployment_type"), _TYPES)]
    if kind == "pod":
        given.only(("deployment_type", "environment", "pod_type", "replicas", "shards"))
        return {"pod": _read_pod(given)}
    if kind == "byoc":
        given.only(("deployment_type", "environment"))
        return {"byoc": {"environment": required(given, "environment")}}
    given.only(("deployment_type", "cloud", "region", "environment"))
    return {"serverless": read_place(given, home)}


def spec_kind(value: Mapping[str, Any]) -> tuple[str, Fields]:
    """Which of serverless, pod and byoc a ``spec`` is, and its members."""
    kind = next(iter(value), "")
    found = value.get(kind)
    if len(value) != 1 or kind not in _KINDS or not isinstance(found, dict):
        refuse(f"spec must hold exactly one object, called {', '.join(_KINDS)}, got {shown(value)}.")
    return kind, Fields(found, f"spec.{kind}")


def read_place(given: Fields, home: Home) -> dict[str, Any]:
    """Cloud and region. Raises InvalidRequestError for an unknown cloud, NotFoundError for an unknown region."""
    cloud, region = required(given, "cloud"), required(given, "region")
    if (cloud, region) != home:
        one_of(cloud, "cloud", REGIONS)
        if region not in REGIONS[cloud]:
            raise NotFoundError(
                f"Resource cloud: {cloud} region: {region} not found. "
                f"Regions of {cloud}: {', '.join(REGIONS[cloud])}; this server's own is {' '.join(home)}."
            )
    return {"cloud": cloud, "region": region}


def _read_pod(given: Fields) -> dict[str, Any]:
    replicas, shards = read_replicas(given) or 1, within(given, "shards", 1)
    pods = within(given, "pods", 1)
    if shards is None:
        shards = 1 if pods is None else max(1, pods // replicas)
    if pods is not None and pods != replicas * shards:
        refuse(f"{given.path('pods')} is {pods}, which is not replicas ({replicas}) times shards ({shards}).")
    kept: dict[str, Any] = {
        "environment": required(given, "environment"),
        "pod_type": read_pod_type(given) or "p1.x1",
        "replicas": replicas,
        "shards": shards,
        "pods": replicas * shards,
    }
    config = inner(given, "metadata_config")
    if config is not None:
        kept["metadata_config"] = {"indexed": config.texts("indexed") or []}
    return kept


def read_pod_type(given: Fields) -> str | None:
    found = given.text("pod_type")
    if found is not None and not _POD_TYPE.fullmatch(found):
        refuse(f"{given.path('pod_type')} {shown(found)} is unknown. Use s1, p1 or p2 with .x1, .x2, .x4 or .x8.")
    return found


def read_replicas(given: Fields) -> int | None:
    return within(given, "replicas", 1)


def read_capacity(given: Fields, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """``{"mode": "OnDemand"}``, or mode Dedicated with ``dedicated {node_type, scaling, manual {shards, replicas}}``.

    before: what the index has; a dedicated change says only what differs.
    """
    if one_of(given.text("mode"), given.path("mode"), ("OnDemand", "Dedicated")) == "OnDemand":
        return {"mode": "OnDemand"}
    dedicated = inner(given, "dedicated")
    if dedicated is None:
        refuse(f"{given.path('dedicated')} is missing. Give node_type, scaling and manual.")
    old = (before or {}).get("dedicated", {})
    manual = inner(dedicated, "manual") or Fields({}, dedicated.path("manual"))
    counts = {}
    for name, least in (("shards", 1), ("replicas", 0)):
        count = within(manual, name, least)
        counts[name] = old.get("manual", {}).get(name) if count is None else count
        if counts[name] is None:
            refuse(f"{manual.path(name)} is missing. Give a whole number.")
    node_type = dedicated.text("node_type") or old.get("node_type")
    if not node_type:
        refuse(f"{dedicated.path('node_type')} is missing. Use b1 or t1.")
    scaling = one_of(dedicated.text("scaling") or old.get("scaling"), dedicated.path("scaling"), ("Manual",))
    return {"mode": "Dedicated", "dedicated": {"node_type": node_type, "scaling": scaling, "manual": counts}}


def read_metadata_schema(given: Fields) -> dict[str, Any]:
    """``{"fields": {name: {"filterable": true}}}``; the fields may also come without the outer object."""
    fields = inner(given, "fields") or given
    kept = {}
    for name in fields.names():
        field = inner(fields, name) or Fields({}, fields.path(name))
        kept[name] = {"filterable": True if field.absent("filterable") else field.flag("filterable")}
    return {"fields": kept}


# -- asking -----------------------------------------------------------------------------------------------------------


def kind_of(deployment: Mapping[str, Any]) -> str:
    """``"serverless"``, ``"pod"`` or ``"byoc"``."""
    return next((kind for kind in _KINDS if kind in deployment), "serverless")


def said_of(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was said about the one kind that it is."""
    found = deployment.get(kind_of(deployment))
    return found if isinstance(found, Mapping) else {}


def fields_of_metadata(deployment: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields of the schema of metadata that the index was created with."""
    schema = said_of(deployment).get("schema")
    fields = schema.get("fields", {}) if isinstance(schema, Mapping) else {}
    return fields if isinstance(fields, Mapping) else {}


def cloud_and_region(deployment: Mapping[str, Any], home: Home) -> Home:
    """Where backups of such an index are kept, as far as its definition tells."""
    said = said_of(deployment)
    environment = said.get("environment")
    if kind_of(deployment) == "pod" and isinstance(environment, str):
        region, _, cloud = environment.rpartition("-")
        return cloud or home[0], region or environment
    return str(said.get("cloud") or home[0]), str(said.get("region") or environment or home[1])


# -- writing ----------------------------------------------------------------------------------------------------------


def spec_json(deployment: Mapping[str, Any], version: Version, home: Home, source: str | None) -> dict[str, Any]:
    """``spec`` of an index up to 2026-04. source: name of the collection that it was made from."""
    kind, said = kind_of(deployment), said_of(deployment)
    if kind == "pod":
        known = ("environment", "pod_type", "replicas", "shards", "pods", "metadata_config")
        pod = {"replicas": 1, "shards": 1, "pods": 1} | {key: said[key] for key in known if key in said}
        return {"pod": pod | ({} if source is None else {"source_collection": source})}
    spec: dict[str, Any] = {"environment": said.get("environment", "")}
    if kind == "serverless":
        cloud, region = cloud_and_region(deployment, home)
        spec = {"cloud": cloud, "region": region} | ({} if source is None else {"source_collection": source})
    if version.since(_CAPACITY_SINCE):
        spec["read_capacity"] = capacity_json(said)
        if fields := fields_of_metadata(deployment):
            spec["schema"] = {"fields": fields}
    return {kind: spec}


def deployment_json(deployment: Mapping[str, Any], home: Home) -> dict[str, Any]:
    """``deployment`` of an index since 2026-07."""
    kind, said = kind_of(deployment), said_of(deployment)
    if kind == "pod":
        known = {key: said[key] for key in ("environment", "pod_type", "replicas", "shards") if key in said}
        return {"deployment_type": "pod", "environment": "", "pod_type": "p1.x1", "replicas": 1, "shards": 1} | known
    if kind == "byoc":
        return {"deployment_type": "byoc", "environment": said.get("environment", "")}
    cloud, region = cloud_and_region(deployment, home)
    return {"deployment_type": "managed", "cloud": cloud, "region": region}


def capacity_json(said: Mapping[str, Any]) -> dict[str, Any]:
    """``read_capacity`` with its status, which is Ready at once: there is nothing to provision."""
    capacity = said.get("read_capacity")
    if not isinstance(capacity, Mapping) or capacity.get("mode") != "Dedicated":
        return {"mode": "OnDemand", "status": {"state": "Ready"}}
    dedicated = capacity.get("dedicated", {})
    manual = dedicated.get("manual", {})
    status: dict[str, Any] = {"state": "Ready"}
    for key in ("replicas", "shards"):
        if key in manual:
            status[f"current_{key}"] = manual[key]
    return {"mode": "Dedicated", "dedicated": dedicated, "status": status}
