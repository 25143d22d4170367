package web

import (
	"context"
	"encoding/json"

	"amiship/internal/view"
)

// Files are the pages of a view as files, by name: they need no server. Public ones are for
// customers, and have the AMIs of public releases alone.
func Files(ctx context.Context, v view.View, public bool) (map[string][]byte, error) {
	p := page{View: v, Now: v.Read.At, files: true, Public: public}
	out := map[string][]byte{}
	for _, name := range []string{"style.css", "app.js"} {
		text, err := assets.ReadFile(name)
		if err != nil {
			return nil, err
		}
		out[name] = text
	}
	var err error
	if public {
		p.View.Level = view.OK
		out["icon-ok.svg"] = Icon(view.OK)
		out["index.html"], err = p.customers(ctx)
		return out, err
	}
	out["icon-"+string(p.level())+".svg"] = Icon(p.level())
	for _, r := range v.Releases {
		if out[ReleaseFile(r.Tag)], _, err = p.release(ctx, r.Tag); err != nil {
			return nil, err
		}
	}
	if out["status.json"], err = json.MarshalIndent(v, "", "  "); err != nil {
		return nil, err
	}
	out["index.html"], err = p.dashboard(ctx)
	return out, err
}
