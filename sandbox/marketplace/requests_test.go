package marketplace_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/document"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"
)

type object = map[string]any

// version is a good version of the image. change, if any, spoils it.
func (r *rig) version(title, image string, change ...func(version, source, option object)) object {
	source := object{
		"AmiId": image, "AccessRoleArn": role, "UserName": "ubuntu", "OperatingSystemName": "UBUNTU", "OperatingSystemVersion": "22.04",
	}
	option := object{
		"AmiSource": source, "UsageInstructions": "Log in.", "RecommendedInstanceType": "m5.large",
		"AccessEndpointUrl": object{"Port": 443, "Protocol": "https", "RelativePath": "login"},
		"SecurityGroups":    []object{{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 443, "IpRanges": []string{"0.0.0.0/0"}}},
	}
	v := object{"VersionTitle": title, "ReleaseNotes": "New."}
	for _, do := range change {
		do(v, source, option)
	}
	return object{"Version": v, "DeliveryOptions": []object{{"Details": object{"AmiDeliveryOptionDetails": option}}}}
}

func change(kind, product string, details any) types.Change {
	return types.Change{
		ChangeType: &kind, Entity: &types.Entity{Type: aws.String("AmiProduct@1.0"), Identifier: &product},
		DetailsDocument: document.NewLazyDocument(details),
	}
}

func input(changes ...types.Change) *marketplacecatalog.StartChangeSetInput {
	return &marketplacecatalog.StartChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSet: changes, ClientRequestToken: new(string)}
}

// begin starts a change set of the vendor and returns its id.
func (r *rig) begin(changes ...types.Change) string {
	r.t.Helper()
	id, err := r.try(input(changes...))
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *rig) try(in *marketplacecatalog.StartChangeSetInput) (string, error) {
	r.t.Helper()
	if in.ClientRequestToken != nil && *in.ClientRequestToken == "" {
		in.ClientRequestToken = nil
	}
	out, err := r.catalog(vendor, "us-east-1").StartChangeSet(r.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.ChangeSetId, nil
}

func (r *rig) see(id string) *marketplacecatalog.DescribeChangeSetOutput {
	r.t.Helper()
	out, err := r.catalog(vendor, "us-east-1").DescribeChangeSet(r.t.Context(), &marketplacecatalog.DescribeChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSetId: &id})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// codes are those of the change set's errors, change by change.
func codes(out *marketplacecatalog.DescribeChangeSetOutput) []string {
	var all []string
	for _, c := range out.ChangeSet {
		for _, e := range c.ErrorDetailList {
			all = append(all, *e.ErrorCode)
		}
	}
	return all
}

// entity describes a product of the vendor.
func (r *rig) entity(product string) (out *marketplacecatalog.DescribeEntityOutput, doc described) {
	r.t.Helper()
	out, err := r.catalog(vendor, "us-east-1").DescribeEntity(r.t.Context(), &marketplacecatalog.DescribeEntityInput{Catalog: aws.String("AWSMarketplace"), EntityId: &product})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := out.DetailsDocument.UnmarshalSmithyDocument(&doc); err != nil {
		r.t.Fatal(err)
	}
	return out, doc
}

// described is as much of a product's document as tests look at.
type described struct {
	Versions []struct {
		Id, VersionTitle, ReleaseNotes, CreationDate string //nolint:revive // AWS's spelling
		Sources                                      []struct {
			Image, Architecture string
			OperatingSystem     struct {
				Name, Version, Username string
				ScanningPort            int
			}
		}
		DeliveryOptions []struct {
			Id, Visibility  string //nolint:revive // AWS's spelling
			Instructions    struct{ Usage string }
			Recommendations struct {
				InstanceType   string
				SecurityGroups []struct {
					Protocol         string
					FromPort, ToPort int
					CidrIps          []string
				}
			}
		}
	}
	Description struct{ ProductTitle, ProductCode, ShortDescription string }
}

// option is the delivery option of a version.
func (d described) option(t testing.TB, title string) string {
	t.Helper()
	for _, v := range d.Versions {
		if v.VersionTitle == title {
			return v.DeliveryOptions[0].Id
		}
	}
	t.Fatalf("there is no version %s", title)
	return ""
}

func (d described) visibility(title string) string {
	for _, v := range d.Versions {
		if v.VersionTitle == title {
			return v.DeliveryOptions[0].Visibility
		}
	}
	return ""
}

// fetch reads a URL as anybody can.
func (r *rig) fetch(ctx context.Context, url string) (int, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
