{{- /* host:port of the PDP. */ -}}
{{- define "iris.pdpTarget" -}}
{{- if eq .Values.pdp.kind "external" -}}
{{- .Values.pdp.external.target -}}
{{- else -}}
{{- include "iris.fullname" . }}-pdp:{{ ternary 3594 3593 (eq .Values.pdp.kind "tainaron") }}
{{- end -}}
{{- end -}}

{{- /* Settings of the gateway that the chart itself decides. */ -}}
{{- define "iris.gatewaySettings" -}}
http.host: {{ .Values.listenHost | quote }}
http.port: 8080
log.level: {{ .Values.logLevel }}
mode.default: {{ .Values.gateway.mode }}
sources.file: /etc/iris/sources.yaml
evidence.directory: /var/lib/iris/evidence
pdp.target: {{ include "iris.pdpTarget" . | quote }}
pdp.tls: {{ or (and (eq .Values.pdp.kind "external") .Values.pdp.external.tls) (and (eq .Values.pdp.kind "cerbos") .Values.tls.enabled) }}
pdp.requireStrict: {{ .Values.pdp.requireStrict }}
{{- if .Values.gateway.catalog }}
catalog.file: /etc/iris/catalog.yaml
{{- end }}
{{- if .Values.gateway.golden }}
pdp.goldenFile: /etc/iris/golden.yaml
{{- end }}
{{- if .Values.gateway.secret.keysFile }}
hook.keysFile: /etc/iris-keys/hook-keys.yaml
{{- end }}
{{- if eq .Values.tailnet.expose "sidecar" }}
agents.trustedProxies: ["127.0.0.1"]
{{- end }}
{{- if .Values.tls.enabled }}
{{ include "iris.tlsSettings" "sources.tls" }}
{{- if eq .Values.pdp.kind "cerbos" }}
pdp.tlsCaFile: /etc/iris-tls/ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{- /* Settings of an enricher that the chart itself decides. */ -}}
{{- define "iris.enricherSettings" -}}
grpc.host: {{ .Values.listenHost | quote }}
grpc.port: 50051
http.host: {{ .Values.listenHost | quote }}
http.port: 8081
log.level: {{ .Values.logLevel }}
sources.file: /etc/iris/sources.yaml
{{- if .Values.tls.enabled }}
{{ include "iris.tlsSettings" "grpc.tls" }}
{{- end }}
{{- end -}}

{{- define "iris.gatewayPodTemplate" -}}
{{- $gateway := .Values.gateway -}}
metadata:
  {{- include "iris.podMetadata" (list . "gateway") | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . "gateway" $gateway.drain.gracePeriodSeconds) | nindent 2 }}
  {{- if eq .Values.tailnet.expose "sidecar" }}
  initContainers:
    {{- include "iris.tailscaleSidecar" . | nindent 4 }}
  {{- end }}
  containers:
    - name: gateway
      image: {{ include "iris.image" (list . "gateway") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "gateway") | nindent 8 }}
      env:
        {{- $settings := mergeOverwrite (deepCopy $gateway.settings) (include "iris.gatewaySettings" . | fromYaml) }}
        {{- include "iris.settingsEnvironment" $settings | nindent 8 }}
        {{- include "iris.redisEnvironment" . | nindent 8 }}
        {{- include "iris.telemetryEnvironment" (list . "gateway") | nindent 8 }}
        {{- with include "iris.fileEnvironment" (list . "gateway") | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list . "gateway" $gateway.secret) | nindent 6 }}
      ports:
        - name: http
          containerPort: 8080
        {{- include "iris.metricsPort" . | nindent 8 }}
      # Readiness reports a start that waits for the PDP; the process itself answers in a few seconds.
      startupProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /healthz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      lifecycle:
        preStop:
          sleep:
            seconds: {{ $gateway.drain.preStopSeconds }}
      resources:
        {{- toYaml $gateway.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/iris
          readOnly: true
        {{- if $gateway.secret.keysFile }}
        # A folder and not a file in one: Kubernetes does not update a file that is mounted by itself.
        - name: hook-keys
          mountPath: /etc/iris-keys
          readOnly: true
        {{- end }}
        - name: spool
          mountPath: /var/lib/iris
        - name: tmp
          mountPath: /tmp
        {{- with include "iris.fileMounts" (list . "gateway") | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    {{- with include "iris.fileVolumes" (list . "gateway") | trim }}{{ . | nindent 4 }}{{ end }}
    - name: config
      configMap:
        name: {{ include "iris.fullname" . }}-config
    {{- if $gateway.secret.keysFile }}
    - name: hook-keys
      secret:
        secretName: {{ $gateway.secret.existingSecret }}
        items:
          - key: {{ $gateway.secret.keysFile }}
            path: hook-keys.yaml
    {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- if not $gateway.spool.persistent }}
    - name: spool
      emptyDir:
        sizeLimit: {{ $gateway.spool.size }}
    {{- end }}
    {{- if eq .Values.tailnet.expose "sidecar" }}
    - name: tailnet-config
      configMap:
        name: {{ include "iris.fullname" . }}-tailnet
    - name: tailnet-state
      emptyDir:
        medium: Memory
        sizeLimit: 64Mi
    {{- end }}
{{- end -}}
