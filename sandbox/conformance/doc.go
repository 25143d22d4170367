// Package conformance holds the sandbox against what AWS says of itself: its
// answers, read by boto3 and the AWS CLI, against botocore's service models.
//
// A test that parses an answer does not notice what is missing from it. So every
// member that a model documents for an implemented operation must have been seen
// in some answer, or be listed with its reason in the service's omitted.txt; and
// nothing that is seen may be listed there.
package conformance
