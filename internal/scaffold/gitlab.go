package scaffold

import (
	"fmt"
	"strings"

	"amiship/internal/catalog"
)

// text is the file, put together by Go: text/template looks methods up by name,
// so a binary that holds it keeps every operation of every client of AWS.
func (p pipeline) text() []byte {
	return []byte(p.introduction() +
		"stages: [check, build, publish" + when(p.Listings, ", listing") + "]\n" +
		p.base() +
		p.checkJob() +
		each(p.Archs, p.buildJob) +
		p.publishJob() +
		when(p.Listings, p.listingJob()) +
		p.scheduledJobs())
}

// when is a text, or nothing.
func when(is bool, text string) string {
	if is {
		return text
	}
	return ""
}

// each is the text of all members of a list.
func each[T any](list []T, text func(T) string) string {
	var b strings.Builder
	for _, one := range list {
		b.WriteString(text(one))
	}
	return b.String()
}

func (p pipeline) introduction() string {
	return `# GitLab CI for releases of ` + p.Project + ` on AWS: one pipeline for each tag, and a
# schedule that resumes releases. "amiship pipeline gitlab" has written it; it is
# yours to change. For GitLab 16.11 or newer.
#
# It can be .gitlab-ci.yml itself, or be included there. A file that includes it
# and has stages of its own names these among them.
#
# What to set, in the project's settings:
#
# - An image for the jobs, below: with amiship, packer, and what a script or a
#   license's command needs. The first job says what is missing.
# - AWS_ROLE_ARN, a CI/CD variable: the role that releases. It trusts this GitLab
#   as an OpenID Connect provider, for protected tags of this project and the
#   schedule's branch. Instead of it: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,
#   masked.
` + when(p.Listings, marketplaceRole) + `# - Protected tags:` + each(p.Tags, protectedTag) + `
#   Every variable named here must be protected.
# - A protected environment, aws/production: who may deploy there, or approves
#   it, decides what is published.
# - A pipeline schedule on the default branch, once a day, with the variable
#   AMISHIP_SCHEDULE=true: no other schedule of the project releases anything. Its
#   owner must be one of those who may deploy.
` + when(len(p.Secrets) > 0, secretsOfBuilds+each(p.Secrets, neededSecret.line)) + `
`
}

const marketplaceRole = "#   \"amiship iam marketplace-role\" prints the permissions that listings need.\n"

// protectedTag is a pattern of GitLab's for tags that are released.
func protectedTag(form catalog.TagForm) string { return when(form.Skip == "", " "+form.Glob) }

const secretsOfBuilds = `#
# Secrets that only builds need. With the environment scope aws/build no other job
# gets them; mask those that are one line.
#
`

func (s neededSecret) line() string { return "#   " + s.Env + ": " + s.For + "\n" }

// base is what all jobs share.
func (p pipeline) base() string {
	return `
.amiship:
  image: "$CI_REGISTRY_IMAGE/amiship:latest"
  id_tokens:
    AMISHIP_ID_TOKEN:
      aud: "$CI_SERVER_URL" # the audience that the provider in AWS has
  variables:
    AWS_ROLE_SESSION_NAME: "amiship-$CI_JOB_ID"
` + when(p.File != "", "    AMISHIP_CATALOG: "+quote(p.File)+"\n") + `  before_script:
    - |
      if [ -n "${AWS_ROLE_ARN:-}" ]; then
        AWS_WEB_IDENTITY_TOKEN_FILE=$(mktemp)
        export AWS_WEB_IDENTITY_TOKEN_FILE
        trap 'rm -f "$AWS_WEB_IDENTITY_TOKEN_FILE"' EXIT
        printf '%s' "$AMISHIP_ID_TOKEN" >"$AWS_WEB_IDENTITY_TOKEN_FILE"
      fi
  rules:
    - if: '$CI_PIPELINE_SOURCE == "schedule"'
      when: never
` + each(p.Tags, tagRule) + `  # 75: still waiting, and the same command resumes. A failed or blocked job would
  # only fail again.
  retry:
    max: 2
    exit_codes: [75]
`
}

// tagRule runs the jobs for tags of a form, or never.
func tagRule(form catalog.TagForm) string {
	return "    - if: " + quote("$CI_COMMIT_TAG =~ /"+form.Regexp+"/") + " # " + form.Pattern + "\n" +
		when(form.Skip != "", "      when: never # "+form.Skip+"\n")
}

func (p pipeline) checkJob() string {
	return `
# Before anything is paid for: is the catalog valid at this tag, are tools,
# credentials and permissions available? Blockers end the pipeline here, with
# their remedies.
amiship:check:
  extends: .amiship
  stage: check
  timeout: 15 minutes
  script:
    - amiship check "$CI_COMMIT_TAG"` + p.Flags + `
    - amiship plan "$CI_COMMIT_TAG"` + p.Flags + `
`
}

func (p pipeline) buildJob(arch string) string {
	return `
# Candidates for ` + arch + `, private, booted and tested.
amiship:build:` + arch + `:
  extends: .amiship
  stage: build
  environment: {name: aws/build, action: access}
  timeout: 2 hours
  script:
    - amiship release "$CI_COMMIT_TAG" --until tested --arch ` + arch + ` --wait 30m --junit amiship-junit.xml` + p.Flags + `
  artifacts:
    when: always
    access: developer
    paths: [amiship-logs/] # of builds, and of instances that failed their test
    reports:
      junit: amiship-junit.xml
`
}

func (p pipeline) publishJob() string {
	return `
# To every region, and public; nothing becomes public before all regions are
# ready. Two pipelines never do this at the same time.
amiship:publish:
  extends: .amiship
  stage: publish
  environment: {name: aws/production, action: start}
  resource_group: amiship-publish
  timeout: 3 hours
  script:
    - amiship release "$CI_COMMIT_TAG" --until public --wait 2h --catalog amiship-amis.json --dotenv amiship.env --junit amiship-junit.xml` + p.Flags + `
  artifacts:` + when(p.Listings, " &amis") + `
    when: always
    access: developer
` + p.reports()
}

// reports are what the job that publishes leaves.
func (p pipeline) reports() string {
	if p.Dotenv {
		return `    paths: [amiship-amis.json, amiship-logs/]
    reports:
      junit: amiship-junit.xml
      dotenv: amiship.env # variables of later jobs
`
	}
	return fmt.Sprintf(`    # amiship.env is no report, since GitLab takes %d variables or 5 KB in one, and
    # %d AMIs may be more.
    paths: [amiship-amis.json, amiship.env, amiship-logs/]
    reports:
      junit: amiship-junit.xml
`, maxDotenvVariables, p.AMIs)
}

func (p pipeline) listingJob() string {
	return `
# Versions of the listings. AWS Marketplace takes hours: the job waits for a part
# of them, and the schedule resumes.
amiship:listing:
  extends: .amiship
  stage: listing
  environment: {name: aws/production, action: access}
  resource_group: amiship-listing
  timeout: 1 hour
  allow_failure:
    exit_codes: [75]
  script:
    - amiship release "$CI_COMMIT_TAG" --wait 45m --catalog amiship-amis.json --dotenv amiship.env --junit amiship-junit.xml` + p.Flags + `
  artifacts: *amis
`
}

func (p pipeline) scheduledJobs() string {
	return `
# The schedule: resumes every incomplete release. This may publish it, so it
# is a deployment as well.
amiship:look-again:
  extends: .amiship
  stage: publish
  rules: &scheduled
    - if: '$CI_PIPELINE_SOURCE == "schedule" && $AMISHIP_SCHEDULE == "true" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'
  environment: {name: aws/production, action: start}
  resource_group: amiship-publish
  timeout: 3 hours
  allow_failure:
    exit_codes: [75]
  script:
    - amiship release --all-open --wait 30m` + p.Flags + `

# Cleans up after interrupted runs: their instances cost money until they are
# terminated. A job that GitLab kills, or whose runner is gone, is such a run.
# Candidates that were not released for 30 days are deregistered.
amiship:sweep:
  extends: .amiship
  stage: publish
  rules: *scheduled
  environment: {name: aws/production, action: access}
  resource_group: amiship-publish
  timeout: 1 hour
  script:
    - amiship sweep --yes --older 720h` + p.Flags + `
`
}
