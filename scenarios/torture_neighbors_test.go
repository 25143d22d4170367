package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// neighborNames are projects of one account, each the beginning of the next. With
// their images they join to one text: prometheus-agent-web-x.
var neighborNames = []string{"prometheus", "prometheus-agent", "prometheus-agent-web"}

// neighborLives are what becomes of them. Whichever order they are done in, the
// world must be the same in the end: none changes what is another's.
var neighborLives = [][]stage{
	{
		{project: "prometheus", args: []string{"release", releasedTag, "--until", "tested"}},
		{project: "prometheus", args: []string{"release", releasedTag}},
		{project: "prometheus", args: []string{"retire", "--yes"}},
		{project: "prometheus", args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
		{project: "prometheus", args: []string{"retire", "--yes"}, later: 31 * 24 * time.Hour},
		{project: "prometheus", args: []string{"sweep", "--yes", "--older", "0s"}},
	},
	{
		{project: "prometheus-agent", args: []string{"release", releasedTag, "--until", "tested"}},
		{project: "prometheus-agent", args: []string{"release", releasedTag}},
		{project: "prometheus-agent", args: []string{"withdraw", releasedTag, "--reason", "eats disks", "--yes"}},
		{project: "prometheus-agent", args: []string{"sweep", "--yes", "--older", "0s"}},
	},
	{
		{project: "prometheus-agent-web", args: []string{"release", releasedTag, "--until", "tested"}},
		{project: "prometheus-agent-web", args: []string{"release", releasedTag}},
		{project: "prometheus-agent-web", args: []string{"repair", releasedTag, "--yes"}},
	},
}

// neighborly are commands that a project may be given at any time: they change
// nothing of its own that is whole, and nothing of others'. A pause holds the
// project's own next stage until it is resumed.
var neighborly = []string{"sweep --yes --older 9000h", "repair " + releasedTag + " --yes", "pause --reason busy", "status", "plan " + releasedTag, "verify " + releasedTag + " --as customer"}

// neighborsWorld has two releases of the first that are kept no longer.
var neighborsWorld = strings.ReplaceAll(oldReleases, `"amiship:image": "1:prometheus"`, `"amiship:image": "1:agent-web-x"`)

// neighborBundles are a catalog for each, in two regions, in directories side by
// side; file is that of the first.
func neighborBundles(t *testing.T) (file string) {
	t.Helper()
	root := t.TempDir()
	for n, project := range neighborNames {
		file := asksLittle(t, copyBundle(t, filepath.Join(root, project)))
		writeFile(t, file, regionsLine.ReplaceAllString(readFile(t, file), "  required: [us-east-1, eu-west-1]"))
		replaceIn(t, file, "project: prometheus\n", "project: "+project+"\n")
		replaceIn(t, file, "\n  prometheus:\n", "\n  "+strings.TrimPrefix("prometheus-agent-web-x", project+"-")+":\n")
		replaceIn(t, file, `"Prometheus {version}"`, `"`+[]string{"Prometheus", "Agent", "Web"}[n]+` {version}"`)
		writeFile(t, file, strings.ReplaceAll(readFile(t, file), `"/prometheus/`, `"/`+project+`/`))
		appendTo(t, file, "keep: {public: {patches: 1, minors: 1}}\nretire: {max_per_run: 100}\n")
		if n > 0 { // who suffers makes the first so
			impatient(t, kind{}, file)
		}
	}
	return filepath.Join(root, neighborNames[0], "amiship.yaml")
}

// fileOf is the catalog of a project; "": there is one only.
func (s *sufferer) fileOf(project string) string {
	if project == "" {
		return s.file
	}
	return filepath.Join(filepath.Dir(filepath.Dir(s.file)), project, filepath.Base(s.file))
}

// projects are those of a kind.
func (k kind) projects() []string {
	if len(k.lives) == 0 {
		return []string{""}
	}
	return neighborNames
}

// ordered are the stages of an ordeal: lives are at random beside each other.
func (o ordeal) ordered() []stage {
	k := kinds[o.kind]
	out, left := slices.Clone(k.stages), slices.Clone(k.lives)
	random := rand.New(rand.NewPCG(o.seed, 1)) //nolint:gosec // it is to be repeated
	for len(left) > 0 {
		n := random.IntN(len(left))
		out = append(out, left[n][0])
		if left[n] = left[n][1:]; len(left[n]) == 0 {
			left = slices.Delete(left, n, n+1)
		}
	}
	return out
}

// neighbor is a command of another project, beside the one that trouble is meant for.
type neighbor struct {
	next    int // how many projects on, round and round
	command string
}

func (n neighbor) String() string { return "beside it, a neighbor: amiship " + n.command }

// neighbors draws what happens next door.
func (d dice) neighbors() (out []neighbor) {
	if len(d.kind.lives) == 0 {
		return nil
	}
	for range d.IntN(4) {
		out = append(out, neighbor{1 + d.IntN(len(neighborNames)-1), d.oneOf(neighborly...)})
	}
	return out
}

// nextDoor begins the commands of neighbors of a stage; end waits for them.
func (s *sufferer) nextDoor(st stage, all []neighbor) (end func() []utterance) {
	s.t.Helper()
	var ends []func() utterance
	for _, n := range all {
		project := neighborNames[(slices.Index(neighborNames, st.project)+n.next)%len(neighborNames)]
		ends = append(ends, s.begin(blow{}, append(strings.Fields(n.command), "--file", s.fileOf(project), "-v", "--call-timeout", "2s", "--read-timeout", "10s")))
	}
	return func() (out []utterance) {
		for _, end := range ends {
			out = append(out, end())
		}
		return out
	}
}

// stored are the tables of the sandbox's store that say whose what is, by region and key.
type stored struct {
	Images map[string]map[string]struct {
		ID, Name      string
		Ready, Public bool
		Users         []string
	} `json:"ec2.images"`
	Tags       map[string]map[string]struct{ Tags map[string]string } `json:"ec2.tags"`
	Parameters map[string]map[string]struct {
		Name     string
		Versions []struct{ Value string }
	} `json:"ssm.parameters"`
}

// owned is what the projects have, but for one: AMIs that are ready, with their tags
// and permissions, and parameters. Of two copies, which a sweep makes one, none counts.
func (s *sufferer) owned(but string) map[string]string {
	s.t.Helper()
	var all stored
	dump := s.run(s.t, "sandbox", "dump", "--state", s.state)
	if err := json.Unmarshal([]byte(dump), &all); err != nil {
		s.t.Fatalf("sandbox dump: %v", err)
	}
	out, copies := map[string]string{}, map[string]int{}
	for region, tagged := range all.Tags {
		for key, of := range tagged {
			image := all.Images[region][path.Base(key)]
			project := strings.TrimPrefix(of.Tags["amiship:project"], "1:")
			if !image.Ready || project == but || !slices.Contains(neighborNames, project) {
				continue
			}
			what := strings.Join([]string{region, project, of.Tags["amiship:tag"], of.Tags["amiship:stage"]}, " ")
			out[what] = fmt.Sprint(image.ID, " ", image.Name, " ", image.Public, image.Users, of.Tags)
			if copies[what]++; copies[what] > 1 {
				delete(out, what)
			}
		}
	}
	for region, parameters := range all.Parameters {
		for _, p := range parameters {
			if project := strings.Split(p.Name, "/")[1]; project != but && slices.Contains(neighborNames, project) {
				out[region+" "+p.Name] = fmt.Sprint(p.Versions)
			}
		}
	}
	return out
}

// watch remembers what the other projects have before a run of one; the returned
// function says what of it has changed.
func (s *sufferer) watch(st stage) (changed func() (complaint string)) {
	if len(s.lives) == 0 {
		return func() string { return "" }
	}
	before := s.owned(st.project)
	return func() string {
		after := s.owned(st.project)
		for _, what := range slices.Sorted(maps.Keys(before)) {
			if before[what] != after[what] {
				return fmt.Sprintf("%s has changed what is another project's:\n-%s\n+%s", st.project, before[what], after[what])
			}
		}
		return ""
	}
}
