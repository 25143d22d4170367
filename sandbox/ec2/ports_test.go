package ec2

import (
	"slices"
	"testing"

	"amiship/sandbox/machine"
)

func TestOpenPorts(t *testing.T) {
	usual := []machine.PortRange{{From: 22, To: 22}, {From: 80, To: 80}, {From: 443, To: 443}, {From: 8000, To: 9100}}
	for name, tc := range map[string]struct {
		rules []rule
		want  []machine.PortRange
	}{
		"one port":                      {[]rule{{Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"}}, []machine.PortRange{{From: 22, To: 22}}},
		"a narrow range":                {[]rule{{Protocol: "tcp", From: 3000, To: 4023, CIDR: "0.0.0.0/0"}}, []machine.PortRange{{From: 3000, To: 4023}}},
		"a wide range is clipped":       {[]rule{{Protocol: "tcp", From: 1, To: 65535, CIDR: "0.0.0.0/0"}}, usual},
		"a wide range above 1024":       {[]rule{{Protocol: "tcp", From: 1024, To: 65535, CIDR: "0.0.0.0/0"}}, usual[3:]},
		"all protocols":                 {[]rule{{Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"}}, usual},
		"IPv6 counts":                   {[]rule{{Protocol: "tcp", From: 80, To: 80, CIDR6: "::/0"}}, usual[1:2]},
		"UDP does not":                  {[]rule{{Protocol: "udp", From: 53, To: 53, CIDR: "0.0.0.0/0"}}, nil},
		"a group as source does not":    {[]rule{{Protocol: "tcp", From: 22, To: 22, Group: "sg-1"}}, nil},
		"the same twice is listed once": {[]rule{{Protocol: "tcp", From: 22, To: 22, CIDR: "10.0.0.0/8"}, {Protocol: "tcp", From: 22, To: 22, CIDR: "0.0.0.0/0"}}, usual[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			if got := openPorts(tc.rules); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}
