"""A customer: REGION KEYFILE COMMAND ARGUMENT...; each answers with JSON.

launch NAME-OR-ID  start an instance from the one AMI of that name, or of that id
restart ID         stop it, and start it again
image ID NAME      make an image of it, and terminate it
end                terminate everything and clean up; how many instances are left
"""

import json
import os
import sys
import time

import boto3

region, keyfile, command, *args = sys.argv[1:]
ec2 = boto3.client("ec2", region_name=region, endpoint_url=os.environ["AWS_ENDPOINT_URL"])


def instances():
    return [i for r in ec2.describe_instances()["Reservations"] for i in r["Instances"]]


def await_state(id, want):
    for _ in range(900):
        found = [i for i in instances() if i["InstanceId"] == id]
        if found and found[0]["State"]["Name"] == want:
            return found[0]
        if found and found[0]["State"]["Name"] == "terminated":
            break
        time.sleep(0.2)
    sys.exit(f"{id} is not {want}: {found}")


def address(instance):
    return {"ID": instance["InstanceId"], "Host": instance["PublicDnsName"] or instance["PublicIpAddress"], "Address": instance["PublicIpAddress"]}


def group():
    """The key pair and the security group, made with the first instance."""
    found = ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["mine"]}])["SecurityGroups"]
    if found:
        return found[0]["GroupId"]
    key = ec2.create_key_pair(KeyName="mine")["KeyMaterial"]
    with os.fdopen(os.open(keyfile, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(key)
    made = ec2.create_security_group(GroupName="mine", Description="SSH and Prometheus")["GroupId"]
    for port in 22, 9090:
        ec2.authorize_security_group_ingress(GroupId=made, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0")
    return made


def launch(image):
    if not image.startswith("ami-"):
        [found] = ec2.describe_images(Filters=[{"Name": "name", "Values": [image]}])["Images"]
        image = found["ImageId"]
    mine = group()
    made = ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1, KeyName="mine", SecurityGroupIds=[mine])
    return address(await_state(made["Instances"][0]["InstanceId"], "running"))


def restart(id):
    ec2.stop_instances(InstanceIds=[id])
    await_state(id, "stopped")
    ec2.start_instances(InstanceIds=[id])
    return address(await_state(id, "running"))


def image(id, name):
    made = ec2.create_image(InstanceId=id, Name=name)["ImageId"]
    ec2.get_waiter("image_available").wait(ImageIds=[made], WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    ec2.terminate_instances(InstanceIds=[id])
    await_state(id, "terminated")
    return made


def end():
    for i in instances():
        ec2.terminate_instances(InstanceIds=[i["InstanceId"]])
        await_state(i["InstanceId"], "terminated")
    for i in ec2.describe_images(Owners=["self"])["Images"]:
        ec2.deregister_image(ImageId=i["ImageId"])
    for s in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        ec2.delete_snapshot(SnapshotId=s["SnapshotId"])
    ec2.delete_security_group(GroupId=group())
    ec2.delete_key_pair(KeyName="mine")
    return len([i for i in instances() if i["State"]["Name"] != "terminated"])


json.dump({"launch": launch, "restart": restart, "image": image, "end": end}[command](*args), sys.stdout)
