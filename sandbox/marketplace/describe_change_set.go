package marketplace

import (
	"encoding/json"

	"amiship/sandbox/wire"
)

type entityRef struct {
	Type       string `check:"required"`
	Identifier string `json:",omitempty"`
}

type errorDetail struct{ ErrorCode, ErrorMessage string }

type changeOut struct {
	ChangeType      string
	Entity          entityRef
	Details         string
	DetailsDocument json.RawMessage
	ChangeName      string `json:",omitempty"`
	ErrorDetailList []errorDetail
}

type changeSetOut struct {
	setOut
	ChangeSetName      string
	Intent             string
	StartTime          string
	EndTime            string `json:",omitempty"`
	Status             string
	FailureCode        string `json:",omitempty"`
	FailureDescription string `json:",omitempty"`
	ChangeSet          []changeOut
}

func (m *Marketplace) describeChangeSet(c *wire.Call, in *setIn) (*changeSetOut, error) {
	if err := checkCatalog(in.Catalog); err != nil {
		return nil, err
	}
	s, found := findSet(c.Tx, c.Account.ID, in.ChangeSetID)
	if !found || m.forgotten(s, c.Now) {
		return nil, setNotFound(in.ChangeSetID)
	}
	out := &changeSetOut{
		setOut: setOut{s.ID, s.arn()}, ChangeSetName: s.Name, Intent: s.Intent, StartTime: stamp(s.Started), EndTime: s.endTime(),
		Status: s.Status, FailureCode: s.FailureCode, FailureDescription: s.FailureText,
	}
	for _, change := range s.Changes {
		out.ChangeSet = append(out.ChangeSet, change.show(c.Host))
	}
	return out, nil
}

func (s ChangeSet) endTime() string {
	if s.Ended.IsZero() {
		return ""
	}
	return stamp(s.Ended)
}

// show writes the change. host is where the client reaches the sandbox, and
// with it the findings of a scan.
func (c Change) show(host string) changeOut {
	out := changeOut{
		ChangeType: c.Type, Entity: entityRef{entityType, c.Identifier}, Details: string(c.Details),
		DetailsDocument: c.Details, ChangeName: c.Name, ErrorDetailList: []errorDetail{},
	}
	for _, p := range c.Problems {
		text := p.Message
		if p.Report != "" {
			text = "http://" + host + reportPath + p.Report + ".json"
		}
		out.ErrorDetailList = append(out.ErrorDetailList, errorDetail{p.Code, text})
	}
	return out
}
