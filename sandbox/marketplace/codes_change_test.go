package marketplace_test

import (
	"slices"
	"strings"
	"testing"

	"amiship/sandbox/marketplace"
)

func TestCodesOfUpdating(t *testing.T) {
	t.Parallel()
	look := object{"AmiDeliveryOptionDetails": object{"UsageInstructions": "Look."}}
	tests := map[string]struct {
		product string
		options func(d described) []object
		want    string
	}{
		"nothing wrong": {thing, func(d described) []object { return []object{{"Id": d.option(t, "1.1"), "Details": look}} }, ""},
		"no options":    {thing, func(described) []object { return []object{} }, "MISSING_DELIVERY_OPTION_IDS"},
		"no id":         {thing, func(described) []object { return []object{{"Details": look}} }, "MISSING_DELIVERY_OPTION_IDS"},
		"unknown id":    {thing, func(described) []object { return []object{{"Id": "x", "Details": look}} }, "INVALID_DELIVERY_OPTION_IDS"},
		"two versions": {thing, func(d described) []object {
			return []object{{"Id": d.option(t, "1.1"), "Details": look}, {"Id": d.option(t, "1.2"), "Details": look}}
		}, "INVALID_DELIVERY_OPTIONS"},
		"a restricted product": {closed, func(d described) []object { return []object{{"Id": d.option(t, "1"), "Details": look}} }, "INVALID_PRODUCT"},
		"type of another arch": {thing, func(d described) []object {
			return []object{{"Id": d.option(t, "1.1"), "Details": object{"AmiDeliveryOptionDetails": object{"RecommendedInstanceType": "m7g.large"}}}}
		}, "INCOMPATIBLE_AMI"},
		"ports upside down": {thing, func(d described) []object {
			groups := []object{{"IpProtocol": "tcp", "FromPort": 5, "ToPort": 4, "IpRanges": []string{"0.0.0.0/0"}}}
			return []object{{"Id": d.option(t, "1.1"), "Details": object{"AmiDeliveryOptionDetails": object{"SecurityGroups": groups}}}}
		}, "INVALID_SECURITY_GROUP"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, marketplace.Settings{})
			_, doc := r.entity(tt.product)
			r.ends(t, r.begin(change("UpdateDeliveryOptions", tt.product, object{"DeliveryOptions": tt.options(doc)})), tt.want)
		})
	}
}

func TestCodesOfRestricting(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		product string
		ids     func(d described) []string
		want    string
	}{
		"nothing wrong":         {thing, func(d described) []string { return []string{d.option(t, "1.1")} }, ""},
		"named twice":           {thing, func(d described) []string { return []string{d.option(t, "1.1"), d.option(t, "1.1")} }, ""},
		"no ids":                {thing, func(described) []string { return []string{} }, "MISSING_DELIVERY_OPTION_IDS"},
		"too many ids":          {thing, func(described) []string { return slices.Repeat([]string{"x"}, 51) }, "INVALID_DELIVERY_OPTION_IDS"},
		"unknown id":            {thing, func(described) []string { return []string{"x"} }, "INVALID_DELIVERY_OPTION_IDS"},
		"id of a version":       {thing, func(d described) []string { return []string{d.Versions[1].Id} }, "INVALID_DELIVERY_OPTION_IDS"},
		"restricted already":    {thing, func(d described) []string { return []string{d.option(t, "0.9")} }, "INVALID_DELIVERY_OPTION"},
		"the last ones":         {thing, func(d described) []string { return []string{d.option(t, "1.1"), d.option(t, "1.2")} }, "ALL_DELIVERY_OPTIONS_RESTRICTED"},
		"product is not public": {narrow, func(d described) []string { return []string{d.option(t, "1")} }, "INVALID_DELIVERY_OPTION INVALID_PRODUCT"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, marketplace.Settings{})
			_, doc := r.entity(tt.product)
			r.ends(t, r.begin(change("RestrictDeliveryOptions", tt.product, object{"DeliveryOptionIds": tt.ids(doc)})), tt.want)
		})
	}
}

func TestCodesOfInformation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		details object
		want    string
	}{
		"all of it": {object{
			"ProductTitle": "A", "ShortDescription": "b", "LongDescription": "c", "Sku": "d", "SupportDescription": "e",
			"Highlights": []string{"f"}, "SearchKeywords": []string{"g"}, "Categories": []string{"h"},
		}, ""},
		"nothing":        {object{}, "INVALID_INPUT"},
		"title too long": {object{"ProductTitle": strings.Repeat("x", 73)}, "INVALID_INPUT"},
		"unknown member": {object{"Colour": "red"}, "INVALID_INPUT"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, marketplace.Settings{})
			r.ends(t, r.begin(change("UpdateInformation", thing, tt.details)), tt.want)
			out, _ := r.entity(thing)
			for _, member := range []string{`"ProductTitle":"A"`, `"ShortDescription":"b"`, `"LongDescription":"c"`, `"Sku":"d"`, `"Description":"e"`, `"Highlights":["f"]`, `"SearchKeywords":["g"]`, `"Categories":["h"]`} {
				if strings.Contains(*out.Details, member) != (tt.want == "") {
					t.Errorf("the product has %s: %v", member, tt.want != "")
				}
			}
		})
	}
}

// TestUnusedMembersOfAnUpdate: whether AWS takes what an update has no use for is a setting.
func TestUnusedMembersOfAnUpdate(t *testing.T) {
	t.Parallel()
	for set, want := range map[marketplace.Word]string{"": "INVALID_INPUT INVALID_INPUT", marketplace.UpdateLenient: ""} {
		r := newRig(t, marketplace.Settings{Update: set})
		_, doc := r.entity(thing)
		last := doc.Versions[len(doc.Versions)-1]
		r.ends(t, r.begin(change("UpdateDeliveryOptions", thing, object{
			"Version": object{"VersionTitle": "Another", "ReleaseNotes": "Clearer."},
			"DeliveryOptions": []object{{"Id": last.DeliveryOptions[0].Id, "Details": object{"AmiDeliveryOptionDetails": object{
				"AmiSource": object{"AmiId": "ami-0123456789abcdef0"}, "UsageInstructions": "Log in.",
			}}}},
		})), want)
		_, after := r.entity(thing)
		now := after.Versions[len(after.Versions)-1]
		if now.VersionTitle != last.VersionTitle || (now.DeliveryOptions[0].Instructions.Usage == "Log in.") != (want == "") {
			t.Errorf("%q: the version is %+v", set, now)
		}
	}
}
