package record

import "strings"

// ParameterType makes SSM check that a parameter's value is an AMI of its region.
const ParameterType = "aws:ec2:image"

const parameterOf = "Set by Amiship for project "

// ParameterDescription says of a parameter whose it is: SSM takes no tags together
// with a new value.
func ParameterDescription(project string) string { return parameterOf + project }

// ParameterProject reads what ParameterDescription wrote; empty: another user's, or
// written before parameters had a description.
func ParameterProject(description string) string {
	project, ok := strings.CutPrefix(description, parameterOf)
	if !ok {
		return ""
	}
	return project
}
