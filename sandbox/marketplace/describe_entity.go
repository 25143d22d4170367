package marketplace

import (
	"encoding/json"

	"amiship/sandbox/wire"
)

type entityIn struct {
	Catalog  string `check:"required"`
	EntityID string `json:"EntityId" check:"required"`
}

type entityDetail struct {
	EntityType       string
	EntityArn        string
	EntityIdentifier string
	LastModifiedDate string
	DetailsDocument  json.RawMessage
}

type entityOut struct {
	entityDetail
	Details string
}

func (p Product) detail() entityDetail {
	return entityDetail{entityType, p.arn(), p.Identifier(), stamp(p.Modified), p.describe()}
}

// describeEntity shows the newest revision; older ones are not kept.
func (m *Marketplace) describeEntity(c *wire.Call, in *entityIn) (*entityOut, error) {
	p, err := lookUp(c, in)
	if err != nil {
		return nil, err
	}
	d := p.detail()
	return &entityOut{d, string(d.DetailsDocument)}, nil
}

func lookUp(c *wire.Call, in *entityIn) (Product, error) {
	if err := checkCatalog(in.Catalog); err != nil {
		return Product{}, err
	}
	p, revision, found := find(c.Tx, c.Account.ID, in.EntityID)
	if !found || revision != "" && p.Identifier() != in.EntityID {
		return p, notFound("Entity '%s' was not found.", in.EntityID)
	}
	return p, nil
}

type batchIn struct {
	EntityRequestList []entityIn `check:"required"`
}

type batchError struct{ ErrorCode, ErrorMessage string }

type batchOut struct {
	EntityDetails map[string]entityDetail
	Errors        map[string]batchError
}

const maxBatch = 20

func (m *Marketplace) batchDescribe(c *wire.Call, in *batchIn) (*batchOut, error) {
	if n := len(in.EntityRequestList); n > maxBatch {
		return nil, invalid("There are %d entity requests, the limit is %d.", n, maxBatch)
	}
	out := &batchOut{map[string]entityDetail{}, map[string]batchError{}}
	for _, ask := range in.EntityRequestList {
		p, err := lookUp(c, &ask)
		if err != nil {
			out.Errors[ask.EntityID] = batchError{wire.AsError(err).Code, err.Error()}
			continue
		}
		out.EntityDetails[ask.EntityID] = p.detail()
	}
	return out, nil
}
