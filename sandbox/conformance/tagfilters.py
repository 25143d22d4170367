"""Finds resources as GitLab's release code does: by the filters tag-key and tag-value,
each of them twice in one call."""

import world
from world import until

TAGS = [{"Key": "Type", "Value": "GitLab EE"}, {"Key": "Version", "Value": "17.5.0"}]
OTHER = [{"Key": "Type", "Value": "GitLab EE"}, {"Key": "Version", "Value": "17.4.0"}]


def pairs(tags):
    return [{"Name": name, "Values": [tag[part]]} for tag in tags for name, part in (("tag-key", "Key"), ("tag-value", "Value"))]


def make(box, ec2, tags, name):
    spec = [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")]
    run = ec2.run_instances(ImageId=box.base(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=1, TagSpecifications=spec)
    instance = run["Instances"][0]["InstanceId"]
    until(lambda: ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"], "running".__eq__)
    spec = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
    image = ec2.create_image(InstanceId=instance, Name=name, TagSpecifications=spec)["ImageId"]
    until(lambda: ec2.describe_images(ImageIds=[image])["Images"][0]["State"], "available".__eq__)


box = world.Sandbox()
ec2 = box.client("ec2")
make(box, ec2, TAGS, "one")
make(box, ec2, OTHER, "two")
LISTS = {
    "images": lambda f: ec2.describe_images(Filters=f)["Images"],
    "snapshots": lambda f: ec2.describe_snapshots(Filters=f)["Snapshots"],
    "instances": lambda f: [i for r in ec2.describe_instances(Filters=f)["Reservations"] for i in r["Instances"]],
    "volumes": lambda f: ec2.describe_volumes(Filters=f)["Volumes"],
}
for kind, find in LISTS.items():
    for asked, want in ((pairs(TAGS), 1), (pairs(TAGS[:1]), 2), (pairs(TAGS) + pairs(OTHER), 0)):
        found = find(asked)
        assert len(found) == want, f"{kind}: {len(found)} found by {asked}, want {want}"
    assert sorted(t["Value"] for t in find(pairs(TAGS))[0]["Tags"]) == ["17.5.0", "GitLab EE"], kind
print("found")
