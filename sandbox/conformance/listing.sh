#!/bin/sh
# A whole life of a version with the AWS CLI: list, describe, start, describe,
# list, cancel, restrict. The product's first change set takes long, all others
# end at once. Needs AWS_ENDPOINT_URL, VENDOR_KEY and VENDOR_SECRET.
set -eu

export AWS_ACCESS_KEY_ID="$VENDOR_KEY" AWS_SECRET_ACCESS_KEY="$VENDOR_SECRET" AWS_DEFAULT_REGION=us-east-1
unset AWS_REGION
catalog() {
	operation=$1
	shift
	aws --endpoint-url "$AWS_ENDPOINT_URL" --output text marketplace-catalog "$operation" --catalog AWSMarketplace "$@"
}
die() { echo "$*" >&2; exit 1; }

# List and describe.
product=$(catalog list-entities --entity-type AmiProduct --query 'EntitySummaryList[].EntityId' \
	--entity-type-filters '{"AmiProductFilters":{"ProductTitle":{"ValueList":["Sold Thing"]}}}')
newest=$(catalog describe-entity --entity-id "$product" --query EntityIdentifier)
image=$(aws --endpoint-url "$AWS_ENDPOINT_URL" --output text ec2 describe-images --owners self --filters Name=name,Values=listing --query 'Images[0].ImageId')

# Start.
cat >details.json <<JSON
[{"ChangeType": "AddDeliveryOptions", "Entity": {"Type": "AmiProduct@1.0", "Identifier": "$newest"}, "DetailsDocument": {
	"Version": {"VersionTitle": "2.0", "ReleaseNotes": "New."},
	"DeliveryOptions": [{"Details": {"AmiDeliveryOptionDetails": {
		"AmiSource": {"AmiId": "$image", "AccessRoleArn": "arn:aws:iam::123456789012:role/ingestion", "UserName": "ubuntu",
			"OperatingSystemName": "UBUNTU", "OperatingSystemVersion": "22.04"},
		"UsageInstructions": "Log in.", "RecommendedInstanceType": "m5.large",
		"SecurityGroups": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": ["0.0.0.0/0"]}]}}}]}}]
JSON
first=$(catalog start-change-set --change-set-name 'Sold Thing 2.0' --change-set file://details.json --query ChangeSetId)
state=$(catalog describe-change-set --change-set-id "$first" --query Status)
[ "$state" = PREPARING ] || die "the change set is $state"
if catalog start-change-set --change-set file://details.json >/dev/null 2>err; then die "the product is not locked"; fi
grep -q "ResourceInUseException.*$first" err || die "who comes second is told: $(cat err)"

# List and cancel.
pending=$(catalog list-change-sets --filter-list "Name=EntityId,ValueList=$product" Name=Status,ValueList=PREPARING,APPLYING --query 'ChangeSetSummaryList[].ChangeSetId')
[ "$pending" = "$first" ] || die "pending is: $pending"
catalog cancel-change-set --change-set-id "$first" >/dev/null
second=$(catalog start-change-set --change-set file://details.json --query ChangeSetId)
state=$(catalog describe-change-set --change-set-id "$second" --query Status)
[ "$state" = SUCCEEDED ] || die "the change set is $state: $(catalog describe-change-set --change-set-id "$second")"
if catalog cancel-change-set --change-set-id "$second" 2>err; then die "what has ended was cancelled"; fi
grep -q ResourceInUseException err || die "who cancels too late is told: $(cat err)"

# Restrict.
option=$(catalog describe-entity --entity-id "$product" --query 'DetailsDocument.Versions[-1].DeliveryOptions[0].Id')
catalog start-change-set --change-set "[{\"ChangeType\": \"RestrictDeliveryOptions\", \"Entity\": {\"Type\": \"AmiProduct@1.0\", \"Identifier\": \"$product\"},
	\"Details\": \"{\\\"DeliveryOptionIds\\\": [\\\"$option\\\"]}\"}]" >/dev/null
state=$(catalog describe-entity --entity-id "$product" --query 'DetailsDocument.Versions[-1].DeliveryOptions[0].Visibility')
[ "$state" = Restricted ] || die "the version is $state"
echo 'restricted'
