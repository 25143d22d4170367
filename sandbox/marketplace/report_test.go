package marketplace_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"amiship/sandbox/marketplace"
	"amiship/sandbox/marketplace/scan"
	"amiship/sandbox/wire"
)

// TestFindings: the message of SCAN_ERROR leads to what was found.
func TestFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	id := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "sloppy"))))
	r.ends(t, id, "SCAN_ERROR")
	url := *r.see(id).ChangeSet[0].ErrorDetailList[0].ErrorMessage
	if !regexp.MustCompile(`^` + regexp.QuoteMeta(r.server.URL) + `/marketplace-scan/[0-9a-f]{32}\.json$`).MatchString(url) {
		t.Fatalf("the message is %s", url)
	}
	status, text := r.fetch(t.Context(), url)
	var found []scan.Finding
	if err := json.Unmarshal([]byte(text), &found); err != nil || status != http.StatusOK {
		t.Fatalf("the file is %d %s: %v", status, text, err)
	}
	if len(found) != 1 || found[0].Rule != "authorized-keys" || found[0].Path != "/root/.ssh/authorized_keys" {
		t.Errorf("it was found %+v", found)
	}
	if status, _ := r.fetch(t.Context(), r.server.URL+"/marketplace-scan/"+strings.Repeat("0", 32)+".json"); status != http.StatusNotFound {
		t.Errorf("a file that was not made answers %d", status)
	}
	r.restart()
	path := url[strings.Index(url, "/marketplace-scan/"):]
	if status, _ := r.fetch(t.Context(), r.server.URL+path); status != http.StatusOK {
		t.Errorf("after a restart the file answers %d", status)
	}
	if again := *r.see(id).ChangeSet[0].ErrorDetailList[0].ErrorMessage; again != r.server.URL+path {
		t.Errorf("after a restart the message is %s", again)
	}
}

// TestLostFindings: faults of reading a report lose its file, and no call of AWS's.
func TestLostFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	id := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "sloppy"))))
	r.ends(t, id, "SCAN_ERROR")
	url := *r.see(id).ChangeSet[0].ErrorDetailList[0].ErrorMessage
	for _, how := range []wire.Loss{wire.Silent, wire.Stalled, wire.Cut, ""} {
		r.wire.SetFaults([]wire.Fault{{Service: "aws-marketplace", Action: "GetScanReport", Answer: how, Delay: 1}})
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if (err != nil) != (how == wire.Silent) {
			t.Errorf("%q: the answer begins: %v", how, err)
		}
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		if lost := err != nil; lost != (how != "") || errors.Is(err, io.ErrUnexpectedEOF) != (how == wire.Cut) {
			t.Errorf("%q: it ends with %v", how, err)
		}
		r.see(id)
		cancel()
	}
}

func TestFindingsAsText(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{ScanReport: marketplace.ReportText})
	id := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "sloppy"))))
	r.ends(t, id, "SCAN_ERROR")
	if text := *r.see(id).ChangeSet[0].ErrorDetailList[0].ErrorMessage; !strings.HasPrefix(text, "authorized-keys /root/.ssh/authorized_keys: ") {
		t.Errorf("the message is %s", text)
	}
}

// TestScanOff leaves nothing out but the files.
func TestScanOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{Scan: marketplace.ScanOff})
	r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "sloppy")))), "")
	r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("3.0", r.image("us-east-1", "coded")))), "EXISTING_AMI_PRODUCT_CODE")
	if r.driver.opened != 0 {
		t.Errorf("%d disks were opened", r.driver.opened)
	}
}

// TestScanOnce: a disk is looked at once, when its change set is prepared.
func TestScanOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	id := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "good"))))
	for _, want := range []int{0, 1, 1, 1} {
		if r.see(id); r.driver.opened != want {
			t.Errorf("%d disks were opened, want %d", r.driver.opened, want)
		}
		r.pass(time.Hour)
	}
}
