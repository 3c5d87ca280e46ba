{{- /*
The settings of a component's pods: the global `pod` with the component's layers over it. Maps are merged key by key, null
removes a key, lists are appended, other values replaced. (list $ component)
*/ -}}
{{- define "iris.pod" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := $root.Values -}}
{{- $layers := list (dict "nodeSelector" $values.nodeSelector "tolerations" $values.tolerations) $values.pod -}}
{{- if hasPrefix "enricher-" $component -}}
{{- $own := index $values.enrichers (trimPrefix "enricher-" $component) | default dict -}}
{{- $layers = concat $layers (list $values.enricherDefaults.pod ($own.pod | default dict) (dict "annotations" (merge (dict) ($own.podAnnotations | default dict) $values.enricherDefaults.podAnnotations))) -}}
{{- else if eq $component "redis" -}}
{{- $layers = append $layers $values.redis.bundled.pod -}}
{{- else if eq $component "database" -}}
{{- $layers = append $layers $values.decisionLog.bundled.pod -}}
{{- else if eq $component "decision-log-migration" -}}
{{- $layers = append $layers $values.decisionLog.migration.pod -}}
{{- else -}}
{{- $own := include "iris.valuesOf" . | fromYaml -}}
{{- $layers = append $layers $own.pod -}}
{{- $layers = append $layers (dict "annotations" ($own.podAnnotations | default dict)) -}}
{{- end -}}
{{- $pod := dict -}}
{{- range $key := list "securityContext" "containerSecurityContext" "nodeSelector" "affinity" "labels" "annotations" "serviceAccountAnnotations" -}}
{{- $merged := dict -}}
{{- range $layer := $layers -}}
{{- range $name, $value := get $layer $key | default dict -}}
{{- if kindIs "invalid" $value -}}{{- $_ := unset $merged $name -}}{{- else -}}{{- $_ := set $merged $name $value -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $pod $key $merged -}}
{{- end -}}
{{- range $key := list "env" "envFrom" "volumes" "volumeMounts" "tolerations" -}}
{{- $all := list -}}
{{- range $layer := $layers -}}{{- $all = concat $all (get $layer $key | default list) -}}{{- end -}}
{{- $_ := set $pod $key $all -}}
{{- end -}}
{{- range $layer := $layers -}}
{{- with $layer.priorityClassName -}}{{- $_ := set $pod "priorityClassName" . -}}{{- end -}}
{{- end -}}
{{- toYaml $pod -}}
{{- end -}}

{{- /* Security context of a container: (list $ component). */ -}}
{{- define "iris.containerSecurityContext" -}}
{{- toYaml (include "iris.pod" . | fromYaml).containerSecurityContext -}}
{{- end -}}

{{- /* What every pod spec of a component has: (list $ component gracePeriodSeconds). */ -}}
{{- define "iris.podSpec" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $pod := include "iris.pod" . | fromYaml -}}
serviceAccountName: {{ include "iris.fullname" $root }}-{{ $component }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ index . 2 }}
{{- with $pod.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $pullSecrets := $root.Values.imagePullSecrets }}
{{- if and (eq $component "pdp") (eq $root.Values.pdp.kind "tainaron") }}
{{- $pullSecrets = concat $pullSecrets $root.Values.pdp.tainaron.imagePullSecrets }}
{{- end }}
{{- with $pullSecrets }}
imagePullSecrets:
  {{- range uniq . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with $pod.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $pod.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $root.Values.topologySpread }}
{{- if and .enabled (not (has $component (list "doctor" "redis" "database" "decision-log-migration"))) }}
topologySpreadConstraints:
  {{- range $key, $whenUnsatisfiable := dict "topology.kubernetes.io/zone" .zoneWhenUnsatisfiable "kubernetes.io/hostname" .whenUnsatisfiable }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $whenUnsatisfiable }}
    labelSelector:
      matchLabels:
        {{- include "iris.selectorLabels" (list $root $component) | nindent 8 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Labels and annotations of a pod: (list $ component). The checksums make pods follow the registry and the Secrets. */ -}}
{{- define "iris.podMetadata" -}}
{{- $root := index . 0 -}}
{{- $pod := include "iris.pod" . | fromYaml -}}
labels:
  {{- include "iris.labels" (list $root (index . 1) $pod.labels) | nindent 2 }}
annotations:
  {{- toYaml (merge (dict
    "checksum/config" (include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum)
    "checksum/secret" (include (print $root.Template.BasePath "/secret.yaml") $root | sha256sum)
  ) $pod.annotations) | nindent 2 }}
{{- end -}}

{{- /* Environment of the main container that values add: (list $ component). */ -}}
{{- define "iris.podEnvironment" -}}
{{- with (include "iris.pod" . | fromYaml).env }}
{{- toYaml . }}
{{- end }}
{{- end -}}

{{- /* envFrom of a component: its own Secret, then what values add: (list $ component secret). */ -}}
{{- define "iris.secretEnvironment" -}}
{{- $name := include "iris.secretName" . -}}
{{- $more := (include "iris.pod" . | fromYaml).envFrom -}}
{{- if or $name $more }}
envFrom:
  {{- with $name }}
  - secretRef:
      name: {{ . }}
  {{- end }}
  {{- with $more }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "iris.metricsPort" -}}
{{- if .Values.telemetry.prometheus.enabled }}
- name: metrics
  containerPort: 9464
{{- end }}
{{- end -}}

{{- /* What an app reads from files beside its settings, as environment: (list $ component). */ -}}
{{- define "iris.fileEnvironment" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.trust.existingConfigMap }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/iris-trust/{{ $root.Values.trust.key }}
{{- end }}
{{- include "iris.proxyEnvironment" . }}
{{- include "iris.podEnvironment" . | nindent 0 }}
{{- end -}}

{{- /* Mounts of those files: (list $ component). */ -}}
{{- define "iris.fileMounts" -}}
{{- $root := index . 0 -}}
{{- if $root.Values.trust.existingConfigMap }}
- name: trust
  mountPath: /etc/iris-trust
  readOnly: true
{{- end }}
{{- include "iris.redisMount" $root }}
{{- include "iris.tlsMount" . }}
{{- with (include "iris.pod" . | fromYaml).volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Volumes of those mounts: (list $ component). */ -}}
{{- define "iris.fileVolumes" -}}
{{- $root := index . 0 -}}
{{- with $root.Values.trust.existingConfigMap }}
- name: trust
  configMap:
    name: {{ . }}
{{- end }}
{{- include "iris.redisVolume" $root }}
{{- include "iris.tlsVolume" . }}
{{- with (include "iris.pod" . | fromYaml).volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
