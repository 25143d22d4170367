package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/release"
)

func groupField(i int) string { return fmt.Sprintf("security_groups[%d]", i) }

// checkListings checks what of the listings is the same for every tag.
func (b *Bundle) checkListings() {
	products := map[string]string{}
	for _, name := range sortedKeys(b.Catalog.Listings) {
		l, field := b.Catalog.Listings[name], join("listings", name)
		b.form(field, name, projectName, "name of a listing: small letters, digits and -")
		b.note(field+".product", marketplace.CheckProduct(l.Product))
		product := strings.ToLower(l.Product)
		if before, ok := products[product]; ok && product != "" {
			b.places.add(field+".product", "listing %s has this product already", before)
		}
		products[product] = name
		switch p := release.Partition(b.Catalog.Build.Region); {
		case p != release.Commercial:
			b.places.add(field, "AWS Marketplace takes a version's AMI from %s, which no account of the partition %s can reach; listings: null leaves out those of an extended catalog", marketplace.Region, p)
		case !slices.Contains(b.Catalog.Regions.Required, marketplace.Region):
			b.places.add(field, "%s must be one of regions.required: Marketplace takes a version's AMI from there", marketplace.Region)
		}
		b.checkBacking(field+".image", l)
		b.checkPolicies(field, l)
		b.checkTexts(field, l)
	}
}

// note adds a problem for an error, if there is one.
func (b *Bundle) note(field string, err error) {
	if err != nil {
		b.places.add(field, "%v", err)
	}
}

// checkBacking checks that a listing shows one variant that there is.
func (b *Bundle) checkBacking(field string, l Listing) {
	name, arch := b.Catalog.backing(l)
	image, ok := b.Catalog.Images[name]
	if !ok {
		b.known(field, name)
		return
	}
	if slices.Contains(image.Arch, arch) {
		return
	}
	var variants []string
	for _, arch := range image.Arch {
		variants = append(variants, name+"/"+arch)
	}
	if !strings.Contains(l.Image, "/") {
		b.places.add(field, "%s has several architectures, a listing shows one; write %s", name, oneOf(variants))
		return
	}
	if near := Nearest(l.Image, variants); near != "" {
		b.places.add(field, "no variant %s; did you mean %s?", l.Image, near)
		return
	}
	b.places.add(field, "no variant %s; there is %s", l.Image, oneOf(variants))
}

func (b *Bundle) checkPolicies(field string, l Listing) {
	for _, choice := range []struct {
		field, text string
		known       []string
	}{
		{"only", l.Only, []string{release.OnlyLatestStable, release.OnlyAll}},
		{"pending", l.Pending, []string{release.PendingWait, release.PendingCancel, release.PendingStop}},
	} {
		if !slices.Contains(choice.known, choice.text) {
			b.places.add(join(field, choice.field), "%q; there is %s", choice.text, oneOf(choice.known))
		}
	}
	if l.Retries < 0 {
		b.places.add(field+".retries", "%d is less than none", l.Retries)
	}
	if d, err := time.ParseDuration(l.WaitForOlder); err != nil || d < 0 {
		b.places.add(field+".wait_for_older", "%q is no duration, as 6h and 0s are", l.WaitForOlder)
	}
	if l.Limit < 1 {
		b.places.add(field+".version_limit", "%d; a product has at least one version", l.Limit)
	}
	if l.AssessmentDays < 0 {
		b.places.add(field+".assessment_days", "%d is less than none", l.AssessmentDays)
	}
	if l.ScanningPort == 0 {
		b.places.add(field+".scanning_port", "0 is no TCP or UDP port")
	}
	if b.places.written(field + ".account") {
		b.note(field+".account.role_arn", marketplace.CheckRole(l.Account.Role))
		if id := l.Account.ExternalID; id != "" && (len(id) > 1224 || !externalID.MatchString(id)) {
			b.places.add(field+".account.external_id", "%q; STS accepts 2 to 1224 letters, digits and _+=,.@:/-", id)
		}
	}
}

// checkTexts checks that each text of a listing comes from one place.
func (b *Bundle) checkTexts(field string, l Listing) {
	notes, usage := l.ReleaseNotes, l.Usage
	switch given(notes.Text, notes.File, strings.Join(notes.Command, " ")) {
	case 0:
		b.places.add(field+".release_notes", "is empty; write the text, or name a file or a command")
	case 2:
		b.places.add(field+".release_notes", "names both file and command; name one")
	}
	if given(usage.Text, usage.File) == 0 {
		b.places.add(field+".usage_instructions", "is empty; write the text, or name a file")
	}
}

// externalID is what sts:AssumeRole accepts as one.
var externalID = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
