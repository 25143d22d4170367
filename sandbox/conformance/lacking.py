"""Calls what the sandbox lacks, in each protocol: the client must be told which
operation that is, and not that it can't read the answer."""

import botocore.exceptions

import world

box = world.Sandbox()
CALLS = [
    # first: boto3 makes this client only in a session that has made no other
    ("s3", "NotImplemented", "GET /", lambda c: c.list_buckets()),
    # services that the sandbox has
    ("ec2", "InvalidAction", "DescribeSpotDatafeedSubscription", lambda c: c.describe_spot_datafeed_subscription()),
    ("iam", "InvalidAction", "ListUsers", lambda c: c.list_users()),
    ("ssm", "UnknownOperationException", "ListDocuments", lambda c: c.list_documents()),
    ("rbin", "UnknownOperationException", "DELETE /rules/abcdefghijk", lambda c: c.delete_rule(Identifier="abcdefghijk")),
    # and that it has not
    ("autoscaling", "InvalidAction", "DescribeAutoScalingGroups", lambda c: c.describe_auto_scaling_groups()),
    ("secretsmanager", "UnknownOperationException", "GetSecretValue", lambda c: c.get_secret_value(SecretId="x")),
    ("kms", "UnknownOperationException", "ListKeys", lambda c: c.list_keys()),
    ("lambda", "UnknownOperationException", "GET /2015-03-31/functions", lambda c: c.list_functions()),
    ("imagebuilder", "UnknownOperationException", "/ListImages", lambda c: c.list_images()),
    ("ebs", "UnknownOperationException", "POST /snapshots", lambda c: c.start_snapshot(VolumeSize=1)),
]
for service, code, name, call in CALLS:
    try:
        call(box.client(service))
    except botocore.exceptions.ClientError as e:
        got = e.response["Error"]
        assert got["Code"] == code, f"{service} {name}: {got}"
        assert name in got["Message"] and "sandbox" in got["Message"], f"{service}: the message does not say {name}: {got}"
    else:
        raise AssertionError(f"{service} {name} works")
print("told")
