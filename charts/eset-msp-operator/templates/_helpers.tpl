{{- define "chart.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough that every suffix of the chart fits into 63 characters. */}}
{{- define "chart.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- else if contains (include "chart.name" .) .Release.Name }}
{{- .Release.Name | trunc 44 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "chart.name" .) | trunc 44 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "chart.selectorLabels" -}}
app.kubernetes.io/name: {{ include "chart.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "chart.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "chart.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "chart.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "chart.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name: name the ServiceAccount, since serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* How the API server knows the operator. */}}
{{- define "chart.username" -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "chart.serviceAccountName" . }}
{{- end }}

{{- define "chart.subjects" -}}
- kind: ServiceAccount
  name: {{ include "chart.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "chart.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Namespaces whose Secrets the operator may read, as a list in JSON. */}}
{{- define "chart.credentialsNamespaces" -}}
{{- if and .Values.watchNamespaces (not .Values.credentials.namespaces) }}
{{- toJson .Values.watchNamespaces }}
{{- else }}
{{- toJson .Values.credentials.namespaces }}
{{- end }}
{{- end }}

{{/* Values that contradict each other: said here, at once, instead of by a pod that does not start. */}}
{{- define "chart.validate" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.leaderElection.enabled) }}
{{- fail "replicas: more than one takes leaderElection.enabled" }}
{{- end }}
{{- if and .Values.credentials.clusterWide .Values.watchNamespaces }}
{{- fail "credentials.clusterWide: not together with watchNamespaces" }}
{{- end }}
{{- if .Values.watchNamespaces }}
{{- range .Values.credentials.namespaces }}
{{- if not (has . $.Values.watchNamespaces) }}
{{- fail (printf "credentials.namespaces: %s is not one of watchNamespaces" .) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.extraCA.configMapName .Values.extraCA.secretName }}
{{- fail "extraCA: name a ConfigMap or a Secret, not both" }}
{{- end }}
{{- with .Values.metrics }}
{{- if and .serviceMonitor.enabled .podMonitor.enabled }}
{{- fail "metrics: a ServiceMonitor or a PodMonitor, not both: everything would be scraped twice" }}
{{- end }}
{{- if and (not .enabled) (or .serviceMonitor.enabled .podMonitor.enabled) }}
{{- fail "metrics.enabled: a monitor finds nothing without it" }}
{{- end }}
{{- if eq (int .port) (int $.Values.healthPort) }}
{{- fail "metrics.port and healthPort must differ" }}
{{- end }}
{{- end }}
{{- end }}
