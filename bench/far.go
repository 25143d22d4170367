package main

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// far makes a sandbox as far away as AWS is: every call takes that much longer. It
// counts them.
type far struct {
	url    string
	server *http.Server
	count  atomic.Int64
}

func newFar(target string, away time.Duration) (*far, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{MaxIdleConnsPerHost: 256},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host // it is signed
		},
	}
	f := &far{url: "http://" + l.Addr().String()}
	f.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.count.Add(1)
		body, err := io.ReadAll(r.Body)
		if err == nil && wait(r.Context(), away) == nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			proxy.ServeHTTP(w, r)
		}
	})}
	go func() { _ = f.server.Serve(l) }()
	return f, nil
}

func (f *far) close() { _ = f.server.Close() }
