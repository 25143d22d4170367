package release

import (
	"errors"
	"regexp"
)

// ReadsTitle returns what reads the version that a title of the listing's product
// names, by the first group of Titles.
func (l Listing) ReadsTitle() func(title string) (Version, error) {
	form, err := regexp.Compile(l.Titles)
	return func(title string) (Version, error) {
		if err != nil || l.Titles == "" {
			return Version{}, errors.New("the catalog has no form for titles: see titles")
		}
		m := form.FindStringSubmatch(title)
		if len(m) < 2 {
			return Version{}, errors.New("its title does not fit the form of titles")
		}
		return ParseVersion(m[1])
	}
}
