package awsapi

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// answer is an HTTP client that has one answer to everything.
type answer struct {
	status int
	body   []byte
}

func (a answer) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body))}, nil
}

// described is what DescribeImages makes of an answer.
func described(t *testing.T, a answer, options ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error) {
	t.Helper()
	client := ec2.New(ec2.Options{Region: "us-east-1", HTTPClient: a, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""), RetryMaxAttempts: 1})
	out, err := client.DescribeImages(t.Context(), &ec2.DescribeImagesInput{}, options...)
	if out != nil {
		for n, i := range out.Images {
			out.Images[n] = fewOf(i)
		}
	}
	return out, err
}

// fewOf is an image with the members that are used.
func fewOf(i types.Image) types.Image {
	out := types.Image{
		ImageId: i.ImageId, Name: i.Name, State: i.State, Architecture: i.Architecture, Public: i.Public, ImdsSupport: i.ImdsSupport, SourceImageId: i.SourceImageId,
		DeregistrationProtection: i.DeregistrationProtection, CreationDate: i.CreationDate, LastLaunchedTime: i.LastLaunchedTime, DeprecationTime: i.DeprecationTime,
		Tags: i.Tags,
	}
	if i.StateReason != nil {
		out.StateReason = &types.StateReason{Message: i.StateReason.Message}
	}
	for _, m := range i.BlockDeviceMappings {
		var few types.BlockDeviceMapping
		if m.Ebs != nil {
			few.Ebs = &types.EbsBlockDevice{SnapshotId: m.Ebs.SnapshotId, VolumeSize: m.Ebs.VolumeSize, Encrypted: m.Ebs.Encrypted}
		}
		out.BlockDeviceMappings = append(out.BlockDeviceMappings, few)
	}
	return out
}

func document(items string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><imagesSet>` +
		items + "</imagesSet><nextToken>next</nextToken></DescribeImagesResponse>\n"
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}

// itemOf is an image with odd texts.
func itemOf(text string) string {
	return fmt.Sprintf(`<item><imageId>ami-1</imageId><imageLocation>1/%[1]s</imageLocation><name>%[1]s</name><imageState>failed</imageState><isPublic>true</isPublic>
  <productCodes><item><productCode>x</productCode></item></productCodes><architecture>arm64</architecture><imdsSupport>v2.0</imdsSupport><sourceImageId>ami-2</sourceImageId>
  <deregistrationProtection>disabled</deregistrationProtection><creationDate>2026-11-29T12:00:00.000Z</creationDate><lastLaunchedTime/><deprecationTime></deprecationTime>
  <stateReason><code>Client.Error</code><message>%[1]s</message></stateReason>
  <tagSet><item><key>k</key><value>%[1]s</value></item><item><key>empty</key><value/></item></tagSet>
  <blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><deleteOnTermination>true</deleteOnTermination><snapshotId>snap-1</snapshotId><volumeSize>8</volumeSize>
  <encrypted>false</encrypted></ebs></item><item><deviceName>sdb</deviceName><virtualName>ephemeral0</virtualName></item></blockDeviceMapping></item>`, escaped(text))
}

// TestFewMembers: an image is decoded as the SDK decodes it, but for the members that are not used;
// the fast way is taken, and an answer that it does not understand, or that is an error, is the SDK's
// to decode.
func TestFewMembers(t *testing.T) {
	for name, c := range map[string]struct {
		answer
		fast bool
	}{
		"none":                {answer{200, []byte(document(""))}, true},
		"an empty list":       {answer{200, []byte(strings.Replace(document(""), "<imagesSet></imagesSet>", "<imagesSet/>", 1))}, true},
		"several":             {answer{200, []byte(document(itemOf("plain") + itemOf(`<&>"' é 日`) + itemOf("a\tb\nc")))}, true},
		"a carriage return":   {answer{200, []byte(document(itemOf("a\r")))}, true},
		"character data":      {answer{200, []byte(document("<item><name><![CDATA[<x>]]></name></item>"))}, false},
		"a comment":           {answer{200, []byte(document("<item><!-- <name>no</name> --><name>yes</name></item>"))}, false},
		"a prefix":            {answer{200, []byte(document("<item><e:name>yes</e:name></item>"))}, false},
		"an attribute":        {answer{200, []byte(document(`<item><name a=">">yes</name></item>`))}, false},
		"cut":                 {answer{200, []byte(document(itemOf("x")))[:700]}, false},
		"wrongly nested":      {answer{200, []byte(document("<item><name>x</item></name>"))}, false},
		"a number that isn't": {answer{200, []byte(document("<item><isPublic>perhaps</isPublic></item>"))}, false},
		"an unknown entity":   {answer{200, []byte(document("<item><name>&nbsp;</name></item>"))}, false},
		"a null":              {answer{200, []byte(document("<item><name>\x00</name></item>"))}, false},
		"no document":         {answer{200, []byte("busy")}, false},
		"a refusal":           {answer{400, []byte("<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You may not</Message></Error></Errors></Response>")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := described(t, c.answer)
			got, err := described(t, c.answer, FewMembers)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("error %v, the SDK's is %v", err, wantErr)
			}
			if diff := alike(want, got); diff != "" {
				t.Error(diff)
			}
			if _, fast := decodeImages(c.body); fast != c.fast {
				t.Errorf("decoded the fast way: %v, want %v", fast, c.fast)
			}
		})
	}
}

func alike(want, got *ec2.DescribeImagesOutput) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(ec2.DescribeImagesOutput{}, "ResultMetadata"),
		cmpopts.IgnoreUnexported(ec2.DescribeImagesOutput{}, types.Image{}, types.Tag{}, types.StateReason{}, types.BlockDeviceMapping{}, types.EbsBlockDevice{}))
}

// TestFewMembersShareStrings: texts that occur in every image are kept once.
func TestFewMembersShareStrings(t *testing.T) {
	out, err := described(t, answer{200, []byte(document(itemOf("plain") + itemOf("plain")))}, FewMembers)
	if err != nil || out.Images[0].Tags[0].Value != out.Images[1].Tags[0].Value {
		t.Errorf("%v: two strings for one text", err)
	}
}

// FuzzFewMembers: whatever is decoded the fast way is what the SDK decodes.
func FuzzFewMembers(f *testing.F) {
	f.Add([]byte(document(itemOf("plain"))))
	f.Add([]byte(document(itemOf(`<&>"' é`))))
	f.Add([]byte("<a><imagesSet><item><ebs/><name>&#x41;</name></item></imagesSet></a>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, fast := decodeImages(body); !fast {
			return
		}
		want, err := described(t, answer{200, body})
		if err != nil {
			return // a member that is not used, of a wrong type
		}
		got, err := described(t, answer{200, body}, FewMembers)
		if diff := alike(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", body, err, diff)
		}
	})
}

var sink *ec2.DescribeImagesOutput

// BenchmarkDecodeImages: a page of a thousand images.
func BenchmarkDecodeImages(b *testing.B) {
	var page strings.Builder
	for n := range 1000 {
		page.WriteString(strings.Replace(itemOf(fmt.Sprint("name ", n)), "</tagSet>", strings.Repeat(
			"<item><key>amiship:project</key><value>1:prometheus</value></item>", 14)+"</tagSet>", 1))
	}
	body := []byte(document(page.String()))
	for name, options := range map[string][]func(*ec2.Options){"the SDK": nil, "few members": {FewMembers}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(body)))
			client := ec2.New(ec2.Options{Region: "us-east-1", HTTPClient: answer{200, body}, Credentials: aws.AnonymousCredentials{}})
			for range b.N {
				out, err := client.DescribeImages(b.Context(), &ec2.DescribeImagesInput{}, options...)
				if err != nil {
					b.Fatal(err)
				}
				sink = out
			}
		})
	}
}
