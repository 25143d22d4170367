package marketplace

import (
	"fmt"
	"slices"

	"amiship/sandbox/cloud"
)

// judge finds what is wrong with each change of a prepared change set, and
// whether anything is.
func (m *Marketplace) judge(tx *cloud.Tx, s ChangeSet, v verdict) (problems [][]Problem, bad bool) {
	problems = make([][]Problem, len(s.Changes))
	for i, c := range s.Changes {
		p, _ := products.Get(tx, "", c.Product)
		problems[i] = m.judgeChange(tx, s, c, p)
		if len(problems[i]) == 0 && c.Type == addOptions {
			found, scanned := v.findings[i]
			if v.err == "" {
				m.set.assessChange(tx, s, c, found, scanned)
			}
			if found = p.unexcused(found); len(found) > 0 {
				problems[i] = []Problem{m.report(tx, found)}
			}
		}
		bad = bad || len(problems[i]) > 0
	}
	return problems, bad
}

// judgeChange goes from the form to what it means, and to the image last: what
// is wrong earlier hides what would be found later.
func (m *Marketplace) judgeChange(tx *cloud.Tx, s ChangeSet, c Change, p Product) []Problem {
	if wrong := m.checkSchema(c); len(wrong) > 0 {
		return wrong
	}
	switch c.Type {
	case addOptions:
		if wrong := m.checkAdd(c, p, s.Changes); len(wrong) > 0 {
			return wrong
		}
		return m.checkAsset(tx, s.Account, c, p)
	case updateOptions:
		return checkUpdate(c, p)
	case restrictOptions:
		return checkRestrict(c, p, s.Changes)
	}
	return nil
}

// found collects problems.
type found []Problem

func (f *found) add(code, format string, args ...any) {
	*f = append(*f, Problem{Code: code, Message: fmt.Sprintf(format, args...)})
}

// checkAdd checks everything about a new version that does not need its
// image.
func (m *Marketplace) checkAdd(c Change, p Product, all []Change) (wrong found) {
	d := parse[addDetails](c)
	if p.Visibility == restricted {
		wrong.add(codeProduct, "Product %s is restricted: versions cannot be added to it.", p.ID)
	}
	if slices.ContainsFunc(p.Versions, func(v Version) bool { return v.Title == d.Version.VersionTitle }) {
		wrong.add(codeDuplicateTitle, "Product %s has a version with the title '%s' already. Version titles must be unique.", p.ID, d.Version.VersionTitle)
	}
	if text := m.tooMany(p, all); text != "" {
		wrong.add(codeVersionLimitReached, "%s", text)
	}
	if name := d.source().OperatingSystemName; !slices.Contains(m.set.OperatingSystems, name) {
		wrong.add(codeSystemName, "The operating system name '%s' is not supported. Use one of %v.", name, m.set.OperatingSystems)
	}
	if len(d.source().AfiIDs) > 0 { // of the types that the sandbox has, none has an FPGA
		wrong.add(codeFPGA, "FPGA images need an FPGA instance type, and %s is none.", *d.option().RecommendedInstanceType)
	}
	wrong = append(wrong, checkGroups(d.option().SecurityGroups)...)
	return wrong
}

// checkGroups finds what the schema cannot say of ports.
func checkGroups(groups []SecurityGroup) (wrong found) {
	for _, g := range groups {
		if g.FromPort > g.ToPort {
			wrong.add(codeSecurityGroup, "The range of ports %d to %d is empty.", g.FromPort, g.ToPort)
		}
	}
	return wrong
}

// tooMany says that one more version would be over the limit of the product,
// counting what the same change set restricts; or nothing.
func (m *Marketplace) tooMany(p Product, all []Change) string {
	l := m.set.VersionLimit
	n := p.counted(l.CountsRestricted) + 1
	for _, o := range all {
		if o.Type == restrictOptions && !l.CountsRestricted {
			n -= len(p.open(parse[restrictDetails](o).DeliveryOptionIDs))
		}
	}
	if n <= l.Number {
		return ""
	}
	return fmt.Sprintf("Product %s would have %d versions. The maximum number of versions per product is %d.", p.ID, n, l.Number)
}

// open returns those of the delivery options that are the product's and not
// restricted, each once.
func (p Product) open(options []string) []string {
	var out []string
	for _, id := range options {
		i := p.version(id)
		if i >= 0 && p.Versions[i].Option.Visibility != restricted && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func checkUpdate(c Change, p Product) (wrong found) {
	d := parse[updateDetails](c)
	if p.Visibility == restricted {
		wrong.add(codeProduct, "Product %s is restricted: its versions cannot be updated.", p.ID)
	}
	first := -1
	for _, o := range d.DeliveryOptions {
		i := p.version(o.ID)
		if i < 0 {
			wrong.add(codeInvalidIDs, "Product %s has no delivery option %s.", p.ID, o.ID)
			continue
		}
		if first >= 0 && i != first {
			wrong.add(codeSeveralVersions, "The delivery options are of different versions: '%s' and '%s'.", p.Versions[first].Title, p.Versions[i].Title)
		}
		first = i
		wrong = append(wrong, checkGroups(o.Details.AMI.SecurityGroups)...)
		if t := o.Details.AMI.RecommendedInstanceType; t != nil {
			wrong = append(wrong, checkType(*t, p.Versions[i].Source.Arch)...)
		}
	}
	return wrong
}

func checkRestrict(c Change, p Product, all []Change) (wrong found) {
	d := parse[restrictDetails](c)
	if p.Visibility != public {
		wrong.add(codeProduct, "Product %s is not public: its visibility is %s.", p.ID, p.Visibility)
	}
	for _, id := range d.DeliveryOptionIDs {
		i := p.version(id)
		switch {
		case i < 0:
			wrong.add(codeInvalidIDs, "Product %s has no delivery option %s.", p.ID, id)
		case p.Versions[i].Option.Visibility != public:
			wrong.add(codeNotPublic, "Delivery option %s is not public: its visibility is %s.", id, p.Versions[i].Option.Visibility)
		}
	}
	adds := slices.ContainsFunc(all, func(o Change) bool { return o.Type == addOptions && o.Product == p.ID })
	if len(wrong) == 0 && !adds && len(p.open(d.DeliveryOptionIDs)) == p.counted(false) {
		wrong.add(codeAllRestricted, "At least one delivery option of product %s must stay public.", p.ID)
	}
	return wrong
}
