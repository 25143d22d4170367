package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/record"
)

// topics are the help topics: commands that can't be run.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "environment", Short: "The environment variables that Amiship reads", Long: environmentText()},
		{Use: "exit-codes", Short: "The exit codes and what they mean", Long: exitCodesText()},
		{Use: "tags", Short: "The tags that Amiship writes to AMIs and other resources", Long: tagsText()},
	}
}

func exitCodesText() string {
	var rows [][2]string
	for _, c := range exitCodes() {
		rows = append(rows, [2]string{strconv.Itoa(c.code), c.meaning})
	}
	return "Every command ends with one of these exit codes:\n\n" + columns(rows)
}

func tagsText() string {
	var b strings.Builder
	b.WriteString(`AWS is the record of what was released: Amiship keeps its state in tags. Every
value begins with the version of their format, as in ` + record.TagValue("prometheus") + `.
`)
	var on []string
	rows := map[string][][2]string{}
	for _, tag := range record.Tags() {
		if rows[tag.On] == nil {
			on = append(on, tag.On)
		}
		rows[tag.On] = append(rows[tag.On], [2]string{tag.Key, tag.Means})
	}
	for _, what := range on {
		fmt.Fprintf(&b, "\nOn %s:\n%s", what, columns(rows[what]))
	}
	return b.String()
}

// section is a part of the topic environment.
type section struct {
	title string
	rows  [][2]string // variables, and what is read from them
}

func environmentText() string {
	var b strings.Builder
	b.WriteString(`Amiship has no environment variables of its own: flags and amiship.yaml
configure it. It reads those below, and each that amiship.yaml names as the
source of a secret, such as a license or a token.
`)
	for _, s := range environment() {
		fmt.Fprintf(&b, "\n%s:\n%s", s.title, columns(s.rows))
	}
	return b.String()
}

// environment is every environment variable that is read.
func environment() []section {
	const passed = "Passed to Packer."
	return []section{
		{"AWS (the AWS SDK reads these, and the others that it documents)", [][2]string{
			{"AWS_PROFILE", "The profile whose credentials and settings are used."},
			{"AWS_DEFAULT_PROFILE", "The same, if AWS_PROFILE is not set."},
			{"AWS_ACCESS_KEY_ID", "An access key; it is used before any profile."},
			{"AWS_SECRET_ACCESS_KEY", "Its secret."},
			{"AWS_SESSION_TOKEN", "Its session token, if the credentials are temporary."},
			{"AWS_WEB_IDENTITY_TOKEN_FILE", "A file with the OpenID Connect token of a CI job, in place of keys."},
			{"AWS_ROLE_ARN", "The role that it assumes; the session is renewed."},
			{"AWS_ROLE_SESSION_NAME", "The name of that session."},
			{"AWS_REGION", "The region of calls that name none; the build region by default."},
			{"AWS_ENDPOINT_URL", "An endpoint in place of AWS, such as that of amiship sandbox."},
			{"AWS_ENDPOINT_URL_EC2", "The same for EC2 alone; Packer gets it too."},
			{"AWS_CONFIG_FILE", "The file of profiles; ~/.aws/config by default."},
			{"AWS_SHARED_CREDENTIALS_FILE", "The file of credentials; ~/.aws/credentials by default."},
			{"AWS_CA_BUNDLE", "Certificates that are trusted for AWS."},
			{"AWS_EC2_METADATA_DISABLED", "true: no credentials from the instance's metadata."},
		}},
		{"Network", [][2]string{
			{"HTTP_PROXY", "The proxy for http addresses."},
			{"HTTPS_PROXY", "The proxy for https addresses, AWS among them."},
			{"NO_PROXY", "The hosts that are reached without a proxy."},
			{"SSL_CERT_FILE", "Certificates that are trusted."},
			{"SSL_CERT_DIR", "Directories of such certificates."},
		}},
		{"CI (recorded with each change; amiship history shows them)", [][2]string{
			{"CI_JOB_URL", "GitLab: the job."},
			{"GITLAB_USER_LOGIN", "GitLab: the user who started it."},
			{"GITHUB_SERVER_URL", "GitHub: the server of the run."},
			{"GITHUB_REPOSITORY", "GitHub: its repository."},
			{"GITHUB_RUN_ID", "GitHub: its id."},
			{"GITHUB_ACTOR", "GitHub: the user who started it."},
			{"CI_PIPELINE_SOURCE", "GitLab: with schedule, repair is refused and retire is as with --unattended."},
			{"GITHUB_EVENT_NAME", "GitHub: the same."},
		}},
		{"Packer (it gets these, and all that begin with AWS_, XDG_, LC_ or SSL_CERT_)", [][2]string{
			{"PATH", "Where packer, git, apt and other programs are found."},
			{"HOME", "The home directory, with ~/.aws and Packer's plugins."},
			{"USER", passed},
			{"LOGNAME", passed},
			{"LANG", passed},
			{"TZ", passed},
			{"SSH_AUTH_SOCK", passed},
			{"PACKER_CACHE_DIR", passed},
			{"PACKER_CONFIG", passed},
			{"PACKER_CONFIG_DIR", passed},
			{"PACKER_PLUGIN_PATH", passed},
			{"PACKER_PLUGIN_MIN_PORT", passed},
			{"PACKER_PLUGIN_MAX_PORT", passed},
			{"AWS_POLL_DELAY_SECONDS", "Seconds between two polls of Packer; 2 by default."},
			{"AWS_MAX_ATTEMPTS", "Packer's polls; by default as many as fit in an hour."},
			{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "With AWS_ENDPOINT_URL and a role: where Packer gets its session."},
			{"AWS_CONTAINER_AUTHORIZATION_TOKEN", "The password for that."},
			{"PACKER_LOG", "Not passed: Packer's log holds secrets."},
			{"PACKER_LOG_PATH", "Not passed."},
		}},
		{"Terminal", [][2]string{
			{"NO_COLOR", "Set: texts have no colors, unless --color says so."},
			{"CLICOLOR_FORCE", "Set, and not 0: texts have colors on a pipe too."},
			{"CLICOLOR", "0: texts have no colors."},
			{"TERM", "dumb: no colors, and no live table."},
			{"LC_ALL", "A locale of UTF-8: the live table has signs, else letters."},
			{"LC_CTYPE", "The same, if LC_ALL is not set; then LANG."},
		}},
		{"Files", [][2]string{
			{"XDG_CACHE_HOME", "Downloaded packages and the sandbox's base systems; ~/.cache by default."},
			{"TMPDIR", "Temporary files; /tmp by default."},
		}},
	}
}
