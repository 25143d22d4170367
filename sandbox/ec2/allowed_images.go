package ec2

import (
	"errors"
	"fmt"
	"slices"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// AllowedImages are an account's Allowed AMIs in a region: which images of others it may
// find and use (docs/reference/aws.md#allowed-amis). Its own are never restricted.
type AllowedImages struct {
	State    string           `json:",omitempty" yaml:"state"` // audit-mode or enabled; disabled when empty
	Criteria []ImageCriterion `json:",omitempty" yaml:"criteria"`
}

// ImageCriterion allows the images that meet all of its conditions; an image is allowed that
// meets one criterion.
type ImageCriterion struct {
	Providers    []string `json:",omitempty" wire:"ImageProvider" yaml:"providers"` // aliases, account ids, or none
	ProductCodes []string `json:",omitempty" wire:"MarketplaceProductCode" yaml:"product_codes"`
	Names        []string `json:",omitempty" wire:"ImageName" yaml:"names"` // with * and ?
	// Days since deprecation and since creation, at most; nil: any.
	Deprecated struct {
		Days *int `json:",omitempty" wire:"MaximumDaysSinceDeprecated" yaml:"days"`
	} `json:",omitzero" wire:"DeprecationTimeCondition" yaml:"deprecated"`
	Created struct {
		Days *int `json:",omitempty" wire:"MaximumDaysSinceCreated" yaml:"days"`
	} `json:",omitzero" wire:"CreationDateCondition" yaml:"created"`
}

// States of Allowed AMIs.
const (
	allowedDisabled = "disabled"
	allowedAudit    = "audit-mode"
	allowedEnabled  = "enabled"
)

// hides reports whether the account may not see an image of another.
func (a AllowedImages) hides(tx *cloud.Tx, account string, im Image) bool {
	return a.State == allowedEnabled && !a.allows(tx, account, im)
}

func (a AllowedImages) allows(tx *cloud.Tx, account string, im Image) bool {
	return im.Owner == account || slices.ContainsFunc(a.Criteria, func(c ImageCriterion) bool { return c.meets(tx, im) })
}

func (c ImageCriterion) meets(tx *cloud.Tx, im Image) bool {
	alias := aliasOf(tx, im.Owner)
	switch {
	case len(c.Providers) > 0 && !slices.Contains(c.Providers, im.Owner) && (alias == "" || !slices.Contains(c.Providers, alias)):
		return false
	case len(c.ProductCodes) > 0 && !slices.Contains(c.ProductCodes, im.ProductCode):
		return false
	case len(c.Names) > 0 && !anyMatch(c.Names, []string{im.Name}):
		return false
	case c.Created.Days != nil && tx.Now.After(im.Created.AddDate(0, 0, *c.Created.Days)):
		return false
	}
	return c.Deprecated.Days == nil || !im.deprecatedAt(tx.Now) || !tx.Now.After(im.deprecation().AddDate(0, 0, *c.Deprecated.Days))
}

// Limits of the criteria [D BC:ec2].
const (
	maxCriteria      = 10
	maxProviders     = 200
	maxCriterionList = 50
)

func checkCriteria(all []ImageCriterion) error {
	if len(all) > maxCriteria {
		return fmt.Errorf("there are at most %d criteria", maxCriteria)
	}
	for _, c := range all {
		if err := c.check(); err != nil {
			return err
		}
	}
	return nil
}

func (c ImageCriterion) check() error {
	for _, p := range c.Providers {
		if p != "none" && !accountForm.MatchString(p) && !slices.Contains(ownerAliases, p) {
			return fmt.Errorf("image provider %q is no account id, amazon, aws-marketplace, aws-backup-vault or none", p)
		}
	}
	switch {
	case slices.Contains(c.Providers, "none") && len(c.Providers) > 1:
		return errors.New("the image provider none stands alone")
	case len(c.Providers) > maxProviders || len(c.ProductCodes) > maxCriterionList || len(c.Names) > maxCriterionList:
		return fmt.Errorf("a criterion has at most %d providers, and %d product codes and names", maxProviders, maxCriterionList)
	case c.Created.Days != nil && *c.Created.Days < 0 || c.Deprecated.Days != nil && *c.Deprecated.Days < 0:
		return errors.New("a number of days is not negative")
	}
	return nil
}

type xmlDays struct {
	Created    *int `xml:"maximumDaysSinceCreated"`
	Deprecated *int `xml:"maximumDaysSinceDeprecated"`
}

type xmlCriterion struct {
	Providers    wire.List[string] `xml:"imageProviderSet,omitempty"`
	ProductCodes wire.List[string] `xml:"marketplaceProductCodeSet,omitempty"`
	Names        wire.List[string] `xml:"imageNameSet,omitempty"`
	Deprecated   *xmlDays          `xml:"deprecationTimeCondition"`
	Created      *xmlDays          `xml:"creationDateCondition"`
}

func (c ImageCriterion) xml() xmlCriterion {
	x := xmlCriterion{Providers: c.Providers, ProductCodes: c.ProductCodes, Names: c.Names}
	if c.Deprecated.Days != nil {
		x.Deprecated = &xmlDays{Deprecated: c.Deprecated.Days}
	}
	if c.Created.Days != nil {
		x.Created = &xmlDays{Created: c.Created.Days}
	}
	return x
}

type allowedImagesOut struct {
	State     string                  `xml:"state"`
	Criteria  wire.List[xmlCriterion] `xml:"imageCriterionSet,omitempty"`
	ManagedBy string                  `xml:"managedBy"`
}

func (o accountOps) getAllowedImages(c *wire.Call, _ *nothingIn) (*allowedImagesOut, error) {
	a := stateOf(c).Allowed
	out := &allowedImagesOut{State: a.State, ManagedBy: "account"}
	if out.State == "" {
		out.State = allowedDisabled
	}
	for _, criterion := range a.Criteria {
		out.Criteria = append(out.Criteria, criterion.xml())
	}
	return out, nil
}

type enableAllowedImagesIn struct {
	dry
	State string `wire:"AllowedImagesSettingsState"`
}

type allowedStateOut struct {
	State string `xml:"allowedImagesSettingsState"`
}

func (o accountOps) enableAllowedImages(c *wire.Call, in *enableAllowedImagesIn) (*allowedStateOut, error) {
	if in.State != allowedEnabled && in.State != allowedAudit {
		return nil, invalidValue("AllowedImagesSettingsState", in.State, "Expected enabled or audit-mode.")
	}
	setState(c, func(s *regionState) { s.Allowed.State = in.State })
	return &allowedStateOut{in.State}, nil
}

// disableAllowedImages keeps the criteria.
func (o accountOps) disableAllowedImages(c *wire.Call, _ *nothingIn) (*allowedStateOut, error) {
	setState(c, func(s *regionState) { s.Allowed.State = "" })
	return &allowedStateOut{allowedDisabled}, nil
}

type replaceCriteriaIn struct {
	dry
	Criteria []ImageCriterion `wire:"ImageCriterion"`
}

func (o accountOps) replaceCriteria(c *wire.Call, in *replaceCriteriaIn) (*done, error) {
	if err := checkCriteria(in.Criteria); err != nil {
		return nil, wire.Errorf("InvalidParameterValue", "%v", err)
	}
	setState(c, func(s *regionState) { s.Allowed.Criteria = in.Criteria })
	return ok()
}

// stored is what a world says as the store keeps it.
func (a AllowedImages) stored() AllowedImages {
	if a.State == allowedDisabled {
		a.State = ""
	}
	return a
}

func (a AllowedImages) checkWorld() error {
	if !slices.Contains([]string{"", allowedDisabled, allowedAudit, allowedEnabled}, a.State) {
		return fmt.Errorf("allowed_images: the state %q is none of %s, %s and %s", a.State, allowedDisabled, allowedAudit, allowedEnabled)
	}
	if err := checkCriteria(a.Criteria); err != nil {
		return fmt.Errorf("allowed_images: %w", err)
	}
	return nil
}
