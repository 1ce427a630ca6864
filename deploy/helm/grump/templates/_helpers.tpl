{{- define "grump.labels" -}}
app.kubernetes.io/name: grump
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "grump.selector" -}}
app.kubernetes.io/name: grump
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "grump.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "grump.nimUrl" -}}
{{- if eq .Values.nim.mode "external" }}{{ .Values.nim.url }}
{{- else if eq .Values.nim.mode "operator" }}http://{{ .Release.Name }}-nim:8000/v1
{{- end }}
{{- end }}

{{/* Secrets come by reference; everything else is plain. */}}
{{- define "grump.environment" -}}
envFrom:
  - secretRef: {name: {{ .Values.secrets.product | quote }}}
  {{- with .Values.secrets.providers }}
  - secretRef: {name: {{ . | quote }}}
  {{- end }}
env:
  - {name: ALLOWED_HOSTS, value: {{ join "," .Values.hosts | quote }}}
  - {name: BEHIND_PROXY, value: "on"}
  - {name: LOG_FORMAT, value: json}
  - {name: GRUMP_LOCAL_MODEL, value: "off"}
  - {name: DRAIN_SECONDS, value: {{ .Values.web.drainSeconds | quote }}}
  {{- with include "grump.nimUrl" . }}
  - {name: NIM_LOCAL_BASE_URL, value: {{ . | quote }}}
  {{- end }}
  {{- range $name, $value := .Values.environment }}
  - {name: {{ $name }}, value: {{ $value | quote }}}
  {{- end }}
{{- end }}

{{- define "grump.pod" -}}
automountServiceAccountToken: false
serviceAccountName: {{ .Release.Name }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
volumes:
  - {name: var, emptyDir: {sizeLimit: 1Gi}}
  - {name: tmp, emptyDir: {sizeLimit: 256Mi}}
{{- end }}

{{- define "grump.container" -}}
image: {{ include "grump.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  readOnlyRootFilesystem: true
  allowPrivilegeEscalation: false
  capabilities: {drop: [ALL]}
volumeMounts:
  - {name: var, mountPath: /var/lib/grump}
  - {name: tmp, mountPath: /tmp}
{{- end }}
