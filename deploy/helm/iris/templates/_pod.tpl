{{- define "iris.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "iris.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end -}}

{{- /* What every pod spec of a component has: (list $ component gracePeriodSeconds). */ -}}
{{- define "iris.podSpec" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
serviceAccountName: {{ include "iris.fullname" $root }}-{{ $component }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ index . 2 }}
securityContext:
  {{- include "iris.podSecurityContext" $root | nindent 2 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if $root.Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $root.Values.topologySpread.whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "iris.selectorLabels" (list $root $component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* Labels and annotations of a pod: (list $ component annotations). The checksum makes pods follow the registry. */ -}}
{{- define "iris.podMetadata" -}}
{{- $root := index . 0 -}}
labels:
  {{- include "iris.labels" (list $root (index . 1)) | nindent 2 }}
annotations:
  checksum/config: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
  checksum/secret: {{ include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum }}
  {{- with index . 2 }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- /* envFrom of a component's own Secret: (list $ component secret). */ -}}
{{- define "iris.secretEnvironment" -}}
{{- with include "iris.secretName" . }}
envFrom:
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end -}}

{{- define "iris.metricsPort" -}}
{{- if .Values.telemetry.prometheus.enabled }}
- name: metrics
  containerPort: 9464
{{- end }}
{{- end -}}

{{- /* Authorities of the company's own, for what an app reaches over TLS: variable, mount and volume. */ -}}
{{- define "iris.trustEnvironment" -}}
{{- if .Values.trust.existingConfigMap }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/iris-trust/{{ .Values.trust.key }}
{{- end }}
{{- end -}}
{{- define "iris.trustMount" -}}
{{- if .Values.trust.existingConfigMap }}
- name: trust
  mountPath: /etc/iris-trust
  readOnly: true
{{- end }}
{{- end -}}
{{- define "iris.trustVolume" -}}
{{- with .Values.trust.existingConfigMap }}
- name: trust
  configMap:
    name: {{ . }}
{{- end }}
{{- end -}}
