package sts

import "amiship/sandbox/cloud"

// DropRole ends the role that an ARN names: no one can assume it from then on.
func DropRole(tx *cloud.Tx, arn string) { roles.Delete(tx, "", arn) }
