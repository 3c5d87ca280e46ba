{{- /* Settings of the console that the chart itself decides. */ -}}
{{- define "iris.consoleSettings" -}}
http.host: {{ .Values.listenHost | quote }}
http.port: 8080
log.level: {{ .Values.logLevel }}
sources.file: /etc/iris/sources.yaml
health.gatewayUrl: http://{{ include "iris.fullname" . }}-gateway:80
{{ include "iris.pdpSettings" . }}
{{- if .Values.gateway.catalog }}
catalog.file: /etc/iris/catalog.yaml
{{- end }}
{{- if .Values.gateway.golden }}
pdp.goldenFile: /etc/iris/golden.yaml
{{- end }}
{{- end -}}

{{- define "iris.consolePodTemplate" -}}
{{- $console := .Values.console -}}
metadata:
  {{- include "iris.podMetadata" (list . "console") | nindent 2 }}
spec:
  {{- include "iris.podSpec" (list . "console" $console.gracePeriodSeconds) | nindent 2 }}
  containers:
    - name: console
      image: {{ include "iris.image" (list . "console") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        {{- include "iris.containerSecurityContext" (list . "console") | nindent 8 }}
      env:
        {{- $settings := mergeOverwrite (deepCopy $console.settings) (include "iris.consoleSettings" . | fromYaml) }}
        {{- include "iris.settingsEnvironment" $settings | nindent 8 }}
        {{- include "iris.databaseEnvironment" . | nindent 8 }}
        {{- include "iris.redisEnvironment" . | nindent 8 }}
        {{- include "iris.telemetryEnvironment" (list . "console") | nindent 8 }}
        {{- with include "iris.fileEnvironment" (list . "console") | trim }}{{ . | nindent 8 }}{{ end }}
      {{- include "iris.secretEnvironment" (list . "console" $console.secret) | nindent 6 }}
      ports:
        - name: http
          containerPort: 8080
        {{- include "iris.metricsPort" . | nindent 8 }}
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
        periodSeconds: 10
        timeoutSeconds: 3
      resources:
        {{- toYaml $console.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/iris
          readOnly: true
        - name: tmp
          mountPath: /tmp
        {{- with include "iris.fileMounts" (list . "console") | trim }}{{ . | nindent 8 }}{{ end }}
  volumes:
    {{- with include "iris.fileVolumes" (list . "console") | trim }}{{ . | nindent 4 }}{{ end }}
    - name: config
      configMap:
        name: {{ include "iris.fullname" . }}-config
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end -}}
