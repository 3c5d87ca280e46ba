{{- /* `hook.budgetMs` becomes `IRIS_HOOK_BUDGET_MS`, as the apps derive it. */ -}}
{{- define "iris.environmentName" -}}
IRIS_{{ regexReplaceAll "([a-z0-9])([A-Z])" . "${1}_${2}" | replace "." "_" | replace "-" "_" | upper }}
{{- end -}}

{{- /* A value as the apps read it from the environment: lists with commas, structures as JSON, numbers in full. */ -}}
{{- define "iris.environmentValue" -}}
{{- if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if kindIs "map" . -}}
{{- toJson . -}}
{{- else if and (kindIs "float64" .) (eq . (floor .)) -}}
{{- int64 . -}}
{{- else -}}
{{- toString . -}}
{{- end -}}
{{- end -}}

{{- /* Settings by key as environment variables; null takes back what another values file set. */ -}}
{{- define "iris.settingsEnvironment" -}}
{{- with .Error }}{{ fail (printf "the chart made settings that are not YAML: %s" .) }}{{ end }}
{{- range $key, $value := . }}
{{- if not (kindIs "invalid" $value) }}
- name: {{ include "iris.environmentName" $key }}
  value: {{ include "iris.environmentValue" $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* Redis as a URL from its nodes. */ -}}
{{- define "iris.redisUrl" -}}
{{- with .Values.redis.external -}}
{{- $scheme := ternary "rediss" "redis" .tls -}}
{{- if ne .topology "single" -}}{{- $scheme = printf "%s+%s" $scheme .topology -}}{{- end -}}
{{- $user := ternary (printf "%s@" .username) "" (ne .username "") -}}
{{- printf "%s://%s%s" $scheme $user (join "," .nodes) -}}
{{- if eq .topology "sentinel" -}}/{{ .primaryName | urlquery }}{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Where Redis is. */ -}}
{{- define "iris.redisEnvironment" -}}
{{- if eq .Values.redis.kind "bundled" }}
- name: IRIS_REDIS_URL
  value: redis://{{ include "iris.fullname" . }}-redis:6379
{{- else if eq .Values.redis.kind "external" }}
- name: IRIS_REDIS_URL
  {{- if .Values.redis.external.nodes }}
  value: {{ include "iris.redisUrl" . | quote }}
  {{- else }}
  valueFrom:
    secretKeyRef:
      {{- with .Values.redis.external }}
      name: {{ .existingSecret | default (printf "%s-redis" (include "iris.fullname" $)) }}
      key: {{ ternary .existingSecretKey "IRIS_REDIS_URL" (ne .existingSecret "") }}
      {{- end }}
  {{- end }}
{{- if .Values.redis.external.passwordSecret }}
- name: IRIS_REDIS_PASSWORD_FILE
  value: /etc/iris-redis/{{ .Values.redis.external.passwordSecretKey }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* The password of Redis as a file, which follows its Secret without a restart. */ -}}
{{- define "iris.redisMount" -}}
{{- if and (eq .Values.redis.kind "external") .Values.redis.external.passwordSecret }}
- name: redis-password
  mountPath: /etc/iris-redis
  readOnly: true
{{- end }}
{{- end -}}

{{- define "iris.redisVolume" -}}
{{- if and (eq .Values.redis.kind "external") .Values.redis.external.passwordSecret }}
- name: redis-password
  secret:
    secretName: {{ .Values.redis.external.passwordSecret }}
    items:
      - key: {{ .Values.redis.external.passwordSecretKey }}
        path: {{ .Values.redis.external.passwordSecretKey }}
{{- end }}
{{- end -}}

{{- /* OpenTelemetry by its standard variables: (list $ component). */ -}}
{{- define "iris.telemetryEnvironment" -}}
{{- $root := index . 0 -}}
{{- $telemetry := $root.Values.telemetry -}}
- name: POD_NAME
  valueFrom: { fieldRef: { fieldPath: metadata.name } }
- name: OTEL_SERVICE_NAME
  value: iris-{{ index . 1 }}
- name: OTEL_RESOURCE_ATTRIBUTES
  value: service.namespace={{ $root.Release.Namespace }},service.version={{ $root.Chart.AppVersion }},service.instance.id=$(POD_NAME)
{{- if $telemetry.otlp.endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ $telemetry.otlp.endpoint | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ $telemetry.otlp.protocol }}
{{- end }}
{{- if $telemetry.prometheus.enabled }}
- name: OTEL_METRICS_EXPORTER
  value: {{ ternary "otlp,prometheus" "prometheus" (ne $telemetry.otlp.endpoint "") | quote }}
- name: OTEL_EXPORTER_PROMETHEUS_HOST
  value: {{ $root.Values.listenHost | quote }}
- name: OTEL_EXPORTER_PROMETHEUS_PORT
  value: "9464"
{{- end }}
{{- end -}}

{{- /* What holds for one enricher: its entry over the defaults, and over the registry's `enabled`. */ -}}
{{- define "iris.enricher" -}}
{{- $root := index . 0 -}}
{{- $id := index . 1 -}}
{{- $entry := index (include "iris.registryFile" $root | fromYaml).sources $id -}}
{{- $own := index $root.Values.enrichers $id | default dict -}}
{{- $merged := mergeOverwrite (deepCopy $root.Values.enricherDefaults) (deepCopy $own) -}}
{{- if kindIs "invalid" (get $merged "enabled") -}}
{{- $_ := set $merged "enabled" $entry.enabled -}}
{{- end -}}
{{- toYaml $merged -}}
{{- end -}}

{{- define "iris.registryFile" -}}
{{- .Files.Get "files/sources.yaml" -}}
{{- end -}}

{{- /* The source registry of this release: the file, with what the values change and where the enrichers are. */ -}}
{{- define "iris.registry" -}}
{{- $sources := dict -}}
{{- range $id, $entry := (include "iris.registryFile" . | fromYaml).sources -}}
{{- $enricher := include "iris.enricher" (list $ $id) | fromYaml -}}
{{- $place := dict "enabled" $enricher.enabled "address" (printf "%s-enricher-%s:50051" (include "iris.fullname" $) $id) -}}
{{- $_ := set $sources $id (mergeOverwrite (deepCopy $entry) $enricher.registry $place) -}}
{{- end -}}
{{- toYaml (dict "sources" $sources) -}}
{{- end -}}
