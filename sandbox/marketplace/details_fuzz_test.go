package marketplace

import (
	"regexp"
	"slices"
	"testing"
)

const inOrder = `{"Version":{"VersionTitle":"1.0","ReleaseNotes":"notes"},"DeliveryOptions":[{"Details":{"AmiDeliveryOptionDetails":{
"AmiSource":{"AmiId":"ami-0123456789abcdef0","AccessRoleArn":"arn:aws:iam::123456789012:role/ingestion","UserName":"ubuntu","OperatingSystemName":"UBUNTU","OperatingSystemVersion":"22.04","ScanningPort":22},
"UsageInstructions":"open it","RecommendedInstanceType":"m5.large",
"SecurityGroups":[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"IpRanges":["0.0.0.0/0"]}],"AccessEndpointUrl":{"Port":443,"Protocol":"https","RelativePath":"login"}}}}]}`

func TestDetailsInOrder(t *testing.T) {
	m := &Marketplace{schemas: compileSchemas()}
	if wrong := m.checkSchema(Change{Type: addOptions, Details: []byte(inOrder)}); len(wrong) > 0 {
		t.Errorf("details that are in order: %+v", wrong)
	}
}

// FuzzDetails: whatever a change asks for, it is in order, or each thing that is
// wrong with it has a code and a text; what is in order can be read.
func FuzzDetails(f *testing.F) {
	m := &Marketplace{schemas: compileSchemas()}
	for n := range changeTypes {
		f.Add(uint8(n), []byte(`{}`))
		f.Add(uint8(n), []byte(`{"DeliveryOptionIds":["do-1"],"DeliveryOptions":[{"Id":"do-1"}]}`))
		f.Add(uint8(n), []byte(`{"Version":{"VersionTitle":"","ReleaseNotes":1},"DeliveryOptions":[{"Details":{"AmiDeliveryOptionDetails":{"AmiSource":{"AmiId":"ami-1"}}}}]}`))
		f.Add(uint8(n), []byte("null"))
		f.Add(uint8(n), []byte(`{"Version":{}}{}`))
	}
	f.Add(uint8(slices.Index(changeTypes, addOptions)), []byte(inOrder))
	ami := regexp.MustCompile(`^ami-([a-zA-Z0-9]{8}|[a-zA-Z0-9]{17})$`)
	f.Fuzz(func(t *testing.T, n uint8, details []byte) {
		c := Change{Type: changeTypes[int(n)%len(changeTypes)], Details: details}
		wrong := m.checkSchema(c)
		for _, p := range wrong {
			if p.Code == "" || p.Message == "" {
				t.Errorf("%s of %q: %+v", c.Type, details, p)
			}
		}
		if len(wrong) > 0 || c.Type != addOptions {
			return
		}
		d := parse[addDetails](c)
		if src := d.source(); !ami.MatchString(src.AmiID) || d.Version.VersionTitle == "" {
			t.Errorf("%q is in order, and has %+v of %q", details, src, d.Version.VersionTitle)
		}
	})
}
