package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/crypto/ssh"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

func TestKeyPairs(t *testing.T) {
	for kind, want := range map[types.KeyType]string{"rsa": "ssh-rsa", "ed25519": "ssh-ed25519", "": "ssh-rsa"} {
		t.Run(string(kind), func(t *testing.T) {
			r := newRig(t, ec2.Settings{})
			mine := r.client(vendor, home)
			made := must(mine.CreateKeyPair(t.Context(), &awssdk.CreateKeyPairInput{KeyName: aws.String("k"), KeyType: kind}))(t)
			signer := must(ssh.ParsePrivateKey([]byte(*made.KeyMaterial)))(t)
			if got := signer.PublicKey().Type(); got != want {
				t.Errorf("a %s key", got)
			}
			seen := must(mine.DescribeKeyPairs(t.Context(), &awssdk.DescribeKeyPairsInput{KeyNames: []string{"k"}, IncludePublicKey: aws.Bool(true)}))(t)
			public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*seen.KeyPairs[0].PublicKey))
			if err != nil || string(public.Marshal()) != string(signer.PublicKey().Marshal()) {
				t.Errorf("the public half does not fit: %v", err)
			}
			if *seen.KeyPairs[0].KeyFingerprint != *made.KeyFingerprint {
				t.Error("two fingerprints")
			}
			_, err = mine.CreateKeyPair(t.Context(), &awssdk.CreateKeyPairInput{KeyName: aws.String("k")})
			wiretest.WantCode(t, err, "InvalidKeyPair.Duplicate")
			must(mine.DeleteKeyPair(t.Context(), &awssdk.DeleteKeyPairInput{KeyName: aws.String("k")}))(t)
			must(mine.DeleteKeyPair(t.Context(), &awssdk.DeleteKeyPairInput{KeyName: aws.String("k")}))(t)
			_, err = mine.DescribeKeyPairs(t.Context(), &awssdk.DescribeKeyPairsInput{KeyNames: []string{"k"}})
			wiretest.WantCode(t, err, "InvalidKeyPair.NotFound")
		})
	}
}

// The fingerprints were made with ssh-keygen and openssl: of an RSA key it is
// the MD5 of its public half, of an ED25519 key (GitHub's host key here) SHA-256.
func TestImportKeyPair(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	for public, want := range map[string]string{
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host": "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU=",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCvJ6UUqKNVmSYvN33/ELc7iWGbzF8X3V2Id+nYWfxa5x9yN0C2mk5i42NGvq3EQQrqo5tXgdsLtFRv16x9apf9wnMkc8LP02vKOEqk6lo94pXgdfMW1oKZewjgwo+LNOIb7s48Np1VnxII6fsfFFXNdOyCBto8sO7Od46DxLM1K6IBg3qFZtKNIWVWmfs5utyj9nYo2Je2JdMcJNFWyxBiF1seWVhJFH13d6JflaVsBlfC7TYGnXzJryATxMH2bZKUgFQl01mD+aT2s3SoWDbXWI6CFgv32gjxNyhW51Sw02NG0xiu9SDtlbh/xSrvKrZLfuqcB/eWSPWvEv78+vpr test": "bb:9a:e0:1b:0b:ce:8c:48:40:6e:5a:48:fd:c7:6e:a5",
	} {
		out := must(mine.ImportKeyPair(t.Context(), &awssdk.ImportKeyPairInput{KeyName: aws.String(want), PublicKeyMaterial: []byte(public)}))(t)
		if *out.KeyFingerprint != want {
			t.Errorf("fingerprint %s, want %s", *out.KeyFingerprint, want)
		}
	}
	_, err := mine.ImportKeyPair(t.Context(), &awssdk.ImportKeyPairInput{KeyName: aws.String("l"), PublicKeyMaterial: []byte("nonsense")})
	wiretest.WantCode(t, err, "InvalidKey.Format")
}
