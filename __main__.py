"""The stack: an environment, its data, its services with two slots each, and what watches over them.

What is to be follows from the intent (`Pulumi.<stack>.yaml`), the ledger that the last update left, and the event that a driver may have
put into the configuration. Which resources there are follows from the intent alone; what is in them, from the plan.
"""

import pulumi

from components import data, environment, gateway, monitoring, secrets, traffic, workload
from tidegate.model.base import SLOTS
from tidegate.program import configuration
from tidegate.program.planning import Parts, Plan

intent, event = configuration.read()
plan = Plan(intent, event)

place = environment.Environment("environment", environment.arguments(intent, plan.namespace, plan.layout))
sets = secrets.Secrets("secrets", secrets.arguments(intent, place.namespace))
gate = intent.environment.gateway
if gate and gate.class_name:
    gateway.Gateway(gate.name, gateway.arguments(intent, place.namespace))
parts = Parts(data.declare(intent, place, sets.names))

for name, service in intent.services.items():
    aliases = [pulumi.Alias(name=service.renamed_from)] if service.renamed_from else []
    slots = {slot: plan.slot(name, slot) for slot in SLOTS}
    pods = workload.Workload(
        name,
        workload.arguments(intent, name, place.namespace, place.accounts[name], slots, place.priorities["services"]),
        pulumi.ResourceOptions(aliases=aliases),
        waits={slot: plan.before_pods(name, slot, parts) for slot in SLOTS},
    )
    routes = traffic.Traffic(
        name,
        traffic.arguments(intent, name, place.namespace, plan.service(name)),
        pulumi.ResourceOptions(aliases=aliases),
        waits=plan.before_routes(name, parts),
        workload=pods,
    )
    parts.proofs[name], parts.routes[name] = pods.proofs, routes.routes

if intent.monitoring.kind != "none":
    secret = sets.names[intent.monitoring.secret] if intent.monitoring.secret else None
    watched = monitoring.arguments(intent, place.namespace, intent.environment.labels, secret=secret, ledger=plan.ledger)
    monitoring.Monitoring("monitoring", watched, waits=plan.done(parts))

plan.export(parts)
