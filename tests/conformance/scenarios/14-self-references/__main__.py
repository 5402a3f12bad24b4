"""What a program sees of its own stack: its last outputs through a StackReference, the state's resources through the builtin function."""
import json, os, pulumi
from toy import Thing
step = os.environ["STEP"]
O = pulumi.ResourceOptions
own = f"organization/{pulumi.get_project()}/{pulumi.get_stack()}"
me = pulumi.StackReference("me", stack_name=own)
last = me.get_output("ledger")


def words(answer):
    """Of each resource: its size and its first properties."""
    rows = {u.split("::", 2)[2]: [r["outputs"].get("size"), sorted(r["outputs"])[:3]] for u, r in answer["outputs"].items()}
    return json.dumps(rows, sort_keys=True)


def look(_):
    """What the state holds by now."""
    return pulumi.runtime.invoke_output("pulumi:pulumi:readStackResourceOutputs", {"stackName": own}).apply(words)


def refuse(seen):
    """A plan that isn't carried out."""
    if step == "9":
        raise RuntimeError("refused")
    return [] if seen else None


seen = last.apply(look)
plain = pulumi.Output.unsecret(seen)
size = int(step)
first = Thing("first", name="first", size=size, hidden=pulumi.Output.secret("hush"), opts=O(depends_on=plain.apply(refuse)))
fail = {"4": "create", "6": "update"}.get(step)
bad = Thing("bad", name="bad", size=size, fail=fail, opts=O(depends_on=first.out.apply(lambda _: [first]))) if size > 3 else first
after = Thing("after", name="after", size=bad.out, opts=O(depends_on=bad.out.apply(lambda _: [bad])))
pulumi.export("early", size)
pulumi.export("last", pulumi.Output.unsecret(last))
pulumi.export("seen", plain)
pulumi.export("ledger", pulumi.Output.all(after.out, plain).apply(lambda a: {"size": a[0], "step": step}))
pulumi.export("slots", pulumi.Output.secret(after.out))
if step == "8":
    raise RuntimeError("boom in program")
