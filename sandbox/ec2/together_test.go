package ec2_test

import (
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// Of many who create a group of the same name at once, one succeeds.
func TestOneGroupOfAName(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	codes := together(8, func() string {
		_, err := r.client(vendor, home).CreateSecurityGroup(t.Context(), &awssdk.CreateSecurityGroupInput{GroupName: aws.String("claim"), Description: aws.String("d")})
		return wiretest.Code(err)
	})
	if codes[""] != 1 || codes["InvalidGroup.Duplicate"] != 7 {
		t.Errorf("answers %v", codes)
	}
}

// Instances that are launched at once, described meanwhile and terminated, get
// addresses of their own and leave nothing behind.
func TestManyInstancesAtOnce(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	base := r.base(t)
	addresses := together(8, func() string {
		mine := r.client(vendor, home)
		out, err := mine.RunInstances(t.Context(), &awssdk.RunInstancesInput{ImageId: &base, InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
		if err != nil {
			return err.Error()
		}
		ids := []string{*out.Instances[0].InstanceId}
		if _, err := mine.DescribeInstances(t.Context(), &awssdk.DescribeInstancesInput{}); err != nil {
			return err.Error()
		}
		if _, err := mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: ids}); err != nil {
			return err.Error()
		}
		return *out.Instances[0].PublicIpAddress
	})
	if len(addresses) != 8 {
		t.Errorf("addresses %v", addresses)
	}
	out := must(r.client(vendor, home).DescribeInstances(t.Context(), &awssdk.DescribeInstancesInput{}))(t)
	for _, res := range out.Reservations {
		if res.Instances[0].State.Name != "terminated" {
			t.Errorf("%s is %s", *res.Instances[0].InstanceId, res.Instances[0].State.Name)
		}
	}
	if len(r.driver.state) != 0 {
		t.Errorf("machines are left: %v", r.driver.state)
	}
}

// together runs fn n times at once, and counts what it returns.
func together(n int, fn func() string) map[string]int {
	var mu sync.Mutex
	var all sync.WaitGroup
	out := map[string]int{}
	for range n {
		all.Go(func() {
			s := fn()
			mu.Lock()
			defer mu.Unlock()
			out[s]++
		})
	}
	all.Wait()
	return out
}
