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

{{- /* Pod template of an enricher: (list $ id enricher). */ -}}
{{- define "iris.enricherPodTemplate" -}}
{{- $root := index . 0 -}}
{{- $enricher := index . 2 -}}
{{- $component := printf "enricher-%s" (index . 1) -}}
metadata:
  {{- include "iris.podMetadata" (list $root $component) | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list $root $component $enricher.gracePeriodSeconds) | nindent 2 }}
  containers:
    - name: enricher
      image: {{ include "iris.image" (list $root $component) }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list $root $component) | nindent 8 }}
      env:
        {{- $settings := mergeOverwrite (deepCopy $enricher.settings) (include "iris.enricherSettings" $root | fromYaml) }}
        {{- include "iris.settingsEnvironment" $settings | nindent 8 }}
        {{- include "iris.redisEnvironment" $root | nindent 8 }}
        {{- include "iris.telemetryEnvironment" (list $root $component) | nindent 8 }}
        {{- with include "iris.fileEnvironment" (list $root $component) | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list $root $component $enricher.secret) | nindent 6 }}
      ports:
        - name: grpc
          containerPort: 50051
        - name: http
          containerPort: 8081
        {{- include "iris.metricsPort" $root | nindent 8 }}
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
        # The kubelet speaks gRPC without TLS only.
        {{- if $root.Values.tls.enabled }}
        httpGet: { path: /healthz, port: http }
        {{- else }}
        grpc:
          port: 50051
        {{- end }}
        periodSeconds: 5
        timeoutSeconds: 3
      lifecycle:
        preStop:
          sleep:
            seconds: 3
      resources:
        {{- toYaml $enricher.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/iris
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- with include "iris.fileMounts" (list $root $component) | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    {{- with include "iris.fileVolumes" (list $root $component) | trim }}{{ . | nindent 4 }}{{ end }}
    - name: config
      configMap:
        name: {{ include "iris.fullname" $root }}-config
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end -}}
