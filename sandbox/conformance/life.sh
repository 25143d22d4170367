#!/bin/sh
# A whole life of an AMI with the AWS CLI: build, copy, share, publish, be found
# by a stranger, go. Needs AWS_ENDPOINT_URL and the keys of vendor and customer:
# VENDOR_KEY, VENDOR_SECRET, CUSTOMER_KEY, CUSTOMER_SECRET.
set -eu

as() { # as ACCOUNT command: with the account's keys
	case $1 in
	vendor) key=$VENDOR_KEY secret=$VENDOR_SECRET ;;
	customer) key=$CUSTOMER_KEY secret=$CUSTOMER_SECRET ;;
	esac
	shift
	AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret "$@"
}
vendor() { as vendor aws --endpoint-url "$AWS_ENDPOINT_URL" --output text "$@"; }
customer() { as customer aws --endpoint-url "$AWS_ENDPOINT_URL" --output text "$@"; }
seen() { until [ "$("$@")" != "" ]; do sleep 0.1; done; } # until a list is not empty
die() { echo "$*" >&2; exit 1; }

export AWS_DEFAULT_REGION=us-east-1
unset AWS_REGION

# Build: an instance of Ubuntu, an image of it.
base=$(vendor ec2 describe-images --owners 099720109477 --filters 'Name=name,Values=ubuntu/images/hvm-ssd*/ubuntu-jammy-22.04-amd64-server-*' \
	--query 'sort_by(Images,&CreationDate)[-1].ImageId')
instance=$(vendor ec2 run-instances --image-id "$base" --instance-type t3.micro --query 'Instances[0].InstanceId')
vendor ec2 wait instance-running --instance-ids "$instance"
image=$(vendor ec2 create-image --instance-id "$instance" --name 'life 1.0' --query ImageId \
	--tag-specifications 'ResourceType=image,Tags=[{Key=release,Value=1.0}]' 'ResourceType=snapshot,Tags=[{Key=release,Value=1.0}]')
seen vendor ec2 describe-images --image-ids "$image" --filters Name=state,Values=available --query 'Images[]'
vendor ec2 terminate-instances --instance-ids "$instance" >/dev/null

# Copy: to another region, private and with its tags.
copy=$(vendor ec2 copy-image --region eu-west-1 --source-region us-east-1 --source-image-id "$image" --name 'life 1.0' --copy-image-tags --query ImageId)
vendor ec2 wait image-available --region eu-west-1 --image-ids "$copy"
tag=$(vendor ec2 describe-images --region eu-west-1 --image-ids "$copy" --query 'Images[0].Tags[0].Value')
[ "$tag" = 1.0 ] || die "the copy has the tag $tag"
if customer ec2 describe-images --region eu-west-1 --image-ids "$copy" 2>err; then die "a stranger sees the private copy"; fi
grep -q InvalidAMIID.NotFound err || die "a stranger is told: $(cat err)"

# Share and publish.
id=$(customer sts get-caller-identity --query Account)
vendor ec2 modify-image-attribute --region eu-west-1 --image-id "$copy" --launch-permission "Add=[{UserId=$id}]"
found=$(customer ec2 describe-images --region eu-west-1 --executable-users self --query 'Images[].ImageId')
[ "$found" = "$copy" ] || die "shared with the customer is: $found"
vendor ec2 modify-image-attribute --region eu-west-1 --image-id "$copy" --launch-permission 'Add=[{Group=all}]'

# Its snapshot is public too, once nothing blocks that; then a stranger can copy the image.
snapshot=$(vendor ec2 describe-images --region eu-west-1 --image-ids "$copy" --query 'Images[0].BlockDeviceMappings[0].Ebs.SnapshotId')
publish_snapshot() { vendor ec2 modify-snapshot-attribute --region eu-west-1 --snapshot-id "$snapshot" --attribute createVolumePermission --operation-type add --group-names all; }
vendor ec2 enable-snapshot-block-public-access --region eu-west-1 --state block-new-sharing >/dev/null
if publish_snapshot 2>err; then die "the snapshot is public though that is blocked"; fi
grep -q OperationNotPermitted err || die "the owner is told: $(cat err)"
[ "$(vendor ec2 disable-snapshot-block-public-access --region eu-west-1 --query State)" = unblocked ] || die "snapshots are still blocked"
[ "$(vendor ec2 get-snapshot-block-public-access-state --region eu-west-1 --query State)" = unblocked ] || die "snapshots are blocked again"
publish_snapshot
theirs=$(customer ec2 copy-image --region us-east-1 --source-region eu-west-1 --source-image-id "$copy" --name 'my life' --query ImageId)
customer ec2 wait image-available --image-ids "$theirs"

# A stranger finds it by owner and name, and starts it.
owner=$(vendor sts get-caller-identity --query Account)
found=$(customer ec2 describe-images --region eu-west-1 --owners "$owner" --filters Name=name,Values='life *' Name=is-public,Values=true --query 'Images[].ImageId')
[ "$found" = "$copy" ] || die "public of the vendor is: $found"
guest=$(customer ec2 run-instances --region eu-west-1 --image-id "$copy" --instance-type t3.micro --query 'Instances[0].InstanceId')
seen customer ec2 describe-instances --region eu-west-1 --instance-ids "$guest" --filters Name=instance-state-name,Values=running --query 'Reservations[]'
customer ec2 terminate-instances --region eu-west-1 --instance-ids "$guest" >/dev/null

# Go: both images, with their snapshots.
for gone in "us-east-1 $image" "eu-west-1 $copy"; do
	region=${gone% *}
	snapshot=$(vendor ec2 describe-images --region "$region" --image-ids "${gone#* }" --query 'Images[0].BlockDeviceMappings[0].Ebs.SnapshotId')
	vendor ec2 deregister-image --region "$region" --image-id "${gone#* }" >/dev/null
	vendor ec2 delete-snapshot --region "$region" --snapshot-id "$snapshot"
done
left=$(vendor ec2 describe-images --region eu-west-1 --owners self --query 'Images[].ImageId')$(vendor ec2 describe-snapshots --region eu-west-1 --owner-ids self --query 'Snapshots[].SnapshotId')
[ -z "$left" ] || die "left: $left"
echo 'all gone'
