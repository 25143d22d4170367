package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// client makes calls of EC2 and Service Quotas as plainly as can be, so that what
// takes time is who answers.
type client struct {
	url  string
	keys aws.Credentials
	http *http.Client
	sign *v4.Signer
}

func newClient(url, key, secret string) *client {
	return &client{
		url: url, keys: aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, sign: v4.NewSigner(),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}},
	}
}

// ec2 makes a call and returns the answer; one that is refused is an error.
func (c *client) ec2(ctx context.Context, region, action string, params url.Values) (string, error) {
	form := url.Values{"Action": {action}, "Version": {"2016-11-15"}}
	for k, v := range params {
		form[k] = v
	}
	head := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	return c.post(ctx, "ec2", region, form.Encode(), head)
}

func (c *client) post(ctx context.Context, service, region, body string, head http.Header) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header = head
	sum := sha256.Sum256([]byte(body))
	if err := c.sign.SignHTTP(ctx, c.keys, req, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
		return "", err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s in %s: %s: %s", service, region, resp.Status, tail(string(text)))
	}
	return string(text), nil
}
