{{- /* host:port of the PDP. */ -}}
{{- define "iris.pdpTarget" -}}
{{- if eq .Values.pdp.kind "external" -}}
{{- .Values.pdp.external.target -}}
{{- else -}}
{{- include "iris.fullname" . }}-pdp:{{ ternary 3594 3593 (eq .Values.pdp.kind "tainaron") }}
{{- end -}}
{{- end -}}

{{- /* The entry points of this release as a JSON list: the apps that ask for decisions. */ -}}
{{- define "iris.entryPoints" -}}
{{- $entryPoints := list "gateway" -}}
{{- range $component := list "mcp-gateway" "pdp-proxy" -}}
{{- if (include "iris.valuesOf" (list $ $component) | fromYaml).enabled -}}{{- $entryPoints = append $entryPoints $component -}}{{- end -}}
{{- end -}}
{{- toJson $entryPoints -}}
{{- end -}}

{{- /* Settings of what asks the PDP. */ -}}
{{- define "iris.pdpSettings" -}}
pdp.target: {{ include "iris.pdpTarget" . | quote }}
pdp.tls: {{ or (and (eq .Values.pdp.kind "external") .Values.pdp.external.tls) (and (eq .Values.pdp.kind "cerbos") .Values.tls.enabled) }}
{{- if and (eq .Values.pdp.kind "cerbos") .Values.tls.enabled }}
pdp.tlsCaFile: /etc/iris-tls/ca.crt
{{- end }}
{{- end -}}

{{- /* Settings that the chart decides for every entry point. */ -}}
{{- define "iris.decisionSettings" -}}
http.host: {{ .Values.listenHost | quote }}
http.port: 8080
log.level: {{ .Values.logLevel }}
sources.file: /etc/iris/sources.yaml
evidence.directory: /var/lib/iris/evidence
{{ include "iris.pdpSettings" . }}
pdp.requireStrict: {{ .Values.pdp.requireStrict }}
{{- if .Values.gateway.catalog }}
catalog.file: /etc/iris/catalog.yaml
{{- end }}
{{- if .Values.gateway.golden }}
pdp.goldenFile: /etc/iris/golden.yaml
{{- end }}
{{- if .Values.tls.enabled }}
{{ include "iris.tlsSettings" "sources.tls" }}
{{- end }}
{{- end -}}

{{- /* Settings of each entry point that the chart itself decides. */ -}}
{{- define "iris.gatewaySettings" -}}
{{ include "iris.decisionSettings" . }}
mode.default: {{ .Values.gateway.mode }}
{{- if .Values.gateway.secret.keysFile }}
hook.keysFile: /etc/iris-keys/hook-keys.yaml
{{- end }}
{{- if eq .Values.tailnet.expose "sidecar" }}
agents.trustedProxies: ["127.0.0.1"]
{{- end }}
{{- end -}}

{{- define "iris.mcp-gatewaySettings" -}}
{{ include "iris.decisionSettings" . }}
mode.default: {{ .Values.mcpGateway.mode }}
mcp.serversFile: /etc/iris/mcp-servers.yaml
{{- $service := printf "%s-mcp-gateway" (include "iris.fullname" .) }}
mcp.allowedHosts: {{ list "localhost" "127.0.0.1" "[::1]" $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) (printf "%s.%s.svc.cluster.local" $service .Release.Namespace) "*.ts.net" | toJson }}
{{- end -}}

{{- define "iris.pdp-proxySettings" -}}
{{ include "iris.decisionSettings" . }}
grpc.host: {{ .Values.listenHost | quote }}
grpc.port: 3593
callers.file: /etc/iris-callers/callers.yaml
{{- if .Values.pdpProxy.mapping }}
mapping.file: /etc/iris/mapping.yaml
{{- end }}
{{- if eq .Values.pdp.kind "cerbos" }}
pdp.httpUrl: {{ ternary "https" "http" .Values.tls.enabled }}://{{ include "iris.fullname" . }}-pdp:3592
{{- end }}
{{- if .Values.pdpProxy.tls.existingSecret }}
listen.tlsCertFile: /etc/iris-listener/tls.crt
listen.tlsKeyFile: /etc/iris-listener/tls.key
{{- if .Values.pdpProxy.tls.clientCertificates }}
listen.tlsCaFile: /etc/iris-listener/ca.crt
{{- end }}
{{- end }}
{{- end -}}

{{- /*
Settings of an entry point: those of the gateway, which hold for all of them, then its own, then what the chart decides.
(list $ component)
*/ -}}
{{- define "iris.entryPointSettings" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $own := include "iris.valuesOf" . | fromYaml -}}
{{- toYaml (mergeOverwrite (deepCopy $root.Values.gateway.settings) (deepCopy $own.settings) (include (printf "iris.%sSettings" $component) $root | fromYaml)) -}}
{{- end -}}

{{- define "iris.gatewayPodTemplate" -}}{{ include "iris.entryPointPodTemplate" (list . "gateway") }}{{- end -}}
{{- define "iris.mcp-gatewayPodTemplate" -}}{{ include "iris.entryPointPodTemplate" (list . "mcp-gateway") }}{{- end -}}
{{- define "iris.pdp-proxyPodTemplate" -}}{{ include "iris.entryPointPodTemplate" (list . "pdp-proxy") }}{{- end -}}

{{- /* A probe: (list $ component path). The kubelet has no client certificate, so it can only connect where one is needed. */ -}}
{{- define "iris.entryPointProbe" -}}
{{- $tls := (index . 0).Values.pdpProxy.tls -}}
{{- if and (eq (index . 1) "pdp-proxy") $tls.existingSecret -}}
{{- if $tls.clientCertificates -}}
tcpSocket: { port: http }
{{- else -}}
httpGet: { path: {{ index . 2 }}, port: http, scheme: HTTPS }
{{- end -}}
{{- else -}}
httpGet: { path: {{ index . 2 }}, port: http }
{{- end -}}
{{- end -}}

{{- /* Pod template of an entry point: (list $ component). */ -}}
{{- define "iris.entryPointPodTemplate" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $own := include "iris.valuesOf" . | fromYaml -}}
{{- $hasSidecar := and (eq $component "gateway") (eq $root.Values.tailnet.expose "sidecar") -}}
{{- $keysFile := ternary (get $own.secret "keysFile") "" (eq $component "gateway") -}}
metadata:
  {{- include "iris.podMetadata" (list $root $component) | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list $root $component $own.drain.gracePeriodSeconds) | nindent 2 }}
  {{- if $hasSidecar }}
  initContainers:
    {{- include "iris.tailscaleSidecar" $root | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ $component }}
      image: {{ include "iris.image" (list $root $component) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list $root $component) | nindent 8 }}
      env:
        {{- include "iris.settingsEnvironment" (include "iris.entryPointSettings" . | fromYaml) | nindent 8 }}
        {{- include "iris.redisEnvironment" $root | nindent 8 }}
        {{- include "iris.telemetryEnvironment" (list $root $component) | nindent 8 }}
        {{- with include "iris.fileEnvironment" (list $root $component) | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list $root $component $own.secret) | nindent 6 }}
      ports:
        - name: http
          containerPort: 8080
        {{- if eq $component "pdp-proxy" }}
        - name: grpc
          containerPort: 3593
        {{- end }}
        {{- include "iris.metricsPort" $root | nindent 8 }}
      # Readiness reports a start that waits for the PDP; the process itself answers in a few seconds.
      startupProbe:
        {{- include "iris.entryPointProbe" (list $root $component "/healthz") | nindent 8 }}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        {{- include "iris.entryPointProbe" (list $root $component "/healthz") | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        {{- include "iris.entryPointProbe" (list $root $component "/readyz") | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      lifecycle:
        preStop:
          sleep:
            seconds: {{ $own.drain.preStopSeconds }}
      resources:
        {{- toYaml $own.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/iris
          readOnly: true
        {{- if $keysFile }}
        # A folder and not a file in one: Kubernetes does not update a file that is mounted by itself.
        - name: hook-keys
          mountPath: /etc/iris-keys
          readOnly: true
        {{- end }}
        {{- if eq $component "pdp-proxy" }}
        - name: callers
          mountPath: /etc/iris-callers
          readOnly: true
        {{- if $own.tls.existingSecret }}
        - name: listener
          mountPath: /etc/iris-listener
          readOnly: true
        {{- end }}
        {{- end }}
        - name: spool
          mountPath: /var/lib/iris
        - name: tmp
          mountPath: /tmp
        {{- with include "iris.fileMounts" (list $root $component) | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    {{- with include "iris.fileVolumes" (list $root $component) | trim }}{{ . | nindent 4 }}{{ end }}
    - name: config
      configMap:
        name: {{ include "iris.fullname" $root }}-config
    {{- if $keysFile }}
    - name: hook-keys
      secret:
        secretName: {{ $own.secret.existingSecret }}
        items:
          - key: {{ $keysFile }}
            path: hook-keys.yaml
    {{- end }}
    {{- if eq $component "pdp-proxy" }}
    - name: callers
      secret:
        secretName: {{ $own.callers.existingSecret }}
        items:
          - key: {{ $own.callers.key }}
            path: callers.yaml
    {{- with $own.tls.existingSecret }}
    - name: listener
      secret:
        secretName: {{ . }}
    {{- end }}
    {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    {{- if not $own.spool.persistent }}
    - name: spool
      emptyDir:
        sizeLimit: {{ $own.spool.size }}
    {{- end }}
    {{- if $hasSidecar }}
    - name: tailnet-config
      configMap:
        name: {{ include "iris.fullname" $root }}-tailnet
    - name: tailnet-state
      emptyDir:
        medium: Memory
        sizeLimit: 64Mi
    {{- end }}
{{- end -}}
