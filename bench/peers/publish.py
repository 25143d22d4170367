"""Publishing region by region, as awspub does it for one region after the other: the snapshot of
an AMI is copied, awaited and registered as an AMI, which accounts may then use. Prints when each
region was ready, in seconds since the first copy began, as JSON."""

import json
import os
import sys
import time

import boto3

intent = json.loads(sys.argv[1])
url = os.environ["AWS_ENDPOINT_URL"]  # Debian's boto3 does not read it itself
session = boto3.Session()


def client(region):
    return session.client("ec2", region_name=region, endpoint_url=url)


home = client(intent["home"])
source = home.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": [intent["source"]]}])["Images"][0]
disk = source["BlockDeviceMappings"][0]
began, ready = time.monotonic(), {}
for region in intent["regions"]:
    ec2 = client(region)
    snapshot = ec2.copy_snapshot(SourceRegion=intent["home"], SourceSnapshotId=disk["Ebs"]["SnapshotId"])["SnapshotId"]
    while ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] != "completed":
        time.sleep(intent["poll"])
    image = ec2.register_image(
        Name=intent["name"],
        Architecture=source["Architecture"],
        VirtualizationType="hvm",
        EnaSupport=True,
        RootDeviceName=source["RootDeviceName"],
        BlockDeviceMappings=[{"DeviceName": disk["DeviceName"], "Ebs": {"SnapshotId": snapshot}}],
    )["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[image], WaiterConfig={"Delay": 1})
    users = [{"UserId": account} for account in intent["accounts"]]
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": users})
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", CreateVolumePermission={"Add": users})
    ready[region] = time.monotonic() - began

print(json.dumps(ready))
