// Package marketplace is the sandbox's AWS Marketplace: the Catalog API for AMI
// products, the change sets that take hours there, and the images that buyers
// get.
//
// StartChangeSet answers long before anything is checked. A change set carries
// the moments at which it moves on; Settle, which the server calls before every
// request of every service, moves those that are due. Nothing runs in the
// background, and nothing but Settle ever ends a change set, so a sandbox that
// was killed goes on where it was. A version's image at the buyer's is not the
// seller's: Marketplace makes its own.
package marketplace

import (
	"net/http"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"amiship/sandbox/cloud"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire"
)

// Config is what a Marketplace needs.
type Config struct {
	Store *cloud.Store
	// Open gives access to the files of a stack of layers, as a machine driver does.
	Open     func(layers []string) (machine.Disk, error)
	Settings Settings // zero members take the values of DefaultSettings
}

// Marketplace holds the handlers. Its state is in the store.
type Marketplace struct {
	store    *cloud.Store
	open     func(layers []string) (machine.Disk, error)
	set      Settings
	schemas  map[string]*jsonschema.Schema // of details, by change type
	settling sync.Mutex                    // held while disks are scanned
}

// signingName is in the credential scope of calls.
const signingName = "aws-marketplace"

// New does no I/O.
func New(cfg Config) *Marketplace {
	return &Marketplace{store: cfg.Store, open: cfg.Open, set: cfg.Settings.withDefaults(), schemas: compileSchemas()}
}

// Service is the table of operations.
func (m *Marketplace) Service() wire.Service {
	return wire.Service{
		Name:     signingName,
		Asks:     asks,
		Protocol: wire.RESTJSON{Methods: map[string]string{"DescribeChangeSet": http.MethodGet, "DescribeEntity": http.MethodGet, "CancelChangeSet": http.MethodPatch}},
		Operations: []wire.Operation{
			wire.Op("StartChangeSet", rate("start", 5), here(m.startChangeSet)),
			wire.Read("DescribeChangeSet", rate("describe-change-set", 10), here(m.describeChangeSet)),
			wire.Op("CancelChangeSet", rate("cancel", 5), here(m.cancelChangeSet)),
			wire.Read("ListChangeSets", rate("list-change-sets", 5), here(m.listChangeSets)),
			wire.Read("DescribeEntity", rate("describe-entity", 20), here(m.describeEntity)),
			wire.Read("BatchDescribeEntities", rate("batch", 20), here(m.batchDescribe)),
			wire.Read("ListEntities", rate("list-entities", 10), here(m.listEntities)),
			wire.Read("ListAssessments", rate("list-assessments", 10), here(m.listAssessments)),
			wire.Read("DescribeAssessment", rate("describe-assessment", 10), here(m.describeAssessment)),
			wire.Op("TagResource", rate("tag", 5), here(m.tagResource)),
			wire.Op("UntagResource", rate("untag", 5), here(m.untagResource)),
			wire.Read("ListTagsForResource", rate("list-tags", 5), here(m.listTags)),
		},
		Statuses: map[string]int{
			"AccessDeniedException":         http.StatusForbidden,
			"ValidationException":           http.StatusUnprocessableEntity,
			"ResourceNotFoundException":     http.StatusNotFound,
			"ResourceNotSupportedException": http.StatusUnsupportedMediaType,
			"ResourceInUseException":        http.StatusLocked,
			"ServiceQuotaExceededException": http.StatusPaymentRequired,
			"ThrottlingException":           http.StatusTooManyRequests,
			"InternalServiceException":      http.StatusInternalServerError,
		},
	}
}

// rate is a documented number of requests a second and account. That a second's
// worth may come at once is not documented [?].
func rate(name string, second float64) wire.Bucket {
	return wire.Bucket{Name: name, Max: second, Refill: second}
}

// home is the one region that serves the Catalog, and the one that versions
// are offered from.
const home = "us-east-1"

// here refuses calls that are signed for another region.
func here[I, O any](fn func(*wire.Call, *I) (*O, error)) func(*wire.Call, *I) (*O, error) {
	return func(c *wire.Call, in *I) (*O, error) {
		if c.Region != home {
			return nil, &wire.Error{Code: "InvalidSignatureException", Message: "Credential should be scoped to a valid region, not '" + c.Region + "'.", Status: http.StatusForbidden}
		}
		return fn(c, in)
	}
}
