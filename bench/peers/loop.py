"""The usual loop: for each image and each region, see whether the AMI is there
and whether everybody who should may start it and read its disk; then whether each
product's versions can be read. Prints what is missing as JSON."""

import json
import os
import sys

import boto3

intent = json.loads(sys.argv[1])
url = os.environ["AWS_ENDPOINT_URL"]  # Debian's boto3 does not read it itself
session = boto3.Session()
missing = []


def accounts(permissions):
    return {p.get("UserId") or p.get("Group") for p in permissions}


clients = {r: session.client("ec2", region_name=r, endpoint_url=url) for r in intent["regions"]}
for name in intent["public"] + intent["private"]:
    for region, ec2 in clients.items():
        images = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": [name]}])["Images"]
        if not images:
            missing.append([name, region])
            continue
        image = images[0]
        may = accounts(ec2.describe_image_attribute(ImageId=image["ImageId"], Attribute="launchPermission")["LaunchPermissions"])
        snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        read = accounts(
            ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")["CreateVolumePermissions"]
        )
        for account in intent["accounts"]:
            if account not in may:
                missing.append([name, region, account, "launch"])
            if account not in read:
                missing.append([name, region, account, "read"])
        if name in intent["public"] and "all" not in may:
            missing.append([name, region, "all", "launch"])

market = session.client("marketplace-catalog", region_name="us-east-1", endpoint_url=url)
for product in intent["products"]:
    market.describe_entity(Catalog="AWSMarketplace", EntityId=product)
    market.list_change_sets(Catalog="AWSMarketplace", FilterList=[{"Name": "EntityId", "ValueList": [product]}])

print(json.dumps(missing))
