package report

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// Dotenv writes what a catalog.json holds as variables, a line each, for CI:
// without quotes, comments and empty lines, which GitLab takes in no dotenv file.
func Dotenv(w io.Writer, d release.Desired, p plan.Plan) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "AMISHIP_TAG=%s\nAMISHIP_VERSION=%s\n", d.Tag, d.Version.Text)
	amis := NewCatalog(Part{Desired: d, Plan: p}).AMIs
	for _, image := range slices.Sorted(maps.Keys(amis)) {
		for _, arch := range slices.Sorted(maps.Keys(amis[image])) {
			byRegion := amis[image][arch]
			for _, region := range slices.Sorted(maps.Keys(byRegion)) {
				fmt.Fprintf(&text, "%s=%s\n", Variable(image, arch, region), byRegion[region])
			}
		}
	}
	_, err := w.Write(text.Bytes())
	return err
}

var notInVariable = regexp.MustCompile(`[^A-Z0-9]`)

// Variable is the name of the variable that holds an AMI's id: AMI_CE_AMD64_US_EAST_1.
func Variable(image, arch, region string) string {
	return "AMI_" + notInVariable.ReplaceAllString(strings.ToUpper(image+"_"+arch+"_"+region), "_")
}
