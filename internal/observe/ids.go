package observe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// list is how EC2 writes a list of things: the name of it, and of their ids.
type list struct{ answer, set, id string }

var (
	imageList    = list{"DescribeImagesResponse", "imagesSet", "imageId"}
	snapshotList = list{"DescribeSnapshotsResponse", "snapshotSet", "snapshotId"}
)

// idsOnly has the SDK decode nothing of an answer but ids and the next page's
// token. EC2 says all of each image to whom only asks which ones an account may
// use, and most of what a look at many images takes is decoding that.
func (l list) idsOnly(o *ec2.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("AmishipIDsOnly", func(
			ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
		) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, meta, err := next.HandleDeserialize(ctx, in)
			resp, ok := out.RawResponse.(*smithyhttp.Response)
			if err != nil || !ok || resp.StatusCode != http.StatusOK {
				return out, meta, err
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			resp.Body = io.NopCloser(bytes.NewReader(l.bare(body)))
			if err != nil {
				err = fmt.Errorf("read the answer: %w", err)
			}
			return out, meta, err
		}), middleware.After)
	})
}

// bare is an answer without all but ids and token. What is not an answer as EC2
// writes it, to its end, is left as it is: the SDK says what is wrong with it.
// In EC2's XML, a tag in a text is escaped, so what looks like one is one.
func (l list) bare(answer []byte) []byte {
	if !bytes.HasSuffix(bytes.TrimSpace(answer), []byte("</"+l.answer+">")) {
		return answer
	}
	var out bytes.Buffer
	out.WriteString("<" + l.answer + "><" + l.set + ">")
	copyElements(&out, answer, l.id, "<item>", "</item>")
	out.WriteString("</" + l.set + ">")
	copyElements(&out, answer, "nextToken", "", "")
	out.WriteString("</" + l.answer + ">")
	return out.Bytes()
}

// copyElements writes each element of a name, with something before and after it.
func copyElements(out *bytes.Buffer, text []byte, name, before, after string) {
	begin, end := []byte("<"+name+">"), []byte("</"+name+">")
	for {
		_, rest, found := bytes.Cut(text, begin)
		value, rest, closed := bytes.Cut(rest, end)
		if !found || !closed {
			return
		}
		out.WriteString(before)
		out.Write(begin)
		out.Write(value)
		out.Write(end)
		out.WriteString(after)
		text = rest
	}
}
