{{- define "iris.pdpPodTemplate" -}}
{{- $pdp := .Values.pdp -}}
{{- $tainaron := eq $pdp.kind "tainaron" -}}
metadata:
  {{- include "iris.podMetadata" (list . "pdp") | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . "pdp" 30) | nindent 2 }}
  {{- if and (not $tainaron) (not $pdp.cerbos.config) }}
  initContainers:
    # The policies come from the gateway's image, so that gateway, golden checks and policies are of one version.
    - name: policies
      image: {{ include "iris.image" (list . "gateway") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "pdp") | nindent 8 }}
      args: ["-e", "require('node:fs').cpSync('/app/policies', '/policies', { recursive: true })"]
      resources:
        requests: { cpu: 10m, memory: 64Mi }
        limits: { memory: 128Mi }
      volumeMounts:
        - name: policies
          mountPath: /policies
  {{- end }}
  containers:
    - name: pdp
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "pdp") | nindent 8 }}
      {{- if $tainaron }}
      image: {{ $pdp.tainaron.image }}
      args: ["server", "--conf.path=/config/aperture.yaml"]
      env:
        {{- if $pdp.tainaron.tailnet.join }}
        - name: TS_AUTHKEY
          valueFrom:
            secretKeyRef: { name: {{ include "iris.tainaronSecretName" . }}, key: TS_AUTHKEY }
        {{- end }}
        {{- range $key := list "CERBOS_HUB_DEPLOYMENT_ID" "CERBOS_HUB_CLIENT_ID" "CERBOS_HUB_CLIENT_SECRET" }}
        - name: {{ $key }}
          valueFrom:
            secretKeyRef: { name: {{ include "iris.tainaronSecretName" $ }}, key: {{ $key }} }
        {{- end }}
        {{- if hasKey $pdp.tainaron.secretValues "CERBOS_HUB_PDP_ID" }}
        - name: CERBOS_HUB_PDP_ID
          valueFrom:
            secretKeyRef: { name: {{ include "iris.tainaronSecretName" . }}, key: CERBOS_HUB_PDP_ID }
        {{- else }}
        # Each pod is told apart in Cerbos Hub by its name.
        - name: CERBOS_HUB_PDP_ID
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
        {{- end }}
        # The root is read-only, so state and caches go where the tmpfs is.
        - name: HOME
          value: /tmp
        - name: XDG_CACHE_HOME
          value: /tmp/cache
        - name: XDG_CONFIG_HOME
          value: /tmp/config
        {{- with include "iris.pdpEnvironment" . | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list . "pdp" dict) | nindent 6 }}
      ports:
        - name: grpc
          containerPort: 3594
      livenessProbe:
        httpGet: { path: /_cerbos/live, port: grpc }
        initialDelaySeconds: 15
        periodSeconds: 10
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /_cerbos/ready, port: grpc }
        periodSeconds: 5
      {{- else }}
      image: {{ $pdp.cerbos.image }}
      args:
        - server
        - --config={{ ternary "/config/pdp.yaml" "/policies/pdp.yaml" (not (empty $pdp.cerbos.config)) }}
        {{- if .Values.tls.enabled }}
        - --set=server.tls.cert=/etc/iris-tls/tls.crt
        - --set=server.tls.key=/etc/iris-tls/tls.key
        {{- end }}
      env:
        - name: IRIS_POLICY_DIR
          value: /policies/pack
        - name: XDG_CACHE_HOME
          value: /tmp/cache
        - name: CERBOS_NO_TELEMETRY
          value: "1"
        {{- with $pdp.cerbos.gogc }}
        - name: GOGC
          value: {{ . | quote }}
        {{- end }}
        {{- with include "iris.pdpEnvironment" . | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list . "pdp" $pdp.cerbos) | nindent 6 }}
      ports:
        - name: grpc
          containerPort: 3593
        - name: metrics
          containerPort: 3592
      livenessProbe:
        httpGet: { path: /_cerbos/health, port: metrics{{ if .Values.tls.enabled }}, scheme: HTTPS{{ end }} }
        periodSeconds: 10
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /_cerbos/health, port: metrics{{ if .Values.tls.enabled }}, scheme: HTTPS{{ end }} }
        periodSeconds: 5
      {{- end }}
      resources:
        {{- toYaml $pdp.resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if or $tainaron $pdp.cerbos.config }}
        - name: config
          mountPath: /config
          readOnly: true
        {{- else }}
        - name: policies
          mountPath: /policies
          readOnly: true
        {{- end }}
        {{- with include "iris.pdpMounts" . | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    # Audit store and caches: memory, as the vendor runs it with --tmpfs /tmp.
    - name: tmp
      emptyDir:
        medium: Memory
        sizeLimit: {{ $pdp.tainaron.tmpSize }}
    {{- if or $tainaron $pdp.cerbos.config }}
    - name: config
      configMap:
        name: {{ include "iris.fullname" . }}-pdp
    {{- else }}
    - name: policies
      emptyDir:
        sizeLimit: 16Mi
    {{- end }}
    {{- with include "iris.pdpVolumes" . | trim }}{{ . | nindent 4 }}{{ end }}
{{- end -}}

{{- /* What any PDP gets beside its own variables: OpenTelemetry, the proxy, and what values add. */ -}}
{{- define "iris.pdpEnvironment" -}}
{{- if .Values.telemetry.otlp.endpoint }}
- name: OTEL_SERVICE_NAME
  value: iris-pdp
- name: OTEL_TRACES_EXPORTER
  value: otlp
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .Values.telemetry.otlp.endpoint | quote }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ .Values.telemetry.otlp.protocol }}
- name: OTEL_TRACES_SAMPLER
  value: parentbased_always_on
{{- end }}
{{- if .Values.trust.existingConfigMap }}
- name: SSL_CERT_DIR
  value: /etc/ssl/certs:/etc/iris-trust
{{- end }}
{{- include "iris.proxyEnvironment" (list . "pdp") }}
{{- with include "iris.podEnvironment" (list . "pdp") }}
{{ . }}
{{- end }}
{{- end -}}

{{- define "iris.pdpMounts" -}}
{{- if .Values.trust.existingConfigMap }}
- name: trust
  mountPath: /etc/iris-trust
  readOnly: true
{{- end }}
{{- include "iris.tlsMount" (list . "pdp") }}
{{- with (include "iris.pod" (list . "pdp") | fromYaml).volumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "iris.pdpVolumes" -}}
{{- with .Values.trust.existingConfigMap }}
- name: trust
  configMap:
    name: {{ . }}
{{- end }}
{{- include "iris.tlsVolume" (list . "pdp") }}
{{- with (include "iris.pod" (list . "pdp") | fromYaml).volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
