"""Calls every operation of EC2 that the sandbox has, so that its answers show
all that they can."""

from world import until

PEER = "eu-west-1"


def run(box):
    ec2 = box.client("ec2")
    places(ec2)
    key, group = access(ec2)
    instance = launch(box, ec2, key, group)
    image, snapshots = images(box, ec2, instance)
    permissions(box, ec2, image, snapshots)
    usage(ec2, image)
    copies(box, ec2, image, snapshots)
    retire(box, ec2, image)
    power(ec2, instance)
    leave(ec2, instance, key, group)
    volumes(box, ec2)
    many(box, ec2)
    fleet(box, ec2)
    found(box, ec2)
    bin_(box)


def places(ec2):
    ec2.describe_regions(AllRegions=True)
    ec2.describe_availability_zones(AllAvailabilityZones=True)
    ec2.describe_account_attributes()
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "Name", "Value": "conformance"}])
    ec2.describe_vpcs()
    ec2.describe_subnets()
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": False})
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    for _ in ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 100}):
        pass
    ec2.describe_instance_type_offerings(LocationType="availability-zone", MaxResults=5)
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    ec2.disable_image_block_public_access()
    ec2.get_image_block_public_access_state()
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    ec2.get_snapshot_block_public_access_state()
    ec2.disable_snapshot_block_public_access()
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[
        {"ImageProviders": ["amazon", "aws-marketplace"]},
        {"ImageNames": ["sold*"], "MarketplaceProductCodes": ["abcdefghijklmnopqrstuvwxy"],
         "CreationDateCondition": {"MaximumDaysSinceCreated": 400}, "DeprecationTimeCondition": {"MaximumDaysSinceDeprecated": 0}}])
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="audit-mode")
    ec2.describe_images(Owners=["self"])
    ec2.get_allowed_images_settings()
    ec2.disable_allowed_images_settings()
    ec2.enable_ebs_encryption_by_default()
    ec2.get_ebs_encryption_by_default()
    ec2.disable_ebs_encryption_by_default()
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2, HttpEndpoint="enabled",
                                          InstanceMetadataTags="disabled", HttpTokensEnforced="enabled")
    ec2.get_instance_metadata_defaults()
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1, HttpEndpoint="no-preference",
                                          InstanceMetadataTags="no-preference", HttpTokensEnforced="disabled")


def tags(kind):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "conformance"}, {"Key": "kind", "Value": kind}]}]


def access(ec2):
    key = ec2.create_key_pair(KeyName="conformance", KeyType="ed25519", TagSpecifications=tags("key-pair"))
    ec2.import_key_pair(KeyName="imported", TagSpecifications=tags("key-pair"), PublicKeyMaterial=public_key())
    ec2.describe_key_pairs(IncludePublicKey=True)
    ec2.delete_key_pair(KeyName="imported")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="conformance", Description="of the conformance test", VpcId=vpc,
                                      TagSpecifications=tags("security-group"))["GroupId"]
    rules = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
              "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "ssh"}],
              "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "ssh"}]},
             {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80,
              "UserIdGroupPairs": [{"GroupId": group, "Description": "each other"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rules, TagSpecifications=tags("security-group-rule"))
    ec2.describe_security_groups(MaxResults=5)
    ec2.describe_security_groups(GroupIds=[group])
    ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
    ec2.describe_security_group_rules(MaxResults=5)
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
    return key["KeyName"], group


def public_key():
    return b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2fYQ0nV7uDZkFqfUm6F0R6J0xGZ0S1kE8QK2xT1p3M conformance"


def launch(box, ec2, key, group):
    box.client("iam").create_instance_profile(InstanceProfileName="conformance")
    made = ec2.run_instances(
        ImageId=box.base(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=1, KeyName=key, SecurityGroupIds=[group],
        ClientToken="conformance-1", UserData="#!/bin/sh\n", EbsOptimized=True, Monitoring={"Enabled": True},
        MetadataOptions={"HttpTokens": "required", "HttpEndpoint": "enabled", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"},
        BlockDeviceMappings=[{"DeviceName": "/dev/sda1", "Ebs": {"VolumeSize": 12, "VolumeType": "gp3", "Iops": 3000, "Throughput": 125}}],
        IamInstanceProfile={"Name": "conformance"},
        TagSpecifications=tags("instance") + tags("volume") + tags("network-interface"))["Instances"][0]["InstanceId"]
    ec2.describe_instances(MaxResults=5)
    until(lambda: state(ec2, made), lambda s: s == "running")
    ec2.describe_instance_status(InstanceIds=[made], IncludeAllInstances=True)
    for name in ("instanceType", "userData", "disableApiTermination", "disableApiStop", "instanceInitiatedShutdownBehavior",
                 "rootDeviceName", "blockDeviceMapping", "sourceDestCheck", "groupSet", "ebsOptimized", "sriovNetSupport",
                 "enaSupport", "enclaveOptions", "productCodes", "kernel", "ramdisk"):
        ec2.describe_instance_attribute(InstanceId=made, Attribute=name)
    ec2.modify_instance_metadata_options(InstanceId=made, HttpTokens="required", HttpPutResponseHopLimit=1)
    ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [made]}])
    ec2.describe_volumes(MaxResults=5)
    ec2.describe_network_interfaces(Filters=[{"Name": "attachment.instance-id", "Values": [made]}])
    ec2.get_console_output(InstanceId=made)
    ec2.create_tags(Resources=[made], Tags=[{"Key": "more", "Value": "yes"}])
    ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [made]}])
    ec2.describe_tags(MaxResults=5)
    ec2.delete_tags(Resources=[made], Tags=[{"Key": "more"}])
    return made


def state(ec2, instance):
    return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]["State"]["Name"]


def images(box, ec2, instance):
    made = ec2.create_image(InstanceId=instance, Name="conformance 1", Description="of the conformance test", NoReboot=True,
                            TagSpecifications=tags("image") + tags("snapshot"))["ImageId"]
    ec2.describe_images(ImageIds=[made])
    image = available(ec2, made)
    snapshots = [m["Ebs"]["SnapshotId"] for m in image["BlockDeviceMappings"] if "Ebs" in m]
    box_volume = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])["Volumes"][0]["VolumeId"]
    lone = ec2.create_snapshot(VolumeId=box_volume, Description="lone", TagSpecifications=tags("snapshot"))["SnapshotId"]
    ec2.describe_snapshots(SnapshotIds=[lone])
    until(lambda: ec2.describe_snapshots(SnapshotIds=[lone])["Snapshots"][0]["State"], lambda s: s == "completed")
    ec2.describe_snapshots(OwnerIds=["self"], MaxResults=5)
    registered = ec2.register_image(
        Name="conformance registered", Architecture="x86_64", RootDeviceName="/dev/xvda", VirtualizationType="hvm", EnaSupport=True,
        SriovNetSupport="simple", BootMode="uefi", TpmSupport="v2.0", UefiData="QU1aTlVFRkk=", ImdsSupport="v2.0", Description="registered", TagSpecifications=tags("image"),
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": lone, "VolumeType": "gp3", "Iops": 3000, "Throughput": 125, "DeleteOnTermination": True}},
                             {"DeviceName": "/dev/sdb", "VirtualName": "ephemeral0"}])["ImageId"]
    available(ec2, registered)
    for name in ("description", "launchPermission", "productCodes", "sriovNetSupport", "bootMode", "lastLaunchedTime", "imdsSupport",
                 "deregistrationProtection", "tpmSupport", "kernel", "ramdisk", "uefiData"):
        ec2.describe_image_attribute(ImageId=registered, Attribute=name)
    again = ec2.run_instances(ImageId=registered, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    until(lambda: state(ec2, again), lambda s: s == "running")
    ec2.terminate_instances(InstanceIds=[again])
    ec2.deregister_image(ImageId=registered, DeleteAssociatedSnapshots=True)
    return made, snapshots


def available(ec2, image, within=30):
    return until(lambda: ec2.describe_images(ImageIds=[image])["Images"][0], lambda i: i["State"] == "available", within)


def permissions(box, ec2, image, snapshots):
    customer = box.client("sts", "customer").get_caller_identity()["Account"]
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"UserId": customer}]})
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [
        {"Group": "all"}]})
    ec2.modify_image_attribute(ImageId=image, LaunchPermission={"Add": [
        {"OrganizationArn": "arn:aws:organizations::123456789012:organization/o-abcdefghij"},
        {"OrganizationalUnitArn": "arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-abcd-abcdefgh"}]})
    ec2.modify_image_attribute(ImageId=image, Description={"Value": "changed"})
    ec2.describe_image_attribute(ImageId=image, Attribute="launchPermission")
    ec2.describe_image_attribute(ImageId=image, Attribute="lastLaunchedTime")
    for snapshot in snapshots:
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": [{"UserId": customer}, {"Group": "all"}]})
        ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
        ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="productCodes")
    other = box.client("ec2", "customer")
    other.describe_images(ImageIds=[image])
    other.describe_images(Owners=["amazon", "aws-marketplace"], MaxResults=5)
    ec2.reset_image_attribute(ImageId=image, Attribute="launchPermission")


def usage(ec2, image):
    kinds = [{"ResourceType": "ec2:Instance"},
             {"ResourceType": "ec2:LaunchTemplate", "ResourceTypeOptions": [{"OptionName": "version-depth", "OptionValues": ["5"]}]}]
    used = ec2.describe_images(Filters=[{"Name": "name", "Values": ["used"]}])["Images"][0]["ImageId"]
    reports = [ec2.create_image_usage_report(ImageId=i, ResourceTypes=kinds, AccountIds=["210987654321", "111122223333"],
                                             TagSpecifications=tags("image-usage-report"))["ReportId"] for i in (image, used)]
    until(lambda: ec2.describe_image_usage_reports(ReportIds=reports[1:])["ImageUsageReports"][0]["State"], lambda s: s == "available")
    ec2.describe_image_usage_reports(MaxResults=1)
    ec2.describe_image_usage_report_entries(MaxResults=1)
    for report in reports:
        ec2.delete_image_usage_report(ReportId=report)


def copies(box, ec2, image, snapshots):
    far = box.client("ec2", region=PEER)
    made = far.copy_image(Name="conformance 1", SourceImageId=image, SourceRegion="us-east-1", ClientToken="copy-1", CopyImageTags=True,
                          TagSpecifications=tags("image") + tags("snapshot"), Encrypted=True)["ImageId"]
    until(lambda: far.describe_images(ImageIds=[made])["Images"], bool)
    available(far, made)
    far.describe_snapshots(OwnerIds=["self"])
    far.copy_snapshot(SourceSnapshotId=snapshots[0], SourceRegion="us-east-1", TagSpecifications=tags("snapshot"), CompletionDurationMinutes=15)
    far.describe_snapshots(OwnerIds=["self"])
    far.deregister_image(ImageId=made, DeleteAssociatedSnapshots=True)


def retire(box, ec2, image):
    later = box.admin("GET", "/info")["now"][:4]
    ec2.enable_image_deprecation(ImageId=image, DeprecateAt=f"{int(later) + 1}-01-01T00:00:00Z")
    ec2.enable_image_deregistration_protection(ImageId=image)
    ec2.describe_images(ImageIds=[image])
    ec2.describe_image_attribute(ImageId=image, Attribute="deregistrationProtection")
    ec2.disable_image_deregistration_protection(ImageId=image)
    ec2.disable_image_deprecation(ImageId=image)
    ec2.disable_image(ImageId=image)
    ec2.describe_images(ImageIds=[image], IncludeDisabled=True)
    ec2.enable_image(ImageId=image)


def power(ec2, instance):
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    ec2.reboot_instances(InstanceIds=[instance])
    until(lambda: state(ec2, instance), lambda s: s == "running")
    ec2.stop_instances(InstanceIds=[instance])
    until(lambda: state(ec2, instance), lambda s: s == "stopped")
    ec2.start_instances(InstanceIds=[instance])
    until(lambda: state(ec2, instance), lambda s: s == "running")


def leave(ec2, instance, key, group):
    ec2.terminate_instances(InstanceIds=[instance])
    until(lambda: state(ec2, instance), lambda s: s == "terminated")
    ec2.describe_instances(InstanceIds=[instance])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_key_pair(KeyName=key)


def volumes(box, ec2):
    """A volume that outlives its instance, a snapshot of it; and one that no instance had."""
    lone = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1, VolumeType="gp3", Encrypted=True, TagSpecifications=tags("volume"))["VolumeId"]
    empty = ec2.create_snapshot(VolumeId=lone, TagSpecifications=tags("snapshot"))["SnapshotId"]
    again = ec2.create_volume(AvailabilityZone="us-east-1a", SnapshotId=empty)["VolumeId"]
    for each in lone, again:
        ec2.delete_volume(VolumeId=each)
    ec2.delete_snapshot(SnapshotId=empty)
    made = ec2.run_instances(ImageId=box.base(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=1, BlockDeviceMappings=[
        {"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": False, "Encrypted": True}}])["Instances"][0]["InstanceId"]
    until(lambda: state(ec2, made), lambda s: s == "running")
    volume = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [made]}])["Volumes"][0]["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    until(lambda: ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"], lambda s: s == "completed")
    ec2.delete_snapshot(SnapshotId=snapshot)
    ec2.terminate_instances(InstanceIds=[made])
    until(lambda: ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"], lambda s: s == "available")
    ec2.delete_volume(VolumeId=volume)


def fleet(box, ec2):
    """A Spot Instance as Packer orders one, of the second of two types."""
    subnet = ec2.describe_subnets()["Subnets"][0]
    made = ec2.create_launch_template(LaunchTemplateName="conformance", VersionDescription="one", LaunchTemplateData={
        "ImageId": box.base(ec2), "InstanceMarketOptions": {"MarketType": "spot", "SpotOptions": {"MaxPrice": "0.05"}},
    }, TagSpecifications=tags("launch-template"))["LaunchTemplate"]
    overrides = [{"InstanceType": t, "SubnetId": subnet["SubnetId"], "AvailabilityZone": subnet["AvailabilityZone"], "MaxPrice": "0.04",
                  "Priority": 1, "ImageId": box.base(ec2)} for t in ("t4g.micro", "t3.micro")]
    answer = ec2.create_fleet(Type="instant", LaunchTemplateConfigs=[{
        "LaunchTemplateSpecification": {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "1"}, "Overrides": overrides,
    }], TargetCapacitySpecification={"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "spot"})
    ids = answer["Instances"][0]["InstanceIds"]
    assert [e["ErrorCode"] for e in answer["Errors"]] == ["InvalidParameterValue"], answer
    request = ec2.describe_instances(InstanceIds=ids)["Reservations"][0]["Instances"][0]["SpotInstanceRequestId"]
    ec2.create_tags(Resources=[request], Tags=[{"Key": "Name", "Value": "conformance"}])
    ids += [i["InstanceId"] for i in ec2.run_instances(ImageId=box.base(ec2), InstanceType="t3.micro", MinCount=1, MaxCount=1,
                                                       InstanceMarketOptions={"MarketType": "spot"})["Instances"]]
    ec2.terminate_instances(InstanceIds=ids)
    ec2.delete_launch_template(LaunchTemplateName="conformance")


def many(box, ec2):
    """Lists that need a second page."""
    base = box.base(ec2)
    ids = [i["InstanceId"] for i in ec2.run_instances(ImageId=base, InstanceType="t3.micro", MinCount=6, MaxCount=6)["Instances"]]
    ec2.describe_instances(MaxResults=5)
    ec2.describe_instance_status(MaxResults=5, IncludeAllInstances=True)
    ec2.describe_volumes(MaxResults=5)
    ec2.describe_network_interfaces(MaxResults=5)
    ec2.describe_image_references(ImageIds=[base], IncludeAllResourceTypes=True, MaxResults=5)
    groups = [ec2.create_security_group(GroupName=f"many-{n}", Description="many")["GroupId"] for n in range(6)]
    ec2.describe_security_groups(MaxResults=5)
    for group in groups:
        ec2.delete_security_group(GroupId=group)
    ec2.create_tags(Resources=ids, Tags=[{"Key": "many", "Value": "yes"}])
    ec2.describe_tags(MaxResults=5)
    ec2.describe_images(MaxResults=5)
    ec2.describe_snapshots(MaxResults=5)
    ec2.describe_vpcs(MaxResults=5)
    ec2.describe_subnets(MaxResults=5)
    ec2.terminate_instances(InstanceIds=ids)


def found(box, ec2):
    """What the world has from the beginning: images of others, failed ones."""
    ec2.describe_images(Owners=["self", "aws-marketplace"], IncludeDeprecated=True)
    ec2.describe_snapshots(OwnerIds=["self"])
    ec2.describe_snapshots(OwnerIds=["amazon"], MaxResults=5)
    sold = ec2.describe_images(Owners=["aws-marketplace"])["Images"][0]["ImageId"]
    guest = ec2.run_instances(ImageId=sold, InstanceType="t3.micro", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    until(lambda: state(ec2, guest), lambda s: s == "running")
    ec2.describe_instance_attribute(InstanceId=guest, Attribute="productCodes")
    ec2.terminate_instances(InstanceIds=[guest])
    seller = box.client("ec2", "marketplace")
    seller.describe_image_attribute(ImageId=sold, Attribute="productCodes")
    for snapshot in seller.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        seller.describe_snapshot_attribute(SnapshotId=snapshot["SnapshotId"], Attribute="productCodes")
    launched = ec2.describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": ["launched"]}])["Images"][0]["ImageId"]
    ec2.describe_image_attribute(ImageId=launched, Attribute="lastLaunchedTime")


def bin_(box):
    """A region with a Recycle Bin."""
    ec2 = box.client("ec2", region="us-west-2")
    kept = [i["ImageId"] for i in ec2.describe_images(Owners=["self"])["Images"]]
    for image in kept:
        ec2.deregister_image(ImageId=image)
    ec2.list_images_in_recycle_bin(MaxResults=5)
    ec2.restore_image_from_recycle_bin(ImageId=kept[0])
