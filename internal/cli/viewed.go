package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/view"
	"amiship/internal/world"
)

// recentSets is how old a change set may be that a view shows.
const recentSets = 28 * 24 * time.Hour

// viewer reads what views of a project are made from. What it reads once is kept.
type viewer struct {
	*app
	bundle  *catalog.Bundle
	planner *planner
}

func (a *app) newViewer(ctx context.Context) (*viewer, error) {
	b, err := a.load()
	if err != nil {
		return nil, err
	}
	pl, err := newPlanner(ctx, b.Catalog.Build.Region)
	return &viewer{a, b, pl}, err
}

// viewer reads what is shown of one of several catalogs.
func (a *app) viewer(p part) *viewer { return &viewer{a, p.bundle, plannerOf(p.clients)} }

// view reads everything and makes the view. It is an error if AWS can't be spoken to at all;
// what could not be read is in the view.
func (v *viewer) view(ctx context.Context) (view.View, error) {
	clients, start := v.planner.observer.Clients, time.Now()
	before := clients.Calls()
	var asking sync.WaitGroup
	var who view.AWS
	asking.Go(func() { who = identity(ctx, clients) })
	s, err := v.sources(ctx)
	asking.Wait()
	if err != nil {
		return view.View{}, err
	}
	s.Header = newHeader(v.version)
	s.AWS = who
	s.Read = view.Read{At: clients.Now().UTC(), Seconds: time.Since(start).Seconds(), Calls: clients.Calls() - before}
	return view.New(s), nil
}

// identity is whose account is read, as far as that answers in time.
func identity(ctx context.Context, clients *awsapi.Clients) view.AWS {
	within, cancel := context.WithTimeout(ctx, actorWithin)
	defer cancel()
	out := view.AWS{Endpoint: clients.Endpoint()}
	var asking sync.WaitGroup
	asking.Go(func() { out.Alias, _ = clients.Alias(within) })
	account, arn, err := clients.Identity(within)
	asking.Wait()
	out.Sandbox = clients.Sandboxed()
	if err == nil {
		out.Account, out.Caller, out.Partition = account, arn, partitionOf(arn)
	}
	return out
}

// partitionOf is that of an ARN: arn:PARTITION:…
func partitionOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 3); len(parts) == 3 {
		return parts[1]
	}
	return ""
}

func (v *viewer) sources(ctx context.Context) (view.Sources, error) {
	b := v.bundle
	project, listings, regions := b.Catalog.Project, b.Listings(), allRegions(b.Catalog)
	v.planner.World = world.New()
	v.planner.observer.Desired = release.Desired{Project: project, Listings: listings}
	queries := slices.Concat(imagesOf(regions), claimsOf(regions), listingsOf(listings), assessmentsOf(listings), []world.Query{{Kind: world.LookPause, Region: b.Catalog.Build.Region}})
	if err := v.planner.observer.Look(ctx, &v.planner.World, queries); err != nil {
		return view.Sources{}, err
	}
	s := view.Sources{Project: project, Targets: b.Targets(), Typed: typedBy(ctx).command, Leftovers: reconcile.Leftovers(project, v.planner.World)}
	w := v.planner.World
	for _, tag := range reconcile.Begun(project, listings, w) {
		p, err := v.planned(ctx, tag)
		if err != nil {
			return s, err
		}
		s.Open = append(s.Open, p)
	}
	if err := v.next(ctx, &s); err != nil {
		return s, err
	}
	if err := v.planner.observer.Look(ctx, &v.planner.World, slices.Concat(setsOf(listings, v.planner.World, recentSets), failedAssessments(listings, v.planner.World))); err != nil {
		return s, err
	}
	var err error
	s.Elsewhere, err = elsewhere(ctx, v.planner.observer.Clients, b.Catalog)
	s.World = v.planner.World
	s.Products = reconcile.Listed(project, listings, s.World, recentSets)
	s.Holding = reconcile.Holding(b.Control(), w)
	return s, err
}

// planned is a release that is open. One that today's catalog does not know is in the view,
// with the reason.
func (v *viewer) planned(ctx context.Context, tag string) (view.Planned, error) {
	d, err := v.atTag(ctx, v.bundle, tag)
	if err != nil {
		return view.Planned{Tag: tag, Err: err.Error()}, nil //nolint:nilerr // it is shown
	}
	p, _, err := v.planner.plan(ctx, d, reconciling(d))
	return view.Planned{Tag: tag, Desired: d, Plan: p}, err
}

// next plans the releases that come next, one of each form.
func (v *viewer) next(ctx context.Context, s *view.Sources) error {
	project := v.bundle.Catalog.Project
	examples, err := v.bundle.Examples(reconcile.NextVersion(project, v.planner.World))
	if err != nil {
		return err
	}
	for _, d := range examples {
		p, _, err := v.planner.plan(ctx, d, reconciling(d))
		if err != nil {
			return err
		}
		s.Next = append(s.Next, p)
	}
	return nil
}

// unseen is the error for what a view could not read.
func unseen(v view.View) error {
	var errs []error
	for _, u := range v.Unread {
		why := u.Why
		if !strings.Contains(why, u.What) {
			why = u.What + ": " + why
		}
		errs = append(errs, errors.New(why))
	}
	return errors.Join(errs...)
}
