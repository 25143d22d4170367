package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"amiship/internal/audit"
	"amiship/internal/terminal"
)

// Verified writes a table of regions and variants, then every finding, then
// what it comes to.
func Verified(w io.Writer, v audit.Verified) {
	regions, variants := axes(v)
	t := terminal.NewTable(w)
	fmt.Fprintf(t, "  REGION\t%s\tREST\n", strings.Join(variants, "\t"))
	for _, region := range regions {
		row := []string{region}
		for _, variant := range variants {
			row = append(row, cell(v, region, variant))
		}
		fmt.Fprintf(t, "  %s\t%s\n", strings.Join(row, "\t"), orOK(wrong(v, region, "")))
	}
	t.Flush()
	differences(w, v)
	fmt.Fprintln(w, total(v, len(regions)))
}

// differences writes the findings and what else was seen, a line each.
func differences(w io.Writer, v audit.Verified) {
	for _, d := range v.Findings {
		fmt.Fprintf(w, "  WRONG  %s: %s: expected %s, saw %s\n", place(d), d.What, firstLine(d.Want), firstLine(d.Got))
	}
	for _, l := range v.Listings {
		fmt.Fprintln(w, "  listed "+l)
	}
	for _, note := range v.Notes {
		fmt.Fprintln(w, "  note   "+note)
	}
}

// axes are the regions and variants that were checked.
func axes(v audit.Verified) (regions, variants []string) {
	for _, s := range v.AMIs {
		regions = append(regions, s.Region)
		variants = append(variants, s.Image+"/"+s.Arch)
	}
	slices.Sort(regions)
	slices.Sort(variants)
	return slices.Compact(regions), slices.Compact(variants)
}

// cell is what a table says of a variant in a region.
func cell(v audit.Verified, region, variant string) string {
	i := slices.IndexFunc(v.AMIs, func(s audit.Sight) bool { return s.Region == region && s.Image+"/"+s.Arch == variant })
	found := wrong(v, region, variant)
	switch {
	case i < 0 || v.AMIs[i].Unread:
		return "?"
	case found == "" && v.AMIs[i].AMI == "":
		return "-"
	}
	return orOK(found)
}

func orOK(s string) string {
	if s == "" {
		return "ok"
	}
	return s
}

// wrong sums up the findings of a variant in a region, or those of a region
// that are no variant's: the first, and how many more.
func wrong(v audit.Verified, region, variant string) string {
	var what []string
	for _, d := range v.Findings {
		if d.Region == region && variantOf(d) == variant {
			what = append(what, d.What)
		}
	}
	what = slices.Compact(what)
	switch len(what) {
	case 0:
		return ""
	case 1:
		return what[0]
	}
	return fmt.Sprintf("%s, %d more", what[0], len(what)-1)
}

func variantOf(d audit.Difference) string {
	if d.Image == "" {
		return ""
	}
	return d.Image + "/" + d.Arch
}

func place(d audit.Difference) string {
	if at := strings.TrimSpace(d.Region + " " + variantOf(d)); at != "" {
		return at
	}
	return "everywhere"
}

func total(v audit.Verified, regions int) string {
	there := 0
	for _, s := range v.AMIs {
		if s.AMI != "" {
			there++
		}
	}
	amis := fmt.Sprintf("%s in %s", count(there, "AMI"), count(regions, "region"))
	if len(v.Listings) > 0 {
		amis += " and " + count(len(v.Listings), "listing")
		there += len(v.Listings)
	}
	if v.Withdrawn != "" {
		return recalled(v, amis)
	}
	if len(v.Findings) > 0 {
		return fmt.Sprintf("%s %s: %s, %s, %s", v.Project, v.Tag, count(len(v.Findings), "finding"), amis, count(v.Calls, "call"))
	}
	verb := "are"
	if there == 1 {
		verb = "is"
	}
	return fmt.Sprintf("%s %s: %s %s as configured, %s", v.Project, v.Tag, amis, verb, count(v.Calls, "call"))
}

// recalled sums up a release that was withdrawn.
func recalled(v audit.Verified, amis string) string {
	result := "all are out of reach"
	if n := len(v.Findings); n > 0 {
		result = count(n, "finding")
	}
	return fmt.Sprintf("%s %s: withdrawn: %s: %s: %s, %s", v.Project, v.Tag, firstLine(v.Withdrawn), amis, result, count(v.Calls, "call"))
}
