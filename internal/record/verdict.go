package record

import "strings"

// Verdict is how a candidate's boot test ended. It is kept as a tag, TagTested.
type Verdict struct {
	OK     bool
	Checks string // digest of the checks, see Variant.ChecksDigest
	Why    string // the first check that failed
}

// maxTag is how many characters a tag's value may have; the schema takes two.
const maxTag = 256 - len("1:")

// String is what stands in the tag: "ok 0123456789ab", or "failed 0123456789ab
// why", cut to what AWS takes. EC2 takes every character in tags.
func (v Verdict) String() string {
	if v.OK {
		return "ok " + v.Checks
	}
	text := []rune("failed " + v.Checks + " " + strings.Join(strings.Fields(v.Why), " "))
	return string(text[:min(len(text), maxTag)])
}

// ReadVerdict reads what String wrote; ok is false if there is none. Anyone who may tag
// may write another text: a digest that String would cut is none.
func ReadVerdict(text string) (v Verdict, ok bool) {
	result, rest, _ := strings.Cut(text, " ")
	v.Checks, v.Why, _ = strings.Cut(rest, " ")
	v.OK = result == "ok"
	return v, v.Checks != "" && len([]rune(v.Checks)) <= maxTag-len("failed ") && (v.OK || result == "failed")
}
