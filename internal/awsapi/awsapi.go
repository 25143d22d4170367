// Package awsapi makes AWS clients by region, and knows AWS's error codes by
// name.
//
// Endpoint, profile and credentials come from the SDK's own variables and
// files (AWS_ENDPOINT_URL, AWS_PROFILE, …). There is no other way to point
// Amiship somewhere.
package awsapi

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/rbin"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"amiship/internal/release"
)

// Clients makes clients by region from one configuration, and keeps them.
type Clients struct {
	cfg         aws.Config
	clock       *clock
	credentials *credentialState
	patience    Patience
	recent      recent

	mu          sync.Mutex
	ec2         map[string]*ec2.Client
	ssm         map[string]*ssm.Client
	quotas      map[string]*servicequotas.Client
	marketplace *marketplacecatalog.Client
	roles       map[string]*Clients // by ARN and external id
	// shared are the options of every call, whichever role it is made under.
	shared []func(*middleware.Stack) error
}

// attempts bounds the tries of one call; between them the SDK waits, up to
// maxBackoff.
const (
	attempts   = 4
	maxBackoff = 8 * time.Second
)

// Caller is who calls, and where to, instead of what the environment says.
type Caller struct{ Endpoint, KeyID, Secret string }

// LoadAs makes clients for a caller of a rehearsal.
func LoadAs(ctx context.Context, region string, c Caller) (*Clients, error) {
	return load(ctx, region, config.WithRegion(region), config.WithBaseEndpoint(c.Endpoint),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.KeyID, c.Secret, "")))
}

// Load reads the SDK's configuration. region is used where the environment
// names none.
func Load(ctx context.Context, region string) (*Clients, error) {
	return load(ctx, region, config.WithDefaultRegion(region))
}

// LoadProfile makes clients for a profile of the SDK's files. It wins over the
// environment's credentials, as --profile of the AWS CLI does; the endpoint is
// the environment's, if that names one.
func LoadProfile(ctx context.Context, region, profile string) (*Clients, error) {
	return load(ctx, region, config.WithDefaultRegion(region), config.WithSharedConfigProfile(profile))
}

// load makes clients of which those that name no region, as STS, ask the environment's; or
// region, where the environment names one of another partition of AWS, which knows no key of
// this one.
func load(ctx context.Context, region string, options ...func(*config.LoadOptions) error) (*Clients, error) {
	patience := patienceOf(ctx)
	// The SDK's own client asks for credentials too; and a bundle of certificates goes
	// into no other.
	plain := awshttp.NewBuildableClient().WithTimeout(patience.Call + time.Second)
	roles := &assuming{}
	cfg, err := config.LoadDefaultConfig(ctx, append(options, roles.options, config.WithLogger(logging.Nop{}), config.WithHTTPClient(plain), config.WithRetryer(newRetryer), config.WithCredentialsCacheOptions(early))...)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	roles.endpoint = cfg.BaseEndpoint
	if release.Partition(cfg.Region) != release.Partition(region) {
		cfg.Region = region
	}
	source := &credentialSource{next: cfg.Credentials}
	cfg.Credentials = source
	cfg.HTTPClient = &whole{
		next: cfg.HTTPClient, within: patience.Call, overdue: &overdue{say: patience.Say, calls: map[*waiting]bool{}},
		decoders: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	c := newClients(cfg)
	c.clock, c.credentials, c.patience = &clock{}, newCredentialState(), patience
	c.credentials.identity = func(ctx context.Context) error {
		_, _, err := c.Identity(ctx)
		return err
	}
	c.shared = slices.Concat(c.cfg.APIOptions, []func(*middleware.Stack) error{c.clock.middleware, c.clock.refusals, c.credentials.middleware})
	c.cfg.APIOptions = append(slices.Clone(c.shared), source.middleware)
	return c, nil
}

func newRetryer() aws.Retryer {
	return retryer{retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts, o.MaxBackoff = attempts, maxBackoff
		o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(garbled))
	})}
}

func newClients(cfg aws.Config) *Clients {
	return &Clients{
		cfg: cfg, ec2: map[string]*ec2.Client{}, ssm: map[string]*ssm.Client{},
		quotas: map[string]*servicequotas.Client{}, roles: map[string]*Clients{}, recent: recent{kept: map[string]answered{}},
	}
}

// EC2 returns the client of a region.
func (c *Clients) EC2(region string) *ec2.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ec2[region] == nil {
		c.ec2[region] = ec2.NewFromConfig(c.cfg, func(o *ec2.Options) { o.Region = region })
	}
	return c.ec2[region]
}

// SSM returns the client of a region.
func (c *Clients) SSM(region string) *ssm.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ssm[region] == nil {
		c.ssm[region] = ssm.NewFromConfig(c.cfg, func(o *ssm.Options) { o.Region = region })
	}
	return c.ssm[region]
}

// RecycleBin returns a client of a region's Recycle Bin.
func (c *Clients) RecycleBin(region string) *rbin.Client {
	return rbin.NewFromConfig(c.cfg, func(o *rbin.Options) { o.Region = region })
}

// Quotas returns the client of Service Quotas of a region.
func (c *Clients) Quotas(region string) *servicequotas.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.quotas[region] == nil {
		c.quotas[region] = servicequotas.NewFromConfig(c.cfg, func(o *servicequotas.Options) { o.Region = region })
	}
	return c.quotas[region]
}

// Now is AWS's time: that of the newest answer, plus what has passed since.
func (c *Clients) Now() time.Time { return c.clock.now() }

// Skew is how far this machine's clock is behind AWS's, if AWS refuses what is signed
// by it; else zero. Calls of Clients are signed by AWS's clock then, those of other
// programs may not be.
func (c *Clients) Skew() time.Duration { return c.clock.skew() }

// Calls is how many requests were sent so far, repeated ones included.
func (c *Clients) Calls() int {
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	return c.clock.calls
}
