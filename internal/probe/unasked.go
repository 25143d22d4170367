package probe

// Unasked is something about AWS that is not known, and that no probe asks.
type Unasked struct {
	// Where the sandbox has it: a package and a name in it.
	Where string
	What  string
	Why   string
}

// UnaskedOnes are all that the sandbox's comments mark [?] and that no statement asks: a
// test compares.
func UnaskedOnes() []Unasked {
	const issuer = "It takes a provider of tokens that the account trusts, and tokens that it has issued wrongly."
	const rates = "A probe does not run into AWS's rate limits on purpose."
	return []Unasked{
		{"ec2.Settings.TokenLife", "How long a client token is remembered.", "It takes days."},
		{"ec2.checkQuota", "The text that refuses an AMI beyond the quota.", "It takes 50,000 AMIs."},
		{"ec2.regionList", "The ids of zones in other partitions than aws.", "No client names them."},
		{"ec2.ownerIn", "The accounts that publish base images in other partitions than aws.", "The caller's catalog names the one that it uses."},
		{"ec2.resolved", "How RunInstances refuses a parameter of SSM that it can't resolve.", "Statements of --launch launch one instance, and by its AMI's id."},
		{"ec2.launchFailed", "The StateReason of an instance whose KMS key does not exist.", "Statements of --launch launch one instance, and it has to start."},
		{"marketplace.notInAlias", "Which characters AWS leaves out of an AMI's alias.", "It takes a published version."},
		{"ec2.Settings.UsageReport", "How long a usage report of an AMI takes.", "Only retire --usage waits for it, for as long as --wait says."},
		{"ec2.codeReportPending", "What refuses a usage report while one of the AMI is pending.", "Only retire --usage makes reports, and it waits for a pending one."},
		{"marketplace.notScanned", "The ids of the controls of an assessment.", "They are in the assessments of the seller's own versions."},
		{"marketplace.controlCode", "The error codes of such a control.", "It takes a version that failed."},
		{"marketplace.Settings.AssessmentValid", "How long after its making an assessment expires.", "It takes a published version."},
		{"marketplace.Settings.Update", "Whether an update of a version may carry its title and AMI.", "VALIDATE takes new versions only, and a probe applies nothing."},
		{"marketplace.Settings.VersionLimit", "How many versions a product may have, and what refuses one more.", "It takes a product with as many versions."},
		{"marketplace.Settings.OperatingSystems", "The names of operating systems that a version may have.", "Each takes a validation of hours; those of the seller's own versions are known to work."},
		{"marketplace.maxName", "How long the name of an AMI of a version may be.", "It takes a validation of hours."},
		{"marketplace.codeVersionLimitReached", "The code of a version beyond the limit.", "It takes a product with as many versions."},
		{"marketplace.rate", "How many calls may come at once.", rates},
		{"quotas.maxOpen", "How many requests for quotas may be open.", "A request is read by AWS's staff."},
		{"quotas.SnapshotCopies", "The code of the quota of concurrent snapshot copies.", "No client names it; statement 20 finds the quota by its name."},
		{"quotas.reading", "How many calls may come at once.", rates},
		{"rbin.reading", "How many calls may come at once.", rates},
		{"iam.reading", "How many calls may come at once.", rates},
		{"sts.assumeRoleWithWebIdentity", "The order in which a web identity token is checked.", issuer},
		{"sts.provider", "The text for a claim that such a token lacks.", issuer},
		{"sts.check", "The texts for a signature of another and for a token of later.", issuer},
		{"ssm.reading", "How many calls may come at once.", rates},
	}
}
