// Judges pods as a cluster's admission does, by Kubernetes' own evaluator of the Pod Security Standards: a line of JSON in, a line out.
//
// In:  {"level": "restricted", "version": "1.36", "metadata": {...}, "spec": {...}} of a pod
// Out: {"allowed": false, "failed": ["hostPorts", ...]}, or {"error": "..."}
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

type question struct {
	Level    string            `json:"level"`
	Version  string            `json:"version"`
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     corev1.PodSpec    `json:"spec"`
}

type answer struct {
	Allowed bool     `json:"allowed"`
	Failed  []string `json:"failed"`
	Error   string   `json:"error,omitempty"`
}

// named makes each check give its own name as the reason: the evaluator leaves out which check said what.
func named(checks []policy.Check) []policy.Check {
	for _, check := range checks {
		for i := range check.Versions {
			judge, name := check.Versions[i].CheckPod, string(check.ID)
			check.Versions[i].CheckPod = func(metadata *metav1.ObjectMeta, spec *corev1.PodSpec) policy.CheckResult {
				result := judge(metadata, spec)
				result.ForbiddenReason = name
				return result
			}
		}
	}
	return checks
}

// defaulted is the pod as the API server shows it to admission: a volume that is of no kind has become an emptyDir.
func defaulted(spec *corev1.PodSpec) *corev1.PodSpec {
	for i := range spec.Volumes {
		if spec.Volumes[i].VolumeSource == (corev1.VolumeSource{}) {
			spec.Volumes[i].EmptyDir = &corev1.EmptyDirVolumeSource{}
		}
	}
	return spec
}

func judge(evaluator policy.Evaluator, line []byte) answer {
	var asked question
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return answer{Error: err.Error()}
	}
	level, err := api.ParseLevel(asked.Level)
	if err != nil {
		return answer{Error: err.Error()}
	}
	version, err := api.ParseVersion("v" + asked.Version)
	if err != nil {
		return answer{Error: err.Error()}
	}
	said := answer{Allowed: true, Failed: []string{}}
	for _, result := range evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: version}, &asked.Metadata, defaulted(&asked.Spec)) {
		if !result.Allowed {
			said.Allowed = false
			said.Failed = append(said.Failed, result.ForbiddenReason)
		}
	}
	return said
}

func run(in io.Reader, out io.Writer) error {
	evaluator, err := policy.NewEvaluator(named(policy.DefaultChecks()), nil)
	if err != nil {
		return err
	}
	reader, writer := bufio.NewReader(in), bufio.NewWriter(out)
	encoder := json.NewEncoder(writer)
	for {
		line, err := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			if err := encoder.Encode(judge(evaluator, line)); err != nil {
				return err
			}
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
