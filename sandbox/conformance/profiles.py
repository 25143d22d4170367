"""What IAM and launch templates refuse, as boto3 sees it: the codes by which Packer and
others decide."""

import json

import botocore.exceptions

import world

box = world.Sandbox()
iam, ec2 = box.client("iam"), box.client("ec2")
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com", "AWS": "123456789012"}, "Action": "sts:AssumeRole"}]})


def wants(code, call, **kw):
    try:
        call(**kw)
    except botocore.exceptions.ClientError as e:
        got = e.response["Error"]["Code"]
        assert got == code, f"{call} {kw}: {e}, want {code}"
    else:
        raise AssertionError(f"{call} {kw} works, want {code}")


def launch(**profile):
    return dict(ImageId=box.base(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=1, IamInstanceProfile=profile)


profile, role = {"InstanceProfileName": "p"}, {"RoleName": "r"}
wants("NoSuchEntity", iam.get_instance_profile, **profile)
wants("InvalidParameterValue", ec2.run_instances, **launch(Name="p"))
made = iam.create_instance_profile(**profile)["InstanceProfile"]
assert made["Roles"] == [] and made["Path"] == "/", made
wants("EntityAlreadyExists", iam.create_instance_profile, **profile)
wants("NoSuchEntity", iam.add_role_to_instance_profile, **profile, **role)
wants("NoSuchEntity", iam.get_role, **role)
wants("MalformedPolicyDocument", iam.create_role, AssumeRolePolicyDocument="no", **role)
iam.create_role(AssumeRolePolicyDocument=TRUST, Description="a role", **role)
wants("EntityAlreadyExists", iam.create_role, AssumeRolePolicyDocument=TRUST, **role)
got = iam.get_role(**role)["Role"]
assert got["AssumeRolePolicyDocument"] == json.loads(TRUST) and got["MaxSessionDuration"] == 3600, got
box.client("sts").assume_role(RoleArn=got["Arn"], RoleSessionName="me")
wants("MalformedPolicyDocument", iam.put_role_policy, PolicyName="x", PolicyDocument="no", **role)
iam.put_role_policy(PolicyName="x", PolicyDocument=TRUST, **role)
iam.add_role_to_instance_profile(**profile, **role)
wants("LimitExceeded", iam.add_role_to_instance_profile, **profile, **role)
assert iam.get_instance_profile(**profile)["InstanceProfile"]["Roles"][0]["RoleName"] == "r"
ids = [i["InstanceId"] for i in ec2.run_instances(**launch(Arn=made["Arn"]))["Instances"]]
shown = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]["IamInstanceProfile"]
assert shown == {"Arn": made["Arn"], "Id": made["InstanceProfileId"]}, shown
wants("DeleteConflict", iam.delete_instance_profile, **profile)
wants("DeleteConflict", iam.delete_role, **role)
iam.remove_role_from_instance_profile(**profile, **role)
wants("NoSuchEntity", iam.remove_role_from_instance_profile, **profile, **role)
wants("DeleteConflict", iam.delete_role, **role)
iam.delete_role_policy(PolicyName="x", **role)
wants("NoSuchEntity", iam.delete_role_policy, PolicyName="x", **role)
iam.delete_role(**role)
wants("AccessDenied", box.client("sts").assume_role, RoleArn=got["Arn"], RoleSessionName="me")
iam.delete_instance_profile(**profile)
wants("NoSuchEntity", iam.delete_instance_profile, **profile)

spot = {"MarketType": "spot"}
data = {"ImageId": box.base(ec2), "InstanceType": "t3.micro", "InstanceMarketOptions": spot}
ec2.create_launch_template(LaunchTemplateName="one", LaunchTemplateData=data)
wants("InvalidLaunchTemplateName.AlreadyExistsException", ec2.create_launch_template, LaunchTemplateName="one", LaunchTemplateData=data)
wants("InvalidLaunchTemplateName.NotFoundException", ec2.delete_launch_template, LaunchTemplateName="two")
one = {"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "spot"}


def fleet(kind="instant", **template):
    return dict(Type=kind, TargetCapacitySpecification=one, LaunchTemplateConfigs=[{"LaunchTemplateSpecification": template}])


wants("InvalidLaunchTemplateName.NotFoundException", ec2.create_fleet, **fleet(LaunchTemplateName="two", Version="1"))
wants("InvalidLaunchTemplateId.VersionNotFound", ec2.create_fleet, **fleet(LaunchTemplateName="one", Version="7"))
wants("Unsupported", ec2.create_fleet, **fleet("maintain", LaunchTemplateName="one", Version="1"))
wants("InvalidParameterValue", ec2.run_instances, **launch(), InstanceMarketOptions={"MarketType": "spot", "SpotOptions": {"MaxPrice": "cheap"}})
ids = ec2.create_fleet(**fleet(LaunchTemplateName="one", Version="$Latest"))["Instances"][0]["InstanceIds"]
world.until(lambda: ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]["State"]["Name"], "running".__eq__)
wants("UnsupportedOperation", ec2.stop_instances, InstanceIds=ids)
found = ec2.describe_instances(Filters=[{"Name": "instance-lifecycle", "Values": ["spot"]}])["Reservations"]
assert [i["InstanceId"] for r in found for i in r["Instances"]] == ids, found
ec2.delete_launch_template(LaunchTemplateName="one")
print("refused")
