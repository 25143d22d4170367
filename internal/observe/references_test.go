package observe

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/release"
	"amiship/internal/world"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

// TestReferences: the AMIs of the query are asked about, ten in a call; who may not ask is told so.
func TestReferences(t *testing.T) {
	box := sandboxtest.Start(t, `
ec2:
  - account: vendor
    region: us-east-1
    images:
      - {name: "p {n}", count: 11, created: 31d, tags: {"amiship:project": "1:p"}}
`)
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	o := &Observer{Clients: clients, Desired: release.Desired{Project: "p"}}
	var ids []string
	all, err := own(t.Context(), clients.EC2(home), home)
	for _, i := range all {
		ids = append(ids, i.ID)
	}
	if err != nil || len(ids) != 11 {
		t.Fatalf("%d AMIs: %v", len(ids), err)
	}
	q := world.ReferencesQuery(home, ids)
	putImageParameter(t, clients, "/mine", ids[0])
	got, err := o.references(t.Context(), q)
	if err != nil || len(got.ByAMI) != 11 || fmt.Sprint(got.ByAMI[ids[0]]) != "[arn:aws:ssm:us-east-1:123456789012:parameter/mine]" || len(got.ByAMI[ids[1]]) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if n := len(box.Calls(t, "DescribeImageReferences")); n != 2 {
		t.Errorf("%d calls for 11 AMIs", n)
	}
	box.Meets(t, wire.Fault{Service: "ec2", Action: "DescribeImageReferences", Status: 403, Code: "UnauthorizedOperation"})
	if got, err := o.references(t.Context(), q); err != nil || !strings.Contains(got.Denied, "UnauthorizedOperation") {
		t.Errorf("denied: %+v, %v", got, err)
	}
	box.Meets(t, wire.Fault{Service: "ec2", Action: "DescribeImageReferences", Status: 400, Code: "InvalidParameterValue"})
	if _, err := o.references(t.Context(), q); err == nil {
		t.Error("refused: nothing is said")
	}
}

func putImageParameter(t *testing.T, clients *awsapi.Clients, name, ami string) {
	t.Helper()
	_, err := clients.SSM(home).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String(ami), Type: types.ParameterTypeString, DataType: aws.String("aws:ec2:image"),
	})
	if err != nil {
		t.Fatal(err)
	}
}
