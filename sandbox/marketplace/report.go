package marketplace

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/marketplace/scan"
	"amiship/sandbox/wire"
)

// reportPath is below where the findings of scans are served: to every client
// that knows the id of one, which can't be guessed.
const reportPath = "/marketplace-scan/"

// reports by id, in partition "".
var reports = cloud.NewTable[[]scan.Finding]("marketplace.reports")

// report makes the problem of a scan that has found something.
func (m *Marketplace) report(tx *cloud.Tx, found []scan.Finding) Problem {
	if m.set.ScanReport == ReportText {
		var lines []string
		for _, f := range found {
			lines = append(lines, f.Rule+" "+f.Path+": "+f.Text)
		}
		text := strings.Join(lines, "; ")
		return Problem{Code: codeScan, Message: text[:min(len(text), maxMessage)]}
	}
	id := hex.EncodeToString(randomBytes(16))
	reports.Put(tx, "", id, found)
	return Problem{Code: codeScan, Report: id}
}

// maxMessage is the longest ErrorMessage.
const maxMessage = 2048

// reading is how faults name the reading of a report.
const reading = "GetScanReport"

// Front serves the findings of scans at the endpoint, and leaves AWS's calls to the
// server. Faults of the action GetScanReport are the reports'.
func (m *Marketplace) Front(calls *wire.Server) http.Handler {
	files := calls.Beside(signingName, reading, http.HandlerFunc(m.serveReport))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, reportPath) {
			files.ServeHTTP(w, r)
			return
		}
		calls.ServeHTTP(w, r)
	})
}

func (m *Marketplace) serveReport(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, reportPath), ".json")
	var found []scan.Finding
	known := false
	_ = m.store.View(func(tx *cloud.Tx) error {
		found, known = reports.Get(tx, "", id)
		return nil
	})
	if !known || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found)
}
