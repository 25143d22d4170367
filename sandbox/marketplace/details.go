package marketplace

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// schemaFiles are the schemas of details, one for each change type.
//
//go:embed details/*.json
var schemaFiles embed.FS

// compileSchemas reads the embedded schemas. That they are good is tested.
func compileSchemas() map[string]*jsonschema.Schema {
	c := jsonschema.NewCompiler()
	c.RegisterFormat(&jsonschema.Format{Name: "cidr", Validate: checkCIDR})
	c.AssertFormat()
	out := map[string]*jsonschema.Schema{}
	for _, name := range changeTypes {
		text, _ := schemaFiles.ReadFile("details/" + name + ".json")
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err := errors.Join(err, c.AddResource(schemaURL(name), document)); err != nil {
			panic(err)
		}
	}
	for _, name := range changeTypes {
		out[name] = c.MustCompile(schemaURL(name))
	}
	return out
}

func schemaURL(name string) string { return "sandbox:///" + name + ".json" }

func checkCIDR(v any) error {
	text, isText := v.(string)
	if !isText {
		return nil // the type is checked apart
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil || !prefix.Addr().Is4() {
		return fmt.Errorf("%q is no IPv4 range", text)
	}
	return nil
}

// checkSchema returns what is wrong with the form of a change's details, each
// thing with the code that is documented for it.
func (m *Marketplace) checkSchema(c Change) []Problem {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.Details))
	if err != nil {
		return []Problem{{Code: codeInput, Message: err.Error()}}
	}
	if c.Type == updateOptions && m.set.Update == UpdateLenient {
		withoutUnused(document)
	}
	var wrong *jsonschema.ValidationError
	if !errors.As(m.schemas[c.Type].Validate(document), &wrong) {
		return nil
	}
	var out []Problem
	for _, leaf := range leaves(wrong) {
		out = append(out, Problem{Code: codeOf(c.Type, leaf), Message: leaf.Error()})
	}
	return out
}

// withoutUnused removes what an update has no use for.
func withoutUnused(document any) {
	type object = map[string]any
	at := func(v any, member string) any { o, _ := v.(object); return o[member] }
	remove := func(v any, member string) {
		if o, ok := v.(object); ok {
			delete(o, member)
		}
	}
	remove(at(document, "Version"), "VersionTitle")
	options, _ := at(document, "DeliveryOptions").([]any)
	for _, o := range options {
		remove(at(at(o, "Details"), "AmiDeliveryOptionDetails"), "AmiSource")
	}
}

func leaves(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	var out []*jsonschema.ValidationError
	for _, c := range e.Causes {
		out = append(out, leaves(c)...)
	}
	return out
}

// codeByMember is the code for a member that is wrong, or below which something is.
var codeByMember = map[string]string{
	"VersionTitle":            "INVALID_VERSION_TITLE",
	"ReleaseNotes":            "INVALID_RELEASE_NOTES",
	"AmiId":                   codeAMI,
	"ScanningPort":            "INVALID_SCANNING_PORT",
	"OperatingSystemName":     codeSystemName,
	"OperatingSystemVersion":  codeSystemVersion,
	"UsageInstructions":       "INVALID_USAGE_INSTRUCTIONS",
	"Port":                    "INVALID_ACCESS_ENDPOINT_PORT",
	"RelativePath":            "INVALID_ACCESS_ENDPOINT_RELATIVE_PATH",
	"RecommendedInstanceType": "INVALID_RECOMMENDED_INSTANCE_TYPE",
	"SecurityGroups":          codeSecurityGroup,
	"IpProtocol":              "INVALID_SECURITY_GROUP_PROTOCOL",
	"IpRanges":                "INVALID_CIDR_IP",
	"Id":                      codeInvalidIDs,
	"DeliveryOptionIds":       codeInvalidIDs,
}

// codeOf finds the code of the innermost member that has one.
func codeOf(changeType string, e *jsonschema.ValidationError) string {
	at := e.InstanceLocation
	absent := false
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		at, absent = append(append([]string{}, at...), k.Missing[0]), true
	case *kind.AdditionalProperties:
		return codeInput
	case *kind.MinItems:
		absent = true
	}
	last := at[max(0, len(at)-1):]
	ids := strings.Join(last, "")
	if absent && (ids == "DeliveryOptionIds" || changeType == updateOptions && (ids == "DeliveryOptions" || ids == "Id")) {
		return codeMissingIDs
	}
	for i := len(at) - 1; i >= 0; i-- {
		if code, known := codeByMember[at[i]]; known {
			return code
		}
	}
	return codeInput
}
