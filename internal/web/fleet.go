package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"

	"amiship/internal/view"
)

// fleet serves several projects: a page of all, and those of each.
type fleet struct {
	server
	watches []*Watch
}

func newFleet(watches []*Watch) fleet {
	f := fleet{watches: watches}
	f.join = f.joinAll
	return f
}

// joinAll adds a viewer of all projects.
func (f fleet) joinAll() (changed <-chan struct{}, leave func()) {
	told := make(chan struct{}, 1)
	gone := make(chan struct{})
	var leaves []func()
	for _, w := range f.watches {
		one, leave := w.join()
		leaves = append(leaves, leave)
		go func() {
			for {
				select {
				case <-gone:
					return
				case <-one:
				}
				select {
				case told <- struct{}{}:
				default: // it has not taken the last one yet
				}
			}
		}()
	}
	return told, func() {
		close(gone)
		for _, leave := range leaves {
			leave()
		}
	}
}

// together are the newest pages, in which what several projects share is counted once.
func (f fleet) together() ([]page, view.Fleet) {
	var pages []page
	var views []view.View
	head := view.Header{Schema: view.Schema}
	for _, w := range f.watches {
		p := w.page()
		p.Up = "../../"
		v := p.View
		if v.Read.At.IsZero() {
			v = view.Unseen(p.Name, cmp.Or(p.Trouble, "AWS is being read."))
		}
		pages, views = append(pages, p), append(views, v)
		head.Tool.Version, head.Tool.Commit = cmp.Or(head.Tool.Version, p.View.Tool.Version), cmp.Or(head.Tool.Commit, p.View.Tool.Commit)
		head.AWS.Sandbox = head.AWS.Sandbox || p.View.AWS.Sandbox
		head.Read.Calls += p.View.Read.Calls
		head.Read.Seconds += p.View.Read.Seconds
		if at := p.View.Read.At; !at.IsZero() && (head.Read.At.IsZero() || at.Before(head.Read.At)) {
			head.Read.At = at // the oldest
		}
		if p.Trouble != "" {
			head.Errors = append(head.Errors, p.Name+": "+p.Trouble)
		}
	}
	all := view.Together(head, views)
	for i := range pages {
		pages[i].View = all.Views[i]
	}
	return pages, all
}

func (f fleet) pages() *http.ServeMux {
	mux := f.common()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		pages, all := f.together()
		html, err := overviewOf(r.Context(), pages, all)
		if err != nil {
			http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
			return
		}
		send(w, r, http.StatusOK, "text/html; charset=utf-8", html)
	})
	mux.HandleFunc("/status.json", func(w http.ResponseWriter, r *http.Request) {
		pages, all := f.together()
		if all.Read.At.IsZero() {
			unread(w, r, pages[0])
			return
		}
		asJSON(w, r, all)
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		pages, _ := f.together()
		health(w, r, pages...)
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) {
		pages, _ := f.together()
		send(w, r, http.StatusOK, textFormat, metrics(pages...))
	})
	for i, w := range f.watches {
		prefix := "/p/" + w.page().Name
		now := func() page {
			pages, _ := f.together()
			return pages[i]
		}
		mux.Handle(prefix+"/", http.StripPrefix(prefix, project{server{w.join}, now}.pages()))
	}
	return mux
}

// overviewOf is the page of all projects.
func overviewOf(ctx context.Context, pages []page, all view.Fleet) ([]byte, error) {
	p := page{Live: true, View: view.View{Header: all.Header, Project: fmt.Sprintf("%d projects", len(pages)), Headline: all.Headline, Level: all.Level}}
	accounts := map[string]bool{}
	for _, one := range pages {
		p.Trouble = cmp.Or(p.Trouble, one.Trouble)
		accounts[one.account()] = true
		if one.View.Read.At.Equal(all.Read.At) { // the oldest
			p.Now = one.Now
		}
	}
	p.Accounts = fmt.Sprintf("%d accounts", len(accounts))
	if len(accounts) == 1 {
		p.Accounts = pages[0].account()
	}
	return render(ctx, document(p, p.headline()+" · "+p.project(), overview(p, pages, all)))
}

func projectURL(p page) string { return "p/" + url.PathEscape(p.Name) + "/" }

// leastText is for how many more releases there is capacity.
func leastText(v view.View) string {
	left, where := v.Least()
	if where == "" {
		return "unknown"
	}
	return fmt.Sprintf("%d, least in %s", left, where)
}
