package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
)

// outputs are the files in which a release is handed on; empty: not written.
type outputs struct {
	catalog string // catalog.json
	dotenv  string
	junit   string
}

func (o *outputs) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.catalog, "catalog", "", "write the AMI ids by image, architecture and region to this `FILE`")
	flags.StringVar(&o.dotenv, "dotenv", "", "write the AMI ids as variables to this `FILE`: AMI_<IMAGE>_<ARCH>_<REGION>=ami-…")
	flags.StringVar(&o.junit, "junit", "", "write the result of each step to this `FILE`, as JUnit XML")
}

// check fails where one of them could not be written: before anything is changed.
func (o outputs) check() error {
	var errs []error
	for _, path := range []string{o.catalog, o.dotenv, o.junit} {
		errs = append(errs, writable(path))
	}
	return errors.Join(errs...)
}

// writable makes a file beside the one to be written, and removes it.
func writable(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("write %s: it is a directory", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".amiship-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.WriteString("{}\n") // a full disk makes files, but holds nothing
	if err := errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// write writes those that have a path, no matter how the run has ended.
func (o outputs) write(d release.Desired, p plan.Plan) error {
	return errors.Join(
		replaceFile(o.catalog, 0o644, func(w io.Writer) error { return report.JSON(w, report.NewCatalog(report.Part{Desired: d, Plan: p})) }),
		replaceFile(o.dotenv, 0o644, func(w io.Writer) error { return report.Dotenv(w, d, p) }),
		replaceFile(o.junit, 0o600, func(w io.Writer) error { return report.JUnit(w, p) }),
	)
}

// replaceFile replaces a file in one step, so that no reader sees half of it.
// Without a path it does nothing. What may hold output of a build or of a machine is
// for its owner alone.
func replaceFile(path string, mode os.FileMode, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".amiship-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(mode), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// ofArchs leaves a release the variants of some architectures; none named: all.
// It can then only be built and tested, since the gate wants every variant.
func ofArchs(d release.Desired, archs []string, until plan.Until) (release.Desired, error) {
	if len(archs) == 0 {
		return d, nil
	}
	if until != plan.UntilBuilt && until != plan.UntilTested {
		return d, errors.New("--arch goes with --until built or --until tested: nothing is copied before all architectures are tested")
	}
	known := []string{catalog.AMD64, catalog.ARM64}
	for _, arch := range archs {
		if !slices.Contains(known, arch) {
			return d, unknownName("architecture", arch, known)
		}
	}
	d.Variants = slices.DeleteFunc(slices.Clone(d.Variants), func(v release.Variant) bool { return !slices.Contains(archs, v.Arch) })
	if len(d.Variants) == 0 && d.Skip == "" {
		d.Skip = "none of its images is for " + strings.Join(archs, " or ")
	}
	return d, nil
}
